import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, test } from "node:test";
import { type Agent, agents, whyNot } from "./agents.ts";
import { connected, environmentOf, type Fleet, fleet, LEADER, longwatch, tries, worktree } from "./fleet.ts";
import { homeOf } from "./sessions.ts";

/** The flags that skip a CLI's questions, and those that skip the hooks of a project or a user. */
const ways: Record<Agent, { questions: string[][]; hooks: string[][] }> = {
  claude: { questions: [["--dangerously-skip-permissions"]], hooks: [["--bare", "--dangerously-skip-permissions"]] },
  codex: {
    questions: [["--dangerously-bypass-approvals-and-sandbox"]],
    hooks: [["--disable", "hooks"], ["--ignore-user-config"]],
  },
  // Its sessions here run with --approval-mode yolo as it is, and it has no flag against hooks.
  gemini: { questions: [[]], hooks: [] },
};

for (const agent of agents) {
  const missing = whyNot(agent);
  describe(`The real ${agent} with its bypass flags:`, { skip: missing ?? false }, () => {
    test("a flag that skips questions does not skip a project's hook", async () => {
      const here = await fleet();
      const at = await connected(here, agent, { token: here.tokens[LEADER]!, name: "project" });
      for (const flags of ways[agent].questions) await denied(here, agent, at, flags);
    });

    test("a managed installation denies with every flag, also with those that dodge a project's hook", async () => {
      const here = await fleet();
      const managed = await installed(here, agent);
      for (const flags of [...ways[agent].questions, ...ways[agent].hooks]) await denied(here, agent, managed, flags);
    });

    // Else the test above would prove nothing of them.
    for (const flags of ways[agent].hooks.slice(0, 1))
      test(`${flags[0]} does get around a project's hook`, async () => {
        const here = await fleet();
        const at = await connected(here, agent, { token: here.tokens[LEADER]!, name: "dodged" });
        await tries(here, agent, at, "vercel deploy --prod", { flags });
        assert.deepEqual(here.programs.ran(), ["vercel deploy --prod"]);
      });
  });
}

type At = Parameters<typeof tries>[2] & { etc?: Record<string, string> };

async function denied(here: Fleet, agent: Agent, { etc, ...at }: At, flags: string[]): Promise<void> {
  const told = await tries(here, agent, at, "vercel deploy --prod", { flags, ...(etc ? { etc } : {}) });
  assert.deepEqual(here.programs.ran(), [], `${flags.join(" ")}: the deploy did not run`);
  assert.match(told.results.join("\n"), /ticket dispatch/, `${flags.join(" ")}: ${told.results}\n${told.stderr}`);
}

/** What an administrator would put into an image: the guard for the whole machine; the seat's token comes by itself. */
async function installed(here: Fleet, agent: Agent): Promise<At> {
  const directory = join(here.directory, "managed");
  const image = join(directory, "image");
  mkdirSync(image, { recursive: true });
  const home = homeOf(agent, directory);
  const { tree } = worktree(directory, "tree");
  const env = environmentOf(agent, home);
  const words = ["connect", agent, "--scope", "managed", "--managed-root", image];
  const operator = { LONGWATCH_URL: here.url, LONGWATCH_TOKEN: here.operator };
  const { code, stdout, stderr } = await longwatch(words, { cwd: tree, env: { ...env, ...operator } });
  assert.equal(code, 0, `${stdout}\n${stderr}`);
  const session = { LONGWATCH_URL: here.url, LONGWATCH_TOKEN: here.tokens[LEADER]! };
  return { home, tree, env: { ...env, ...session }, etc: filesBelow(join(image, "etc")) };
}

function filesBelow(directory: string): Record<string, string> {
  const found = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = found.map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(paths.map((path) => [relative(directory, path), readFileSync(path, "utf8")]));
}
