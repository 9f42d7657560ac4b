import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { twoWords } from "../src/programs/names.ts";
import { operations } from "../src/rooms/rooms.ts";
import { files, read, root } from "./house.ts";
import { ownPort } from "./ports.ts";

/** The documents keep their word: every command in them is run here, or listed here with the reason why not. */

const START = "npm start";
/** The first start builds the console and makes a database, which takes a slow machine its time. */
const GREETED_MS_MAX = 300_000;
/** The `console` blocks: what a test cannot run, and why. */
const notRun: Record<string, string> = {
  claude: "needs an agent's program and its account",
  "npm test": "is what runs this",
  "npm run": "is held by the tests of its script",
  "longwatch ": "stands for what a reader types; its operation is held to exist",
};

const documents = files.filter((file) => file.endsWith(".md") && !file.startsWith("src/"));

describe("What a document tells", { concurrency: 2 }, () => {
  for (const file of documents) {
    const blocks = blocksOf(file, "sh");
    if (blocks.length > 0) test(`every command of ${file} does what it says`, () => runs(file, blocks));
  }
});

async function runs(file: string, blocks: string[]): Promise<void> {
  assert.equal(blocks[0]!.split("\n")[0], START, `${file}: its commands begin with ${START}`);
  const script = startedDirectly(blocks.join("\n").replace(START, ""));
  const directory = mkdtempSync(join(tmpdir(), "longwatch-readme-"));
  const env = { ...withoutOurs(process.env), LONGWATCH_DATA: directory, LONGWATCH_PORT: String(await ownPort()) };
  const server = spawn("npm", ["start"], { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((resolve) => server.on("exit", resolve));
  try {
    const greeting = await untilGreeted(server);
    assert.match(greeting, /sign-in\?code=lw_/);
    assert.match(greeting, /npx longwatch connect \w+ --project /, "elsewhere than here npx finds nothing of ours");
    const { code, output } = await run(script, env);
    assert.equal(code, 0, output);
    assert.doesNotMatch(output, /refused \(/);
  } finally {
    server.kill("SIGTERM");
    await ended;
    rmSync(directory, { recursive: true, force: true });
  }
}

/** npx takes longer than what it starts: the first command goes through it, and the others to where that led. */
function startedDirectly(script: string): string {
  let met = 0;
  return script.replaceAll("npx longwatch ", (said) => (met++ === 0 ? said : `"${join(root, "bin", "longwatch")}" `));
}

describe("What a document does not run", () => {
  test("is listed here with its reason", () => {
    for (const file of documents)
      for (const command of blocksOf(file, "console").flatMap((block) => block.split("\n")))
        assert.ok(
          Object.keys(notRun).some((known) => command.startsWith(known)),
          `${file}: this test does not know why \`${command}\` is not run`,
        );
  });

  test("is not what it takes for set", () => {
    for (const file of documents)
      for (const block of blocksOf(file, "sh"))
        assert.doesNotMatch(block, /\$\{?LONGWATCH_\w+(?!\w|:-)/, `${file}: who set nothing has no such variable`);
  });

  test("names scripts and operations that exist", () => {
    const { scripts } = JSON.parse(read("package.json"));
    const names = new Set(operations.map(({ name }) => name.replace(".", " ")));
    for (const file of files.filter((one) => one.endsWith(".md"))) {
      const text = read(file);
      for (const [, script] of text.matchAll(/npm run ([a-z]+)/g)) assert.ok(script! in scripts, `${file}: ${script}`);
      for (const [, said] of text.matchAll(/`longwatch ([a-z]+ [a-z]+)/g))
        assert.ok(names.has(said!) || isProgram(said!), `${file}: there is no \`longwatch ${said}\``);
    }
  });

  test("leaves out no variable of the environment", () => {
    const read_here = ["src/main.ts", "src/surfaces/cli/connection.ts"].flatMap((file) =>
      [...read(file).matchAll(/env\.([A-Z0-9_]+)/g)].map(([, name]) => name!),
    );
    const table = read("README.md").split("## Settings")[1]!.split("\n## ")[0]!;
    // What our own bin says to us, and what every program reads.
    for (const name of new Set(read_here))
      if (!["LONGWATCH_CALLED_AS", "HOME", "NO_COLOR", "TERM"].includes(name))
        assert.ok(table.includes(`\`${name}\``), `README.md does not tell of ${name}`);
  });
});

function blocksOf(file: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm");
  return [...read(file).matchAll(fence)].map(([, block]) => block!.trim());
}

function isProgram(said: string): boolean {
  return (
    existsSync(join(root, "src/main.ts")) &&
    (readFileSync(join(root, "src/main.ts"), "utf8").includes(`${said.split(" ")[0]}: {`) ||
      (twoWords as readonly string[]).includes(said))
  );
}

function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ours = /^(LONGWATCH_|npm_|NODE_TEST|NODE_OPTIONS|DATABASE_URL|GOLDEN)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ours.test(name)));
}

async function untilGreeted(server: ReturnType<typeof spawn>): Promise<string> {
  let said = "";
  for (const stream of [server.stdout, server.stderr]) stream!.on("data", (text) => (said += text));
  for (const since = Date.now(); Date.now() - since < GREETED_MS_MAX; await sleep(50)) {
    if (said.includes("Ctrl-C stops it")) return said;
    if (server.exitCode !== null) break;
  }
  throw new Error(`the server did not greet:\n${said}`);
}

function run(script: string, env: NodeJS.ProcessEnv): Promise<{ code: number | null; output: string }> {
  const child = spawn("bash", ["-euxo", "pipefail", "-c", script], { cwd: root, env });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, output })));
}
