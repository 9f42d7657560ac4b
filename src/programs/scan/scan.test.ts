import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
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

  test("lets nobody hide, forge or break a record by what he writes in a commit or calls a branch", async () => {
    const forged = ["a".repeat(40), "Victim", "1767225600", "x", "CMB-0003", ""].join("\x1f");
    commit(`CMB-0002: hides\x1e${forged}\x1e`, ...as("Hider"));
    commit(`CMB-0002: ${"x".repeat(489)}\u{1f600}`, ...as("Em\x1b[2Joji"));
    commit("CMB-0002: nobody's day", ...as("Late"), "--date=@253402300800 +9959");
    commit(`CMB-${"9".repeat(300)}`, ...as("Endless"));
    git("update-ref", "refs/heads/--output=cmb-0003", "main~1");
    git("switch", "-qc", "cmb-0003/HEAD", "main");
    commit("on a branch that ends like a pointer", ...as("Branchy"));
    git("switch", "-q", "main");
    const { code, out, err } = await scan();
    assert.equal(code, 1, err);
    for (const who of ["Hider", "Em\ufffd[2Joji", "Late", "Branchy"]) assert.ok(out.includes(who), who);
    assert.doesNotMatch(out, /\x1b|Endless/);
    const { strays } = await found("--report");
    assert.ok(strays.every((one: any) => one.actor !== "Victim"));
    assert.ok(strays.every((one: any) => one.title.isWellFormed()));
    assert.deepEqual(readdirSync(tree), [".git"], "no branch's name is an option");
  });

  test("accuses nobody of what he set aside, or brought in by a merge", async () => {
    const before = (await found()).named;
    writeFileSync(join(tree, "left.txt"), "left\n");
    git("add", ".");
    commit("CMB-0001: more", ...as("CLAUDE-CLI-BOX-CAMBER-12"));
    writeFileSync(join(tree, "left.txt"), "right\n");
    git("-c", "user.name=Stasher", "stash", "-q");
    git("switch", "-qc", "side", "main~1");
    commit("aside");
    git("switch", "-q", "main");
    git("-c", "user.name=Merger", "merge", "-q", "--no-ff", "-m", "Merge CMB-0001", "side");
    assert.deepEqual((await found()).named, before);
  });

  test("reads a repository that is empty, detached, shallow or bare, and one of many branches", async () => {
    const place = mkdtempSync(join(tmpdir(), "longwatch-scan-odd-"));
    after(() => rmSync(place, { recursive: true, force: true }));
    const at = async (name: string) => await found("--repository", join(place, name));
    const other = (...words: string[]) => git("-C", place, ...words);
    other("init", "-q", "odd-empty");
    assert.deepEqual((await at("odd-empty")).named, []);
    git("switch", "-q", "--detach", "main");
    const named = (await found()).named;
    commit("CMB-0002: detached", ...as("Detached"));
    assert.equal((await found()).named.length, named.length + 1);
    git("switch", "-q", "main");
    other("clone", "-q", "--bare", tree, "odd-bare");
    assert.deepEqual((await at("odd-bare")).named, named);
    other("clone", "-q", "--depth=1", "--branch=side", `file://${tree}`, "odd-shallow");
    assert.equal((await at("odd-shallow")).code, 0);
    const head = git("rev-parse", "main~1").toString().trim();
    const refs = Array.from({ length: 1_000 }, (_, n) => `create refs/heads/many/cmb-0002-${n} ${head}\n`);
    git("fetch", "-q", ".", "side:aside");
    execFileSync("git", ["update-ref", "--stdin"], { cwd: tree, env, input: refs.join("") });
    assert.equal((await found()).rest.branches > 1_000, true);
    const wrong = await scan("--base=--output=x");
    assert.deepEqual([wrong.code, /is no commit/.test(wrong.err)], [2, true], wrong.err);
  });
});
