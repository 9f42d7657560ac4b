import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { problemOf, Refusal } from "../../kernel/refusal.ts";
import { fixture, say } from "./fixture.ts";
import { isOperation } from "./run.ts";

test("flags become the fields of the input, in either spelling", async () => {
  const words = [
    "--title",
    "--x_y",
    "--lease-seconds=60",
    "--labels",
    "a",
    "--labels",
    "b,c",
    "--urgent",
    "--weight",
    ".5",
  ];
  const { input, code, sent } = await say(["ticket", "file", ...words]);
  assert.equal(code, 0);
  assert.deepEqual(input, { title: "--x_y", weight: 0.5, urgent: true, labels: ["a", "b,c"], lease_seconds: 60 });
  assert.equal(sent[0]!.url.href, "http://server:1/v1/ticket/file");
  assert.deepEqual((await say(["ticket", "file", "--title=t", "--lease_seconds", "60"])).input, {
    title: "t",
    lease_seconds: 60,
  });
});

test("a verb of two words is written with a dash, as flags are, or with an underscore", async () => {
  const name = "ticket.put_back";
  const operations = [{ ...fixture.operations.find((one) => one.name === "ticket.file")!, name }];
  for (const verb of ["put-back", "put_back"])
    assert.equal(isOperation(["ticket", verb, "--title", "t"], { ...fixture, operations }), true, verb);
  assert.equal(isOperation(["ticket", "putback"], { ...fixture, operations }), false);
});

test("what is not said is not sent, and --no-x says false or nothing", async () => {
  assert.deepEqual((await say(["ticket", "file", "--title", "t"])).input, { title: "t" });
  const { input } = await say(["ticket", "file", "--title", "t", "--no-urgent", "--no-lane"]);
  assert.deepEqual(input, { title: "t", urgent: false, lane: null });
});

test("an id may stand first without its flag, but only once", async () => {
  assert.deepEqual((await say(["ticket", "file", "LW-1", "--title", "t"])).input, { id: "LW-1", title: "t" });
  assert.equal((await say(["ticket", "file", "LW-1", "--id", "LW-2", "--title", "t"])).code, 2);
  assert.equal((await say(["ticket", "file", "LW-1", "LW-2", "--title", "t"])).code, 2);
});

test("every bad field is told at once by its flag, and nothing is sent", async () => {
  const { stderr, code, sent } = await say([
    "ticket",
    "file",
    "--priority",
    "9",
    "--lease-seconds",
    "1.5",
    "--type",
    "x",
  ]);
  assert.equal(code, 2);
  assert.equal(sent.length, 0);
  assert.match(stderr, /^refused \(input\.invalid\)/);
  assert.match(stderr, /^ {2}--title: is required$/m);
  assert.match(stderr, /^ {2}--priority: must be at most 4, not 9$/m);
  assert.match(stderr, /^ {2}--lease-seconds: must be a whole number, not "1\.5"$/m);
  assert.match(stderr, /^ {2}--type: must be one of bug, task, not "x"$/m);
  const { fields } = JSON.parse((await say(["ticket", "file", "--json"])).stderr);
  assert.deepEqual(fields, [{ field: "title", message: "is required" }]);
});

test("an unknown flag is refused with the nearest one", async () => {
  const { stderr, code } = await say(["ticket", "file", "--titel", "t"]);
  assert.equal(code, 2);
  assert.match(stderr, /refused \(flags\.invalid\).*--titel.*--title/s);
  assert.match(stderr, /next: See `longwatch ticket file --help`/);
});

test("a long text comes from standard input or a file", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "longwatch-text-"));
  context.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "notes.md"), "from a file\n");
  const body = async (word: string) =>
    (await say(["ticket", "file", "--title", "@t", "--body", word], { stdin: "from a pipe\n" })).input as {
      body: string;
    };
  assert.deepEqual(await body("-"), { title: "@t", body: "from a pipe\n" });
  assert.deepEqual(await body(`@${join(folder, "notes.md")}`), { title: "@t", body: "from a file\n" });
  assert.deepEqual(await body("@@home"), { title: "@t", body: "@home" });
  const missing = await say(["ticket", "file", "--title", "t", "--body", "@/nowhere"]);
  assert.match(missing.stderr, /--body: cannot be read from \/nowhere \(ENOENT\)/);
});

