import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { testServer } from "../../../test/harness.ts";
import { nodeInEveryJail } from "../../runner/node.fixture.ts";
import { main } from "./question.ts";

const world = await testServer();
const { operator, say, ask } = world;
const worker = await world.seat("CODEX-CLI-BOX-WEB-01");
await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
const node = nodeInEveryJail();
// Not among the temporary files, which no jail shows; and open to every user, so that the jail alone hides the key.
const home = mkdtempSync(join(import.meta.dirname, "../../../node_modules/.question-"));
chmodSync(home, 0o755);
mkdirSync(join(home, ".ssh"));
writeFileSync(join(home, ".ssh", "id"), "a secret of the person\n");
writeFileSync(join(home, "invoice.pdf"), "paid\n");
after(() => rmSync(home, { recursive: true, force: true }));

const asked = async (question: string, probe?: string, more: object = {}): Promise<number> =>
  (await say(worker, "question.ask", { topic: "budget", question, ...(probe ? { probe } : {}), ...more })).id;
const stateOf = async (id: number) => (await ask(operator, "question.show", { id })).state;
/** What the program answers and says. */
async function run(verb: "list" | "probe", ...argv: string[]) {
  const said = { out: "", err: "" };
  const code = await main(verb, argv, {
    connect: () => world.client(),
    env: { PATH: process.env.PATH, HOME: home, DEPLOY_KEY: "s3cr3t-k3y" },
    cwd: home,
    data: join(home, "data"),
    stdout: (text) => void (said.out += text),
    stderr: (text) => void (said.err += text),
  });
  return { code, ...said };
}

describe("longwatch question", () => {
  it("list says how many items are blocked on the operator and each in one line, and nothing else", async () => {
    assert.deepEqual(await run("list"), { code: 0, out: "0 items blocked on you\n", err: "" });
    const { id: ticket } = await say(worker, "ticket.file", { namespace: "CMB", title: "Pay" });
    const id = await asked("Pay 40 EUR for the maps?", undefined, { ticket, options: ["yes", "no"] });
    const { out } = await run("list");
    const lines = out.trimEnd().split("\n");
    assert.deepEqual([lines.length, lines[0]], [2, "1 item blocked on you"]);
    assert.match(
      lines[1]!,
      new RegExp(`^${id} {2}\\d+ s {2}budget: Pay 40 EUR for the maps\\? \\(yes \\| no\\) \\[${ticket}\\]$`),
    );
    assert.equal(JSON.parse((await run("list", "--json")).out).headline, "1 item blocked on you");
    await say(operator, "question.answer", { id, answer: "yes", reason: "cheap" });
  });

  it("probe runs nothing until somebody who has seen the commands says which", async () => {
    const id = await asked("Is it paid?", `command: test -e $DIRECTORY/invoice.pdf`);
    const { out, code } = await run("probe");
    assert.equal(code, 0);
    assert.match(out, /CODEX-CLI-BOX-WEB-01: test .*invoice\.pdf\nNothing was run/);
    assert.equal(await stateOf(id), "open");
    assert.match((await run("list")).out, /^0 items blocked on you\n1 more wait for their probe/);
  });

  it("J33: probe runs a command here; one that says done closes its question before anybody is asked", async (t) => {
    const [{ id }] = (await ask(operator, "question.probes")).probes;
    const missing = await asked("Is it signed?", "command: test -e $DIRECTORY/signed.pdf");
    const broken = await asked("Is it sealed?", "command: no-such-program --sealed");
    const { code, out, err } = await run("probe", "--all");
    if (/cannot confine/.test(err)) return t.skip("this machine makes no namespaces");
    assert.equal(code, 0, err);
    assert.match(out, /^done: .*Is it paid\?\nopen: .*Is it signed\?\nerror: .*Is it sealed\?\n$/);
    assert.deepEqual(await Promise.all([id, missing, broken].map(stateOf)), ["done", "open", "open"]);
    const { out: listed } = await run("list");
    assert.match(listed, /^2 items blocked on you\n.*signed\?\n.*sealed\?\n$/);
    const again = await run("probe", String(id));
    assert.deepEqual([again.code, again.out], [2, ""]);
  });

  it("probe lets a command see nothing that opens anything, write nothing that stays, and reach nobody", async (t) => {
    const url = new URL(world.url);
    const attacks = [
      `cat ${home}/.ssh/id`,
      'test -n "$DEPLOY_KEY"',
      `echo x > ${home}/written`,
      `(exec 3<>/dev/tcp/${url.hostname}/${url.port}) 2>/dev/null || ` +
        `${node} -e 'fetch("${world.url}/health").then(() => process.exit(0), () => process.exit(1))'`,
    ];
    const ids = await Promise.all(attacks.map((line, n) => asked(`Attack ${n}?`, `command: ${line}`)));
    const { err, out } = await run("probe", ...ids.map(String), "--json");
    if (/cannot confine/.test(err)) return t.skip("this machine makes no namespaces");
    const { outcomes } = JSON.parse(out);
    assert.deepEqual(
      outcomes.map(({ outcome }: { outcome: string }) => outcome),
      ["open", "open", "open", "open"],
      out,
    );
    assert.doesNotMatch(
      JSON.stringify(await world.sql("select convert_from(leaf, 'UTF8') as leaf from ledger.entries")),
      /a secret of the person|s3cr3t/,
    );
  });

  it("says what is wrong with a call", async () => {
    assert.deepEqual([(await run("list", "7")).code, (await run("probe", "seven")).code], [2, 2]);
    assert.match((await run("probe", "--help")).out, /--unconfined/);
    assert.equal((await run("list", "--of", "nobody")).code, 2);
  });
});
