import { execFileSync } from "node:child_process";
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
 * Builds what is published: dist/longwatch.js (everything, packages external), dist/cli.cjs and dist/guard.cjs (the
 * generated commands and the guard, each in one file, which a startup snapshot can hold), dist/spool.cjs (what the
 * commands need without a server) and the rooms' SQL beside them, where src/kernel/sql.ts looks for it.
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

/** Builds the generated commands alone, which is all that a startup snapshot needs, and the spool beside them. */
export async function buildCommandLine(directory: string, programs: readonly string[] = twoWords): Promise<void> {
  await build({
    ...shared,
    entryPoints: ["src/surfaces/cli/snapshot.ts"],
    outfile: join(directory, "cli.cjs"),
    // A snapshot's script has no module around it. Its lines stay lines: a stack trace shows the one that failed.
    format: "iife",
    minifySyntax: true,
    define: {
      LONGWATCH_CATALOGUE: JSON.stringify({ ...spoken, operations: spoken.operations.map(asInput) }),
      LONGWATCH_PROGRAMS: JSON.stringify(programs),
    },
    plugins: [withoutChildProcess],
  });
  await build({
    ...shared,
    entryPoints: ["src/spool/through.ts"],
    outfile: join(directory, "spool.cjs"),
    format: "cjs",
    // The command line gives it its own, so that both throw and know the same refusals.
    external: ["*/kernel/refusal.ts"],
  });
  identify(directory, "cli");
}

/** Builds the guard alone. */
export async function buildGuard(directory: string): Promise<void> {
  await build({
    ...shared,
    entryPoints: ["src/programs/guard/snapshot.ts"],
    outfile: join(directory, "guard.cjs"),
    format: "iife",
    // A snapshot holds the text of its functions, and each kilobyte of it is read at each start.
    minify: true,
  });
  identify(directory, "guard");
}

/** bin/longwatch reads it to know which snapshot belongs to this build. */
function identify(directory: string, part: string): void {
  const bundle = fs.readFileSync(join(directory, `${part}.cjs`));
  const id = createHash("sha256").update(bundle).digest("hex").slice(0, 8);
  fs.writeFileSync(join(directory, `${part}-id`), `${version}-${id}\n`);
}

async function buildProgram(directory: string): Promise<void> {
  await build({
    ...shared,
    // The thread that hashes an export is a program of its own (src/programs/verify/hashed.ts).
    // So is the one that reads what others wrote (src/closure/parsing.ts).
    entryPoints: {
      longwatch: "src/main.ts",
      hashing: "src/programs/verify/hashing.ts",
      reading_thread: "src/closure/read/reading_thread.ts",
    },
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
    await buildGuard(fresh);
    await buildProgram(fresh);
    fs.rmSync(dist, { recursive: true, force: true });
    fs.renameSync(fresh, dist);
    execFileSync(process.execPath, [join(root, "scripts", "console.mjs")], { stdio: ["ignore", "ignore", "inherit"] });
  } finally {
    fs.rmSync(fresh, { recursive: true, force: true });
  }
  for (const file of ["cli.cjs", "guard.cjs", "longwatch.js"])
    console.log(`dist/${file.padEnd(14)} ${(fs.statSync(join(dist, file)).size / 1024).toFixed(0).padStart(6)} kB`);
}

function copySql(directory: string): void {
  for (const file of fs.globSync("rooms/**/queries.sql", { cwd: join(root, "src") })) {
    fs.mkdirSync(join(directory, dirname(file)), { recursive: true });
    fs.copyFileSync(join(root, "src", file), join(directory, file));
  }
}

if (import.meta.main) await main();