test("global flags stand before the noun or after the verb, and a field of that name wins after it", async () => {
  const before = await say(["--url", "http://a:2", "--key=k", "--token", "me", "ticket", "file", "--title", "t"]);
  assert.equal(before.sent[0]!.url.origin, "http://a:2");
  assert.equal(before.sent[0]!.headers["idempotency-key"], "k");
  assert.equal(before.sent[0]!.headers.authorization, "Bearer me");
  const after = await say(["ticket", "file", "--title", "t", "--key", "k2", "--json"], { answer: { id: "LW-1" } });
  assert.equal(after.sent[0]!.headers["idempotency-key"], "k2");
  assert.equal(after.stdout, '{"id":"LW-1"}\n');
  const field = await say(["--token", "me", "token", "redeem", "--token", "the-sign-in-token"]);
  assert.deepEqual(field.input, { token: "the-sign-in-token" });
  assert.equal(field.sent[0]!.headers.authorization, "Bearer me");
});

test("a refusal goes to standard error and its kind is the exit code", async () => {
  const codes = {
    unauthenticated: 3,
    denied: 4,
    missing: 5,
    conflict: 6,
    mismatch: 6,
    exhausted: 7,
    internal: 1,
  } as const;
  for (const [kind, code] of Object.entries(codes)) {
    const refusal = new Refusal(kind as keyof typeof codes, "thing.so", "It is so.", {
      hint: "Do this.",
      facts: { who: "A" },
    });
    const heard = await say(["ticket", "list"], { answer: refusal });
    assert.deepEqual([heard.code, heard.stdout], [code, ""]);
    assert.equal(heard.stderr, "refused (thing.so): It is so.\nnext: Do this.\n");
    const told = await say(["ticket", "list", "--json"], { answer: refusal });
    assert.deepEqual(JSON.parse(told.stderr), problemOf(refusal));
  }
});

test("the server's bad fields are named as flags, under the spelling of a familiar name too", async () => {
  const fields = [
    { field: "namespace", message: "is unknown" },
    { field: "labels.3", message: "is too long" },
  ];
  const refusal = new Refusal("invalid", "input.invalid", "namespace: is unknown; labels.3: is too long", { fields });
  const { stderr, code } = await say(["ticket-reserve", "CMB", "--subject", "s"], { answer: refusal });
  assert.equal(code, 2);
  assert.match(stderr, /^ {2}--prefix: is unknown\n {2}--labels\.3: is too long$/m);
});

test("an unknown word is refused with a guess", async () => {
  assert.match((await say(["tiket", "list"])).stderr, /Did you mean `longwatch ticket`/);
  assert.match((await say(["ticket", "lsit"])).stderr, /Did you mean `longwatch ticket list`\?.*file, list/s);
  assert.match((await say(["sevre"])).stderr, /Did you mean `longwatch serve`/);
  assert.equal((await say(["tiket", "list"])).code, 2);
});

test("help is there at each level", async () => {
  const whole = await say(["--help"]);
  assert.equal(whole.code, 0);
  for (const word of ["ticket", "queue", "Programs", "serve", "feed-append", "--token", "Exit codes"])
    assert.ok(whole.stdout.includes(word), word);
  assert.equal((await say([])).stdout, whole.stdout);
  assert.match((await say(["ticket", "--help"])).stdout, /Usage: longwatch ticket <verb>[\s\S]*reserve/);
  assert.match((await say(["help", "ticket"])).stdout, /Usage: longwatch ticket <verb>/);
  assert.equal((await say(["ticket"])).code, 2);
  const verb = await say(["ticket", "file", "--help"]);
  assert.equal(verb.code, 0);
  assert.match(verb.stdout, /--title <text>\s+A line\. \(required\)/);
  assert.match(verb.stdout, /--priority <n>\s+How urgent\. \(0 to 4; default 2\)/);
  assert.match(verb.stdout, /--type <text>\s+What\. \(one of bug, task\)/);
  assert.doesNotMatch(verb.stdout, /9007199254740991/);
  assert.equal((await say(["help", "ticket", "file"])).stdout, verb.stdout);
  assert.equal((await say(["--version"])).stdout, "9.8.7\n");
});

test("a program gets its own words untouched", async () => {
  assert.deepEqual(await say(["serve", "--port", "1", "--json"]).then(({ stdout, code }) => [stdout, code]), [
    "serve --port 1 --json",
    42,
  ]);
  assert.equal((await say(["serve", "--help"])).stdout, "serve --help");
  assert.equal((await say(["help", "serve"])).stdout, "serve --help");
});

