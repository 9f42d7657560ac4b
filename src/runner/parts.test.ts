import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import { once } from "node:events";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../client/client.ts";
import { environmentFor } from "./environment.ts";
import { held } from "./held.ts";
import { hiddenFrom } from "./hidden.ts";
import type { Running } from "./hold.ts";
import { Output } from "./output.ts";
import { plain } from "../programs/land/told.ts";
import { Prober } from "./prober.ts";
import { reportOf } from "./report.ts";
import { look, releaseIn } from "./served.ts";
import type { Workspace } from "./workspace.ts";

describe("a command's output", () => {
  const taken = (bytes_max: number, secrets: string[], chunks: (string | Buffer)[]) => {
    let text = "";
    const output = new Output(bytes_max, secrets, (one) => (text += one));
    for (const chunk of chunks) output.take("out", Buffer.from(chunk as string));
    output.end();
    return { text, lost: output.lost_bytes };
  };

  it("comes in whole lines, without the secrets that came in two pieces", () => {
    const { text } = taken(1000, ["hunter2hunter2"], ["token: hunter2", "hunter2\nlast"]);
    assert.equal(text, "token: ***\nlast\n");
  });

  it("is what the ledger can hold: no NUL, no broken character", () => {
    const { text } = taken(1000, [], [Buffer.from([97, 0, 0xff, 10]), "é".slice(0, 1)]);
    assert.equal(text, "a\u2400\ufffd\né\n");
  });

  it("is bounded, and what was over the bound is counted", () => {
    const { text, lost } = taken(10, [], ["12345\n", "123456\n", "1\n"]);
    assert.deepEqual([text, lost], ["12345\n", 9]);
  });

  it("without any line's end does not pile up", () => {
    const { text, lost } = taken(20_000, [], ["x".repeat(50_000)]);
    assert.deepEqual([text.length, lost], [16_000, 34_001]);
  });
});

describe("a command's words on a terminal", () => {
  it("keep their colours and steer nothing", () => {
    const said = "\u001b[31mred\u001b[0m\ttab\nline\r\n";
    assert.equal(plain(said), said);
    assert.equal(plain("\u001b]52;c;cHduZWQ=\u0007\u001b[2J\rover\u009b1A\u0008"), "�]52;c;cHduZWQ=��[2J�over�1A�");
  });
});

describe("a command's environment", () => {
  const from = {
    PATH: "/bin",
    HOME: "/h",
    LONGWATCH_TOKEN: "lw",
    VERCEL_TOKEN: "secret-1",
    OTHER: "x",
    PGPASSWORD: "p",
  };

  it("is a fixed list and what its line names, and never what speaks as the runner", () => {
    const line = `deploy --token $VERCEL_TOKEN "\${LONGWATCH_TOKEN}" $PGPASSWORD $NOT_THERE`;
    const { env, secrets } = environmentFor(line, from, { LONGWATCH_RELEASE: "abc" });
    assert.deepEqual(env, { PATH: "/bin", HOME: "/h", VERCEL_TOKEN: "secret-1", LONGWATCH_RELEASE: "abc" });
    assert.deepEqual(secrets, ["secret-1"]);
  });

  it("hides the server's data, the guards' settings of every directory above, and keys", () => {
    const hidden = hiddenFrom({ HOME: "/h", XDG_CONFIG_HOME: "/c" }, "/data", ["/h/p/q"]);
    for (const path of [
      "/data",
      "/h/p/q/.longwatch",
      "/h/p/.longwatch",
      "/c/longwatch",
      "/h/.ssh",
      "/h/p/q/.git/config",
    ])
      assert.ok(hidden.includes(path), path);
  });
});

