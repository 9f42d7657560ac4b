import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { long } from "../harness.ts";
import { whyNotConfined } from "./loopback_only.ts";

/** The real agent CLIs, at the versions that these tests were written against. `npm run agents` fetches them. */
const machine = `${process.platform}-${process.arch}`;
const packages = {
  claude: {
    wanted: `@anthropic-ai/claude-code-${machine}@2.1.329`,
    folder: `@anthropic-ai/claude-code-${machine}`,
    program: "claude",
  },
  codex: {
    wanted: `@openai/codex@npm:@openai/codex@0.169.0-${machine}`,
    folder: "@openai/codex",
    program: `vendor/${process.arch === "arm64" ? "aarch64" : "x86_64"}-unknown-linux-musl/bin/codex`,
  },
  gemini: { wanted: "@google/gemini-cli@0.61.0", folder: "@google/gemini-cli", program: "bundle/gemini.js" },
} as const;

export type Agent = keyof typeof packages;
export const agents = Object.keys(packages) as Agent[];

const root = fileURLToPath(new URL("../../", import.meta.url));
/** 900 MB: beside node_modules, which `npm ci` empties. LONGWATCH_AGENTS names another place. */
const place = process.env.LONGWATCH_AGENTS || join(root, ".agents");

/** Where a CLI's program is. Gemini's is JavaScript, which our own Node runs. */
export function commandOf(agent: Agent): { command: string; before: string[] } {
  const { folder, program } = packages[agent];
  const path = join(place, "node_modules", folder, program);
  return program.endsWith(".js") ? { command: process.execPath, before: [path] } : { command: path, before: [] };
}

/** Why a CLI cannot be tried here; null if it can. `npm run agents` fetches what is missing. */
export function whyNot(agent: Agent): string | null {
  const confined = whyNotConfined();
  if (confined) return confined;
  if (long && !isHere(agent)) fetchAll();
  return isHere(agent) ? null : `the real ${agent} is not here: \`npm run agents\` fetches it`;
}

function isHere(agent: Agent): boolean {
  const { folder, program, wanted } = packages[agent];
  const path = join(place, "node_modules", folder);
  if (!existsSync(join(path, program))) return false;
  const { version } = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
  return wanted.endsWith(`@${version}`);
}

function fetchAll(): void {
  mkdirSync(place, { recursive: true });
  const wanted = Object.values(packages).map(({ wanted: one }) => one);
  process.stderr.write(`fetching ${wanted.join(", ")} (900 MB)…\n`);
  const flags = ["--no-save", "--ignore-scripts", "--force", "--no-audit", "--no-fund", "--loglevel=error"];
  const install = ["install", "--prefix", place, ...flags, ...wanted];
  // Test files run side by side, and one install at a time is enough.
  const { status } = spawnSync("flock", [place, "npm", ...install], { stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error(`npm could not fetch the agent CLIs (code ${status}); it says above why`);
}