test("a program of two words stands beside the operations of its noun, and before one of its name", async () => {
  const heard = async (...argv: string[]) => say(argv).then(({ stdout, code, sent }) => [stdout, code, sent.length]);
  assert.deepEqual(await heard("queue", "watch", "FILE", "--json"), ["queue watch FILE --json {}", 43, 0]);
  assert.deepEqual(await heard("ticket", "drift"), ["ticket drift  {}", 43, 0]);
  assert.deepEqual(await heard("help", "queue", "watch"), ["queue watch --help {}", 43, 0]);
  const url = "http://a:2";
  const after = await heard("--url", url, "queue", "watch", "--url", "b");
  assert.deepEqual(after, [`queue watch --url b ${JSON.stringify({ url })}`, 43, 0]);
  assert.equal((await say(["queue", "read"])).sent.length, 1);
});

test("help and guesses know the programs of two words", async () => {
  const { stdout } = await say(["queue", "--help"]);
  assert.match(stdout, /^ {2}read .*Does queue\.read\.\n {2}watch .*Watch the queue\.$/m);
  const whole = (await say(["--help"])).stdout;
  assert.match(whole, /^queue\n(?: {2}.*\n)* {2}watch +Watch the queue\.$/m);
  assert.match(whole, /^ {2}drift +Look for drift without a server\.$/m);
  assert.doesNotMatch(whole, /Does ticket\.drift|queue watch/);
  assert.match(
    (await say(["queue", "wacth"])).stderr,
    /Did you mean `longwatch queue watch`\? queue knows: read, watch/,
  );
  assert.match((await say(["completion", "bash"])).stdout, /queue\) words="read watch"/);
});

test("the snapshot knows what it can do by itself", () => {
  assert.ok(isOperation(["--json", "ticket", "list", "--limit", "3"], fixture));
  assert.ok(isOperation(["feed-append"], fixture));
  assert.ok(isOperation(["--lane", "x"], fixture, "fleet-active-queue"));
  for (const words of [
    ["serve", "--port", "1"],
    ["--help"],
    [],
    ["help", "ticket", "list"],
    ["ticket"],
    ["tiket", "list"],
  ])
    assert.ok(!isOperation(words, fixture), words.join(" "));
  const programs = ["ticket drift", "queue watch"];
  for (const words of [
    ["ticket", "drift"],
    ["--json", "ticket", "drift", "--x"],
    ["queue", "watch"],
  ])
    assert.ok(!isOperation(words, fixture, "", programs), words.join(" "));
  assert.ok(isOperation(["ticket", "list"], fixture, "", programs));
});

test("completion knows nouns, verbs, flags and choices", async () => {
  const bash = (await say(["completion", "bash"])).stdout;
  assert.match(bash, /ticket\) words="file list drift reserve"/);
  assert.match(bash, /"ticket file --type"\) words="bug task"/);
  assert.match((await say(["completion", "zsh"])).stdout, /^#compdef longwatch/);
  assert.match((await say(["completion", "fish"])).stdout, /-l lease-seconds -r -d 'Long\.'/);
  assert.equal((await say(["completion", "tcsh"])).code, 2);
  const helped = await say(["completion", "--help"]);
  assert.deepEqual([helped.code, helped.stdout.split("\n")[0]], [0, "usage: longwatch completion <bash|zsh|fish>"]);
});

test("a token that the server wrote goes to that server and to no other", async (context) => {
  const data = mkdtempSync(join(tmpdir(), "longwatch-data-"));
  context.after(() => rmSync(data, { recursive: true }));
  writeFileSync(join(data, "client.json"), JSON.stringify({ url: "http://written:5", token: "w" }));
  const env = { LONGWATCH_DATA: data, LONGWATCH_URL: "", LONGWATCH_TOKEN: "" };
  const [own] = (await say(["ticket", "list"], { env })).sent;
  assert.deepEqual([own!.url.origin, own!.headers.authorization], ["http://written:5", "Bearer w"]);
  const [other] = (await say(["--url", "http://other:1", "ticket", "list"], { env })).sent;
  assert.deepEqual([other!.url.origin, other!.headers.authorization], ["http://other:1", undefined]);
  const nothing = { ...env, LONGWATCH_DATA: join(data, "nowhere") };
  assert.equal((await say(["ticket", "list"], { env: nothing })).sent[0]!.url.origin, "http://127.0.0.1:4780");
});
