import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer as httpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { basename, dirname } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Remote } from "../../src/runner/remote.ts";
import { Workspace } from "../../src/runner/workspace.ts";
import { testServer } from "../harness.ts";
import { ownPort } from "../ports.ts";
import { longwatch, Pushed } from "./clean_clone.ts";

/** Remotes over a network, as git's own servers speak to them, and as they fail. */

const pushed = new Pushed();
const { repository, bare } = pushed;
const good = repository.commit("CMB-0001: x", { "check.sh": "test -f x.txt\n", "x.txt": `${"x".repeat(99)}\n` });
pushed.push("main");
const [base, name] = [dirname(bare), basename(bare)];

async function listening(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const open = new Set<Socket>();
  server.on("connection", (socket) => open.add(socket));
  after(() => {
    for (const socket of open) socket.destroy();
    return new Promise((done) => server.close(done));
  });
  return (server.address() as AddressInfo).port;
}

/** `git daemon` on a free port. */
async function daemon(): Promise<number> {
  const port = await ownPort();
  const served = ["daemon", "--export-all", `--base-path=${base}`, "--listen=127.0.0.1", `--port=${port}`, bare];
  const child = spawn("git", served, { stdio: "ignore", detached: true });
  after(() => process.kill(-child.pid!));
  for (let tries = 0; ; tries++) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await new Promise((done) => socket.on("connect", () => done(true)).on("error", () => done(false)));
    socket.destroy();
    if (isOpen) return port;
    assert.ok(tries < 1_200, "git daemon does not listen");
    await sleep(50);
  }
}

/** `git http-backend` as the CGI program that it is. */
function backend(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url!, "http://loopback");
  const child = spawn("git", ["http-backend"], {
    env: {
      ...{ PATH: process.env.PATH, GIT_PROJECT_ROOT: base, GIT_HTTP_EXPORT_ALL: "1", PATH_INFO: pathname },
      ...{ REQUEST_METHOD: request.method, QUERY_STRING: search.slice(1), GIT_CONFIG_COUNT: "1" },
      ...{ GIT_CONFIG_KEY_0: "safe.directory", GIT_CONFIG_VALUE_0: "*" },
      ...{ CONTENT_TYPE: request.headers["content-type"], GIT_PROTOCOL: request.headers["git-protocol"] as string },
      ...{ HTTP_CONTENT_ENCODING: request.headers["content-encoding"] },
    },
  });
  request.pipe(child.stdin);
  const parts: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => parts.push(part));
  child.on("close", () => {
    const whole = Buffer.concat(parts);
    const end = whole.indexOf("\r\n\r\n");
    for (const line of whole.subarray(0, end).toString().split("\r\n")) {
      const [key, value] = line.split(/: (.*)/s) as [string, string];
      if (key === "Status") response.statusCode = Number(value.slice(0, 3));
      else response.setHeader(key, value);
    }
    response.end(whole.subarray(end + 4));
  });
}

/** Hands on what the daemon says, and hangs up after so many bytes. */
async function cutAfter(bytes: number, port: number): Promise<number> {
  return listening(
    createServer((socket) => {
      const up = connect(port, "127.0.0.1");
      let left = bytes;
      socket.pipe(up);
      up.on("data", (part: Buffer) => {
        socket.write(part.subarray(0, left));
        left -= part.length;
        if (left <= 0) socket.destroy();
      });
      for (const one of [socket, up]) one.on("error", () => {}).on("close", () => (socket.destroy(), up.destroy()));
    }),
  );
}

const [gitPort, httpPort] = [await daemon(), await listening(httpServer(backend))];
const patience = { "ls-remote": 60, fetch: 60 };
const stop = new AbortController();

/** The newest commit of a branch of the remote at this address. */
async function asked(address: string, branch = "main", signal = stop.signal, seconds = patience) {
  const workspace = await Workspace.open(repository.path);
  try {
    const remote = await Remote.of(workspace, repository.path, {
      name: address,
      env: {},
      stop: signal,
      patience: seconds,
    });
    return await remote.branch(branch);
  } finally {
    await workspace.close();
  }
}

/** The processes whose command line has these words. */
const running = (words: string) =>
  readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(words);
    } catch {
      return false; // it ended meanwhile
    }
  });

