import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/**
 * Runs a program in a network namespace of its own, whose loopback has only the ports that the test lends it: whatever
 * the program tries besides reaches nobody. A port is lent over a unix socket, which crosses namespaces where TCP
 * does not.
 */

export type Confinement = {
  command: string;
  args: readonly string[];
  cwd: string;
  env: Record<string, string>;
  /** The test's loopback ports that the program may reach, under the same numbers. */
  ports: readonly number[];
  /** Files that stand below /etc for this program alone: path below /etc to content. */
  etc?: Record<string, string>;
  stdin?: string;
  /** After so long it is killed; the answer's code is then null. */
  milliseconds_max?: number;
};

export type Ended = { code: number | null; stdout: string; stderr: string };

/** Why programs cannot be confined here; null if they can. */
export function whyNotConfined(): string | null {
  if (process.platform !== "linux") return "needs Linux: its network namespaces";
  const missing = ["unshare", "ip"].filter((name) => !onPath(name));
  return missing.length > 0 ? `needs ${missing.join(" and ")} (util-linux, iproute2)` : null;
}

function onPath(name: string): boolean {
  const places = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/sbin"];
  return places.some((place) => existsSync(join(place, name)));
}

export async function confined(wanted: Confinement): Promise<Ended> {
  const scratch = mkdtempSync(join(tmpdir(), "longwatch-confined-"));
  const lent = await Promise.all(wanted.ports.map((port) => lend(port, join(scratch, `${port}.sock`))));
  try {
    return await run(wanted, scratch);
  } finally {
    for (const close of lent) close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Lends a loopback port of ours at a socket in the file system. */
async function lend(port: number, path: string): Promise<() => void> {
  const open = new Set<Socket>();
  const server = createServer((from) => couple(from, connect(port, "127.0.0.1"), open));
  await new Promise<void>((done) => server.listen(path, done));
  return () => {
    for (const socket of open) socket.destroy();
    server.close();
  };
}

function couple(one: Socket, other: Socket, open?: Set<Socket>): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    open?.add(from);
    from.on("error", () => to.destroy());
    from.on("close", () => (open?.delete(from), to.destroy()));
    from.pipe(to);
  }
}

/** The other side of `lend`, run inside the namespace: argv is `port=socket …`. It says `ready` once it listens. */
const BORROW = `
const { connect, createServer } = require("node:net");
const pairs = process.argv.slice(1).map((pair) => pair.split("="));
let waiting = pairs.length;
for (const [port, path] of pairs)
  createServer((from) => {
    const to = connect(path);
    from.pipe(to); to.pipe(from);
    from.on("error", () => to.destroy()); to.on("error", () => from.destroy());
    from.on("close", () => to.destroy()); to.on("close", () => from.destroy());
  }).listen(Number(port), "127.0.0.1", () => { if (--waiting === 0) require("node:fs").writeFileSync(1, "ready\\n"); });
`;

async function run(wanted: Confinement, scratch: string): Promise<Ended> {
  const { command, args, cwd, env, ports, etc, stdin = "", milliseconds_max = 300_000 } = wanted;
  const borrow = join(scratch, "borrow.cjs");
  writeFileSync(borrow, BORROW.replace("slice(1)", "slice(2)"));
  const pairs = ports.map((port) => `${port}=${join(scratch, `${port}.sock`)}`);
  const script = [
    "set -e",
    "PATH=$PATH:/usr/sbin:/sbin ip link set lo up",
    ...(etc ? [`mount --bind ${quoted(etcWith(etc, scratch))} /etc`] : []),
    `mkfifo ${quoted(join(scratch, "ready"))}`,
    `${[process.execPath, borrow, ...pairs].map(quoted).join(" ")} >${quoted(join(scratch, "ready"))} & borrower=$!`,
    ...(ports.length > 0 ? [`read -r _ <${quoted(join(scratch, "ready"))}`] : []),
    "set +e",
    '"$@"',
    "code=$?",
    "kill $borrower",
    "exit $code",
  ].join("\n");
  // An ordinary user gets his own namespaces by being root inside of one.
  const flags = process.getuid?.() === 0 ? "-nm" : "-rnm";
  const child = spawn("unshare", [flags, "sh", "-c", script, "sh", command, ...args], {
    cwd,
    env: { PATH: process.env.PATH!, ...env },
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  const kill = () => {
    try {
      process.kill(-child.pid!, "SIGKILL");
    } catch {
      // It is gone already.
    }
  };
  const timer = setTimeout(kill, milliseconds_max);
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => (texts[name] += text));
  child.stdin.on("error", () => {});
  child.stdin.end(stdin);
  const code = await new Promise<number | null>((done, fail) => {
    child.on("error", fail);
    child.on("close", done);
  });
  clearTimeout(timer);
  kill();
  return { code, ...texts };
}

/** A copy of /etc with files of the test's, which the program sees in its place. */
function etcWith(files: Record<string, string>, scratch: string): string {
  const etc = join(scratch, "etc");
  const readable = (path: string) => {
    try {
      cpSync(path, join(etc, path.slice("/etc/".length)), { recursive: true, verbatimSymlinks: true });
    } catch {
      // What this user may not read, the program may not either.
    }
  };
  mkdirSync(etc);
  for (const path of ["/etc/passwd", "/etc/group", "/etc/hosts", "/etc/nsswitch.conf", "/etc/ssl", "/etc/alternatives"])
    if (existsSync(path)) readable(path);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(etc, path)), { recursive: true });
    writeFileSync(join(etc, path), content, { mode: 0o644 });
  }
  return etc;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
