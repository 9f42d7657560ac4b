import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { SETUP } from "./jail_setup.ts";

/** One thing that is promised about a command, and whether this machine holds it. */
export type Protection = { what: string; held: boolean; how: string };

export type Jail = {
  /** Only when the runner is root: the user that the command runs as, whom nothing else belongs to. */
  uid: number | null;
  protections: readonly Protection[];
  /** The words that run a line confined in a directory. */
  words(line: string, work: string): string[];
};

export type JailWanted = {
  /** Files and directories that must not be seen. */
  hidden: readonly string[];
  memory_mb: number;
  /** No network but the jail's own loopback. */
  offline: boolean;
  processes_max?: number;
  /** A directory that is seen, read-only, even where it lies among the temporary files, which nobody else sees. */
  shown?: string;
};

/** Above the range that systemd gives away and below 65534, where nobody has an account. */
const UID_FIRST = 65_000;
const UID_COUNT = 500;

/** More processes and threads than a build has. The kernel holds it; a look from outside would come too late. */
export const PROCESSES_MAX = 1024;

const NAMESPACES = "namespaces of its own for processes, mounts and IPC";

/** How far this machine can confine a command. It is tried, not guessed: a container may forbid what the kernel can. */
export function jailOf(wanted: JailWanted): Jail {
  const isRoot = process.getuid?.() === 0;
  const uid = isRoot ? UID_FIRST + Math.floor(Math.random() * UID_COUNT) : null;
  const inside = jailWords(wanted, uid);
  const works = isPossible(inside);
  const network = offlineOf(wanted, works);
  if (works)
    return {
      uid,
      protections: [
        ...[held("secrets are not seen", NAMESPACES), held("nothing outlives it", NAMESPACES)],
        held("nothing is written outside its worktree", "everything else is mounted read-only"),
        held("no privilege is gained", uid === null ? "no_new_privs, no capabilities" : `user ${uid}, no_new_privs`),
        network,
      ],
      words: inside,
    };
  const why = "this machine lets the runner make no namespaces";
  const isOther = uid !== null;
  return {
    uid,
    protections: [
      isOther ? held("secrets are not seen", `user ${uid}`) : not("secrets are not seen", why),
      not("nothing outlives it", `${why}: its group and what carries its marker are killed`),
      isOther ? held("nothing is written outside", `user ${uid}`) : not("nothing is written outside", why),
      isOther ? held("no privilege is gained", `user ${uid}`) : not("no privilege is gained", why),
      network,
    ],
    words: (line) => ["sh", "-c", line],
  };
}

const held = (what: string, how: string): Protection => ({ what, held: true, how });
const not = (what: string, how: string): Protection => ({ what, held: false, how });

function offlineOf({ offline }: JailWanted, works: boolean): Protection {
  const what = "no network";
  if (!offline) return not(what, "it has the machine's network, as nobody asked otherwise");
  return works ? held(what, "a network namespace with loopback alone") : not(what, "needs namespaces");
}

/**
 * Outside first: become root of a user namespace where the runner is none, take private mounts, die with the runner,
 * take a process namespace whose first process ends everything in it. Then the setup covers what is hidden, and the
 * line runs as itself again, without any capability.
 */
function jailWords(wanted: JailWanted, uid: number | null) {
  const { hidden, memory_mb, offline, processes_max = PROCESSES_MAX, shown = "" } = wanted;
  const user = process.getuid?.() ?? 0;
  const group = process.getgid?.() ?? 0;
  const bare = "--no-new-privs --bounding-set -all --inh-caps -all";
  const drop =
    uid === null
      ? `unshare --user --map-user=${user} --map-group=${group} setpriv ${bare}`
      : `setpriv --reuid ${uid} --regid ${uid} --clear-groups ${bare}`;
  const root = uid === null ? ["--user", "--map-root-user"] : [];
  // A volatile file costs memory that no process has; half and half again keep them under the command's bound.
  const sizes = [Math.max(1, memory_mb >> 1), Math.max(1, memory_mb >> 2)].map(String);
  return (line: string, work: string): string[] => [
    ...["unshare", ...root, "--mount", "--propagation", "private", "setpriv", "--pdeathsig", "KILL"],
    ...["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--ipc", ...(offline ? ["--net"] : [])],
    ...[
      "sh",
      "-c",
      SETUP,
      "jail",
      work,
      tmpdir(),
      ...sizes,
      String(processes_max),
      drop,
      hidden.join("\n"),
      shown,
      line,
    ],
  ];
}

function isPossible(words: ReturnType<typeof jailWords>): boolean {
  if (process.platform !== "linux" || !existsSync("/proc/self/ns/pid")) return false;
  const [program, ...rest] = words("test $$ -lt 1000 && test ! -w /", tmpdir());
  const { status } = spawnSync(program!, rest, { stdio: "ignore", timeout: 10_000, env: { PATH: process.env.PATH } });
  return status === 0;
}
