import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { catalogue, type Operation } from "../src/kernel/catalogue.ts";
import { twoWords } from "../src/programs/names.ts";
import { operations } from "../src/rooms/rooms.ts";
import { build as commit, version } from "../src/version.ts";

/**
 * Builds what is published: dist/longwatch.js (everything, packages external), dist/cli.cjs (the generated commands in
 * one file, which a startup snapshot can hold) and the rooms' SQL beside them, where src/kernel/sql.ts looks for it.
 * It builds beside dist and swaps, so that a command which runs meanwhile finds the one or the other.
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");

const shared: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node24",
  logLevel: "warning",
  legalComments: "none",
};

/** commander starts other programs for commands of that kind; we have none, and a snapshot need not hold it. */
const withoutChildProcess: Plugin = {
  name: "without-child-process",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      importer.includes("commander") ? { path: "child_process", namespace: "absent" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "absent" }, () => ({ contents: "export default {}" }));
  },
};

const spoken = catalogue(operations, version);
/** What the command line has to know of an operation: not the shape of its answer. */
const asInput = (operation: Operation): Operation => ({ ...operation, output: {}, may: [] });

/** Builds the generated commands alone, which is all that a startup snapshot needs. */
export async function buildCommandLine(directory: string, programs: readonly string[] = twoWords): Promise<void> {
  const outfile = join(directory, "cli.cjs");
  await build({
    ...shared,
    entryPoints: ["src/surfaces/cli/snapshot.ts"],
    outfile,
    // A snapshot's script has no module around it. Its lines stay lines: a stack trace shows the one that failed.
    format: "iife",
    minifySyntax: true,
    define: {
      LONGWATCH_CATALOGUE: JSON.stringify({ ...spoken, operations: spoken.operations.map(asInput) }),
      LONGWATCH_PROGRAMS: JSON.stringify(programs),
    },
    plugins: [withoutChildProcess],
  });
  // bin/longwatch reads it to know which snapshot belongs to this build.
  const id = createHash("sha256").update(fs.readFileSync(outfile)).digest("hex").slice(0, 8);
  fs.writeFileSync(join(directory, "snapshot-id"), `${version}-${id}\n`);
}

async function buildProgram(directory: string): Promise<void> {
  await build({
    ...shared,
    // The thread that hashes an export is a program of its own (src/programs/verify/hashed.ts).
    entryPoints: { longwatch: "src/main.ts", hashing: "src/programs/verify/hashing.ts" },
    outdir: directory,
    format: "esm",
    packages: "external",
    sourcemap: true,
  });
  fs.writeFileSync(join(directory, "build.json"), `${JSON.stringify({ version, commit: commit() })}\n`);
  copySql(directory);
}

async function main(): Promise<void> {
  const fresh = join(root, `.dist-${process.pid}`);
  try {
    await buildCommandLine(fresh);
    await buildProgram(fresh);
    fs.rmSync(dist, { recursive: true, force: true });
    fs.renameSync(fresh, dist);
  } finally {
    fs.rmSync(fresh, { recursive: true, force: true });
  }
  for (const file of ["cli.cjs", "longwatch.js"])
    console.log(`dist/${file.padEnd(14)} ${(fs.statSync(join(dist, file)).size / 1024).toFixed(0).padStart(6)} kB`);
}

function copySql(directory: string): void {
  for (const room of fs.readdirSync(join(root, "src", "rooms"))) {
    const file = join(root, "src", "rooms", room, "queries.sql");
    if (!fs.existsSync(file)) continue;
    fs.mkdirSync(join(directory, "rooms", room), { recursive: true });
    fs.copyFileSync(file, join(directory, "rooms", room, "queries.sql"));
  }
}

if (import.meta.main) await main();
