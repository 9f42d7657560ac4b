import { readdirSync, readFileSync } from "node:fs";

type Process = { pid: number; parent: number; session: number; began: string; resident_bytes: number };

/** How long a killing goes on when new processes keep coming. */
const KILLING_MS = 3000;

/**
 * The processes that come from one command, found in /proc: its descendants, what is in its session, and what carries
 * its marker in the environment it was started with. A process that was seen once stays a member wherever it goes.
 * Where there is no /proc, there is the process group alone.
 */
export class ProcessTree {
  readonly #root: number;
  readonly #marker: string;
  readonly #members = new Map<number, string>();
  readonly #strangers = new Map<number, string>();

  constructor(root: number, marker: string) {
    this.#root = root;
    this.#marker = marker;
  }

  /** The members that live now. */
  look(): Process[] {
    const all = everyProcess();
    const byPid = new Map(all.map((one) => [one.pid, one]));
    for (const [pid, began] of this.#members) if (byPid.get(pid)?.began !== began) this.#members.delete(pid);
    for (const [pid, began] of this.#strangers) if (byPid.get(pid)?.began !== began) this.#strangers.delete(pid);
    const isMember = (one: Process | undefined): boolean => {
      if (one === undefined || one.pid === process.pid || one.pid <= 1) return false;
      if (this.#members.get(one.pid) === one.began) return true;
      const belongs = one.pid === this.#root || one.session === this.#root || isMember(byPid.get(one.parent));
      if (!belongs && (this.#strangers.has(one.pid) || !carries(one.pid, this.#marker))) {
        this.#strangers.set(one.pid, one.began);
        return false;
      }
      this.#members.set(one.pid, one.began);
      return true;
    };
    return all.filter(isMember);
  }

  /** Ends every member, and those that they start meanwhile. Answers how many are left. */
  async kill(): Promise<number> {
    for (const until = performance.now() + KILLING_MS; ;) {
      signal(-this.#root, "SIGKILL");
      const members = this.look();
      // Stopped first, so that none starts another while the next one is killed.
      for (const { pid } of members) signal(pid, "SIGSTOP");
      for (const { pid } of members) signal(pid, "SIGKILL");
      if (members.length === 0 || performance.now() > until) return members.length;
      await new Promise((done) => setTimeout(done, 5));
    }
  }
}

function signal(pid: number, name: "SIGKILL" | "SIGSTOP"): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone already, or never was ours to end.
  }
}

function carries(pid: number, marker: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").includes(marker);
  } catch {
    return false;
  }
}

let pageBytes: number | undefined;

function everyProcess(): Process[] {
  let names: string[];
  try {
    names = readdirSync("/proc");
  } catch {
    return [];
  }
  const found: Process[] = [];
  for (const name of names) {
    const stat = /^\d/.test(name) ? statOf(name) : null;
    if (stat === null) continue;
    // A zombie is over; only its parent has not looked yet.
    if (stat[0] !== "Z")
      found.push({
        pid: Number(name),
        parent: Number(stat[1]),
        session: Number(stat[3]),
        began: stat[19]!,
        resident_bytes: Number(stat[21]) * (pageBytes ??= pageBytesOf()),
      });
  }
  return found;
}

/** The fields after the program's name, which may hold anything. */
function statOf(pid: string): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}

/** Node does not tell the machine's page size, but the same amount in pages and in bytes. */
function pageBytesOf(): number {
  const pages = Number(statOf("self")?.[21] ?? 0);
  return pages > 0 ? 2 ** Math.round(Math.log2(process.memoryUsage.rss() / pages)) : 4096;
}
