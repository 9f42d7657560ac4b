import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { testServer } from "../../../test/harness.ts";
import { main } from "./scan.ts";

const server = await testServer();
const { operator, say, ask } = server;
await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
const alice = await server.seat("CLAUDE-CLI-BOX-CAMBER-12");
for (const title of ["Desktop receipts", "Cards", "Prices"])
  await say(alice, "ticket.file", { namespace: "CMB", title });
await say(alice, "ticket.claim", { id: "CMB-0001" });

const tree = mkdtempSync(join(tmpdir(), "longwatch-scan-"));
after(() => rmSync(tree, { recursive: true, force: true }));
const env = { PATH: process.env.PATH, HOME: tree };
const git = (...words: string[]) =>
  execFileSync("git", ["-c", "user.name=Codex", "-c", "user.email=c@example.com", ...words], { cwd: tree, env });
const commit = (message: string, ...more: string[]) => git("commit", "-q", "--allow-empty", "-m", message, ...more);
const as = (name: string) => ["--author", `${name} <x@example.com>`];

async function scan(...words: string[]) {
  const said = { code: -1, out: "", err: "" };
  const told = { stdout: (text: string) => void (said.out += text), stderr: (text: string) => void (said.err += text) };
  const place = { client: () => server.client(), env, cwd: tree, interactive: false, ...told };
  said.code = await main([...words], place);
  return said;
}
const found = async (...words: string[]) => {
  const { code, out } = await scan("--json", ...words);
  const { strays, ...rest } = JSON.parse(out);
  return { code, strays, rest, named: strays.map((one: any) => [one.ticket, one.actor, one.state]) };
};
const entries = async (about: string, kind: string) =>
  (await ask(operator, "feed.read", { about, limit: 1000 })).entries.filter((entry: any) => entry.kind === kind);

describe("longwatch scan git", () => {
  test("refuses what is no repository, and finds nothing where nobody names a ticket", async () => {
    const nothing = await scan();
    assert.equal(nothing.code, 2);
    assert.match(nothing.err, /is not a git repository/);
    git("init", "-q", "-b", "main");
    commit("begin, in UTF-8");
    assert.deepEqual((await found()).named, []);
    assert.equal((await scan()).code, 0);
    assert.equal((await scan("--elsewhere")).code, 2);
  });

  test("J7: finds commits and branches that name a ticket which their author never claimed", async () => {
    commit("CMB-0001: ingest", ...as("CLAUDE-CLI-BOX-CAMBER-12"));
    commit("CMB-0002: cards, many by one author\n\nLongwatch-Seat: CLAUDE-CLI-BOX-CAMBER-12");
    git("switch", "-qc", "codex/cmb-0001-matcher-determinism");
    commit("matcher determinism");
    git("switch", "-qc", "codex/cmb-0003-empty", "main");
    git("switch", "-q", "main");
    commit("CMB-0777: a number that nobody gave", ...as("Stranger"));
    const { code, named, strays, rest } = await found();
    assert.deepEqual(named, [
      ["CMB-0001", "Codex", "in_progress"],
      ["CMB-0002", "CLAUDE-CLI-BOX-CAMBER-12", "awaiting_claim"],
      ["CMB-0777", "Stranger", null],
    ]);
    assert.match(strays[0].evidence, /^commit [0-9a-f]{12} on codex\/cmb-0001-matcher-determinism$/);
    assert.deepEqual([code, rest.reported, rest.commits], [1, false, 5]);
    assert.deepEqual(await entries("CMB-0001", "actor.sighted"), [], "a look writes nothing");
    assert.match((await scan()).out, /CMB-0001 \(in_progress\): Codex \(not registered\) never claimed it.*\n/);
  });

  test("J7: records and posts each once, and opens a collision where another has the number (COL-3)", async () => {
    const first = await found("--report");
    const collision = first.strays[0].collision;
    assert.ok(collision > 0);
    await found("--report");
    const [post, ...more] = await entries("CMB-0001", "post.appended");
    assert.match(post.data.subject, /^EXTERNAL_DISCOVERED: Codex committed under CMB-0001$/);
    assert.deepEqual(more, []);
    assert.equal((await entries("CMB-0001", "actor.sighted")).length, 1);
    const { collisions, actors } = await ask(operator, "ticket.drift");
    assert.deepEqual(
      collisions.map((one: any) => [one.collision, one.first.seat, one.second.seat, one.second.title]),
      [[collision, "CLAUDE-CLI-BOX-CAMBER-12", "Codex", "matcher determinism"]],
    );
    assert.deepEqual(
      actors.map(({ actor }: { actor: string }) => actor),
      ["Codex", "Stranger"],
    );
  });

  test("posts once what a scan posted that was cut off before it was recorded", async () => {
    commit("CMB-0003: prices", ...as("Cut Off"));
    await found("--report");
    await server.sql("delete from tickets.sightings where actor = 'Cut Off'");
    assert.equal((await found()).strays.find((one: any) => one.actor === "Cut Off").known, false);
    await found("--report");
    assert.equal((await entries("CMB-0003", "post.appended")).length, 1);
  });

  test("knows an author once somebody said who it is, and looks only as far back as it is told", async () => {
    await say(operator, "actor.settle", { actor: "Codex", seat: "CLAUDE-CLI-BOX-CAMBER-12", reason: "its git author" });
    assert.deepEqual(
      (await found()).named.map(([, actor]: string[]) => actor),
      ["CLAUDE-CLI-BOX-CAMBER-12", "Cut Off", "Stranger"],
    );
    assert.deepEqual((await found("--since", "2090-01-01")).named, []);
  });
});