describe("a release that is landed", () => {
  const topology = { output_kb: 1 } as Running["topology"];
  const running = { deploy: 1, environment: "production", sha: "abc", topology } as Running;
  const landed = async () => reportOf("landed", running);
  const workspace = { commitOf: async (name: string) => name } as Workspace;
  /** Asks a server that says nothing; resolves when it is asked. */
  const asking = (stop: AbortSignal) => {
    const said: string[] = [];
    let asked = () => {};
    const begun = new Promise<void>((resolve) => (asked = resolve));
    const ask = (_name: string, _input: object, options?: { signal: AbortSignal }) =>
      new Promise((_, fail) => {
        options?.signal.addEventListener("abort", () => fail(options.signal.reason));
        asked();
      });
    const client = { ask } as unknown as Client;
    const around = { client, patient: client, env: {}, hidden: [], stop, tell: (words: string) => said.push(words) };
    const report = held(running, performance.now(), { lease_seconds: 600 }, workspace, around, landed);
    return { begun, report, said };
  };

  it("is told as landed although the server falls silent before it is asked for the guards", async (t) => {
    const late = new AbortController();
    t.mock.method(AbortSignal, "timeout", () => late.signal);
    const { begun, report, said } = asking(new AbortController().signal);
    await begun;
    late.abort(new Error("too late"));
    assert.equal((await report).outcome, "landed");
    assert.match(said.join(""), /nobody could look for the credentials' guards: too late/);
  });

  it("is told as landed to who stops it meanwhile", async () => {
    const stop = new AbortController();
    const { begun, report } = asking(stop.signal);
    await begun;
    stop.abort(new Error("stopped"));
    assert.equal((await report).outcome, "landed");
  });
});

describe("what is served", () => {
  it("is found at a JSON Pointer, or is the whole body", () => {
    assert.equal(releaseIn(`{"a":{"b/c":[null,"v1"]}}`, "/a/b~1c/1"), "v1");
    assert.equal(releaseIn(`{"release":7}`, "/release"), "7");
    assert.equal(releaseIn(" abc\n", ""), "abc");
    for (const [body, pointer] of [
      ["{}", "/release"],
      ["no", "/release"],
      [`{"release":{}}`, "/release"],
      ["", ""],
    ])
      assert.equal(releaseIn(body!, pointer!), null);
  });

  it("is nothing where nobody answers, and unhealthy where it answers otherwise", async () => {
    assert.match((await look("http://127.0.0.1:1/health", "/release")).how, /no answer \(ECONNREFUSED\)/);
    const server = createServer((_, reply) => reply.writeHead(302, { location: "/" }).end()).listen(0, "127.0.0.1");
    await once(server, "listening");
    after(() => server.close());
    const { port } = server.address() as { port: number };
    const found = await look(`http://127.0.0.1:${port}/`, "/release");
    assert.deepEqual([found.healthy, found.how], [false, "it answers 302"]);
  });
});

describe("the prober", async () => {
  let answer: (reply: ServerResponse) => unknown = () => {};
  /** When each look came. */
  const came: number[] = [];
  const serving = (release: string) => (reply: ServerResponse) => reply.end(JSON.stringify({ release }));
  const failing = (reply: ServerResponse) => reply.writeHead(503).end();
  const server = createServer((_, reply) => (came.push(performance.now()), answer(reply))).listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => server.closeAllConnections());
  after(() => server.close());
  const { port } = server.address() as { port: number };
  const never = new AbortController().signal;
  const started = async (expected: boolean) => {
    const watched = { health_url: `http://127.0.0.1:${port}/`, release_pointer: "/release", right: ["old", "new"] };
    const prober = new Prober({ ...watched, expected });
    await prober.start();
    return prober;
  };

  /** Answers so from now on; resolves when so many looks more have come, with the number of the first. */
  const answering = async (how: typeof answer, looks: number): Promise<number> => {
    answer = how;
    const first = came.length;
    while (came.length < first + looks) await sleep(5);
    return first;
  };

  it("measures from the first wrong answer to the first right one that stays", async () => {
    answer = serving("old");
    const prober = await started(true);
    await answering(serving("old"), 2);
    const down = await answering(failing, 10);
    await answering(serving("new"), 2);
    await answering(serving("another"), 5);
    const up = await answering(serving("new"), 2);
    assert.equal(await prober.serves("new", 60_000, never), true);
    await prober.stop();
    const { milliseconds } = prober.outage!;
    // A look comes after it was sent, and after the one before it came.
    const [least, most] = [came[up - 1]! - came[down]!, came[up]! - came[down - 1]!];
    assert.ok(milliseconds! >= least - 1 && milliseconds! <= most + 1, `${least} ≤ ${milliseconds} ≤ ${most}`);
  });

  it("finds no outage where one release follows the other without one", async () => {
    answer = serving("old");
    const prober = await started(true);
    answer = serving("new");
    assert.equal(await prober.serves("new", 60_000, never), true);
    await prober.stop();
    assert.equal(prober.outage, null);
  });

  it("does not count what was never up, until it was", async () => {
    answer = failing;
    const prober = await started(false);
    await answering(failing, 3);
    assert.equal(prober.outage, null);
    answer = serving("new");
    await prober.serves("new", 60_000, never);
    await answering(failing, 3);
    await prober.stop();
    assert.equal(prober.outage!.milliseconds, null);
  });

  it("takes no release for healthy that falls over at once", async () => {
    let count = 0;
    answer = (reply) => (count++ % 3 === 2 ? failing(reply) : serving("new")(reply));
    const prober = await started(true);
    assert.equal(await prober.serves("new", 400, never), false);
    await prober.stop();
  });
});