describe("a remote", () => {
  for (const [how, address] of [
    ["of files", `file://${bare}`],
    ["of git daemon", `git://127.0.0.1:${gitPort}/${name}`],
    ["over HTTP", `http://127.0.0.1:${httpPort}/${name}`],
  ] as const)
    it(`${how} tells its branches, and that it has none of a name`, async () => {
      assert.equal(await asked(address), good);
      assert.equal(await asked(address, "never"), null);
    });

  it("that says nothing is left after its time, named without its password, and no process stays", async () => {
    const port = await listening(createServer(() => {}));
    for (const scheme of ["git", "http"]) {
      const address = `${scheme}://${scheme === "http" ? "me:s3cret@" : ""}127.0.0.1:${port}/${name}`;
      await assert.rejects(asked(address, "main", stop.signal, { ...patience, "ls-remote": 1 }), (error: Error) => {
        assert.match(error.message, /127\.0\.0\.1:\d+\/\S+ did not answer git ls-remote within 1 seconds$/);
        assert.doesNotMatch(error.message, /s3cret/);
        return true;
      });
    }
    for (let tries = 0; running(`127.0.0.1:${port}/`).length > 0; tries++) {
      assert.ok(tries < 1_200, "git goes on asking");
      await sleep(50);
    }
  });

  it("that nobody serves, that wants a password, or has no such repository is told as git tells it", async () => {
    const port = await ownPort();
    await assert.rejects(asked(`git://127.0.0.1:${port}/${name}`), /git ls-remote .*Connection refused/s);
    await assert.rejects(asked(`http://me:s3cret@127.0.0.1:${port}/${name}`), (error: Error) => {
      assert.match(error.message, /git ls-remote/);
      assert.doesNotMatch(error.message, /s3cret/);
      return true;
    });
    const closed = await listening(
      httpServer((_, response) => response.writeHead(401, { "www-authenticate": "Basic realm=x" }).end()),
    );
    await assert.rejects(asked(`http://127.0.0.1:${closed}/${name}`), /terminal prompts disabled/);
    await assert.rejects(asked(`git://127.0.0.1:${gitPort}/none`), /git ls-remote/);
    await assert.rejects(asked(`http://127.0.0.1:${httpPort}/none`), /not found/);
  });

  it("that hangs up in the middle of a word or of what is fetched brings nothing", async () => {
    for (const bytes of [10, 150, 400])
      await assert.rejects(asked(`git://127.0.0.1:${await cutAfter(bytes, gitPort)}/${name}`), /git (ls-remote|fetch)/);
  });

  it("is not waited for when the runner is stopped", async () => {
    const port = await listening(createServer((socket) => socket.on("data", () => leaving.abort())));
    const leaving = new AbortController();
    await assert.rejects(asked(`git://127.0.0.1:${port}/${name}`, "main", leaving.signal), /was stopped/);
  });
});

describe("longwatch land verify", () => {
  it("over a network verifies what is there, and leaves undecided what it could not ask for", async () => {
    const { operator, say, ask, url, seat } = await testServer();
    const [runner, alice] = [await seat("runner", "service"), await seat("Alice")];
    await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
    const { id } = await say(operator, "ticket.file", { namespace: "CMB", title: "Work" });
    const { claim_token } = await say(alice, "ticket.claim", { id });
    const deliverable = `path: x.txt; branch: main; sha: ${good}; verify: sh check.sh`;
    await say(alice, "ticket.finish", { id, claim_token, work_proof: `commit ${good}`, deliverable });
    const verify = (remote: string, ...words: string[]) =>
      longwatch(["land", "verify", ...words, "--remote", remote], { url, token: runner, cwd: repository.path });
    const away = `git://127.0.0.1:${await ownPort()}/${name}`;
    for (const words of [[id], []]) {
      const { code, told } = await verify(away, ...words);
      assert.deepEqual([code, told[0].outcome], [8, "undecided"], words.join());
      assert.match(told[0].reason ?? told[0].cause, /Connection refused/);
    }
    assert.equal((await ask(operator, "ticket.show", { id })).verification.state, "unverified");
    const { code, told, stderr } = await verify(`git://127.0.0.1:${gitPort}/${name}`);
    assert.deepEqual([code, told[0]?.outcome, told[0]?.sha], [0, "verified", good], stderr);
  });
});
