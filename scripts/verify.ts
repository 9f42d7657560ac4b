import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** `npm run verify`: what a developer runs before a commit. It runs all of it, and says at the end what failed. */
const root = fileURLToPath(new URL("../", import.meta.url));
const bin = (name: string) => join(root, "node_modules", ".bin", name);

const checks: { name: string; program: string; words: string[]; mend?: string }[] = [
  {
    name: "format",
    program: bin("prettier"),
    words: ["--check", "--log-level=warn", "."],
    mend: "node_modules/.bin/prettier --write .",
  },
  { name: "types", program: bin("tsc"), words: ["--noEmit"] },
  // Its packages and its client's types come with the build, which does not look at types itself.
  { name: "the console's build", program: process.execPath, words: [join(root, "scripts", "console.mjs")] },
  { name: "the console's types", program: bin("tsc"), words: ["--noEmit", "-p", "web"] },
  {
    name: "tests",
    program: process.execPath,
    words: [join(root, "test", "run.ts"), ...process.argv.slice(2)],
    mend: "npm run golden, if a golden differs and should",
  },
];

const failed = checks.filter(({ name, program, words }) => {
  console.log(`\n— ${name} —`);
  return spawnSync(program, words, { cwd: root, stdio: "inherit" }).status !== 0;
});
for (const { name, mend } of failed) console.log(`✖ ${name} failed${mend ? ` (to mend it: ${mend})` : ""}`);
if (failed.length === 0) console.log("✔ ready to commit");
process.exitCode = failed.length === 0 ? 0 : 1;
