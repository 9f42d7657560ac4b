import { existsSync, statSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../../client/client.ts";
import { Refusal, refusalKinds } from "../../kernel/refusal.ts";
import type { Terminal } from "../import/telling.ts";
import { Changed, Follower } from "./follower.ts";
import { beginsWith, type Known, mirrorsOf } from "./known.ts";
import { guessFormat } from "./pieces.ts";
import { keepMirrorName, lockFile, mirrorNameOf, newMirrorName } from "./sidecar.ts";
import {
  type Asked,
  checkReadable,
  EXIT_HALTED,
  type Format,
  formatOf,
  numberOf,
  type Options,
  runProgram,
  SHARED_USAGE,
  toldRefusal,
  using,
} from "./words.ts";

const USAGE = `usage: longwatch feed mirror FILE [--once] [--format jsonl|markdown] [--lag-seconds N] [--new]

Brings what agents append to a feed file into the feed, and goes on until it is stopped. It only reads the file: nothing
is ever written to it, since those who append to it know of no lock. Each post comes in once, with its author and time,
however often this is killed. A line without an end waits for it; the last post of a Markdown file waits until the file
has rested for a second.

When the file shrank, was replaced, or was changed where it was read already, the mirror halts at once and leaves the
file as it is; every mirror of a file of that name halts with it. \`longwatch feed restore FILE\` writes it anew.

  --once           end when everything that is there was taken in
  --format         what the file is, when its name does not end in .jsonl or .md
  --lag-seconds N  being further behind than this is an entry in the ledger (feed.lagged); 60 without it
  --new            follow it as another copy, though the server knows a file of this name with other contents
${SHARED_USAGE}
Exit code: 0 when stopped, or with --once when everything is here, 1 with --once when something in it is no post, 2 for
a wrong call, 6 when another process mirrors the file, 8 with --once when the server is away, 9 when it halted.
`;

const options: Options = {
  once: { type: "boolean" },
  new: { type: "boolean" },
  json: { type: "boolean" },
  format: { type: "string" },
  "lag-seconds": { type: "string" },
};

const LOOK_MS = 100;
const REST_MS = 1_000;
const BEAT_MS = 10_000;
const AWAY_MS_MAX = 5_000;

/** Mirrors a feed file into the feed. Answers the exit code. */
export async function main(argv: string[], client: () => Client, terminal: Terminal): Promise<number> {
  return runProgram({ argv, usage: USAGE, options }, terminal, async ({ file, values }) => {
    const given = formatOf(values.format, file);
    const budget_seconds = numberOf(values["lag-seconds"], "--lag-seconds", 1) ?? 60;
    // A file that was mirrored and is gone is no wrong word: it halts.
    const gone = !existsSync(file) && mirrorNameOf(file) !== null;
    if (!gone) checkReadable(file);
    const format = given ?? (gone ? "markdown" : await guessFormat(file));
    const lock = lockFile(file);
    if (typeof lock === "string") throw held(file, lock);
    try {
      return await using(client(), (server) =>
        new Mirror({ file, values, format, budget_seconds }, server, terminal).run(),
      );
    } finally {
      lock.release();
    }
  });
}

type Setting = Asked & { format: Format; budget_seconds: number };

class Mirror {
  readonly #setting: Setting;
  readonly #client: Client;
  readonly #terminal: Terminal;
  readonly #name: string;
  readonly #counts = { imported: 0, here: 0, refused: 0 };
  #mirror = "";
  #ends = false;
  #away_ms = 0;
  /** Since when something waits to be taken in. */
  #behindSince: number | null = null;
  #beaten = 0;
  #lagging = false;

  constructor(setting: Setting, client: Client, terminal: Terminal) {
    this.#setting = setting;
    this.#client = client;
    this.#terminal = terminal;
    this.#name = basename(setting.file);
  }

  async run(): Promise<number> {
    const stop = () => {
      this.#ends = true;
    };
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
    try {
      while (!this.#ends)
        try {
          await this.#follow();
        } catch (error) {
          if (error instanceof Changed) return await this.#halt(error);
          if (!(error instanceof Refusal)) throw error;
          if (error.code === "mirror.halted") return this.#tellHalted(error);
          if (this.#setting.values.once || !refusalKinds[error.kind].retry) throw error;
          await this.#wait(error);
        }
      return this.#sum();
    } finally {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, stop);
    }
  }

  async #follow(): Promise<void> {
    const { file, format, values } = this.#setting;
    const known = await this.#findSelf();
    const following = { client: this.#client, file, name: this.#name, mirror: this.#mirror, format };
    const follower = await Follower.begin({ ...following, told: this.#told() }, known);
    this.#away_ms = 0;
    // What it could not say while the server was away.
    if (this.#behindSince !== null) await this.#beat(true);
    let seen = "";
    let since = performance.now();
    let waiting = true;
    while (!this.#ends) {
      const look = lookAt(file);
      if (look !== seen) since = performance.now();
      const rests = performance.now() - since >= REST_MS;
      if (look !== seen || (waiting && rests)) {
        this.#behindSince ??= performance.now();
        seen = look;
        ({ waiting } = await follower.round(rests));
        if (!waiting || !rests) this.#behindSince = null;
      }
      if (values.once && !waiting) this.#ends = true;
      await this.#beat(this.#ends || (this.#lagging && this.#behindSince === null));
      if (!this.#ends) await sleep(LOOK_MS);
    }
  }

  /** Which mirror this is: by the file beside it or, when that was lost, by the bytes that were read. */
  async #findSelf(): Promise<Known | undefined> {
    const { file, values } = this.#setting;
    const all = await mirrorsOf(this.#client, this.#name);
    const halted = all.find(({ state }) => state === "halted");
    if (halted) throw haltedRefusal(halted);
    const name = this.#mirror || mirrorNameOf(file);
    if (name !== null) {
      this.#mirror = name;
      return all.find(({ mirror }) => mirror === name);
    }
    let own: Known | undefined;
    const read = all.filter(({ size }) => size > 0);
    for (const one of read) if (!values.new && (await beginsWith(file, one))) own ??= one;
    if (read.length > 0 && !own && !values.new) throw unlike(file, read[0]!);
    // A mirror that is alive has another copy of the same posts: this one gets a name of its own.
    const mine = own?.state === "silent" ? own : undefined;
    this.#mirror = mine?.mirror ?? newMirrorName();
    keepMirrorName(file, this.#mirror);
    return mine;
  }

  #told() {
    const { stderr } = this.#terminal;
    return {
      imported: (isNew: boolean, count: number) => {
        this.#counts[isNew ? "imported" : "here"] += count;
      },
      refused: (line: number, reason: string) => {
        this.#counts.refused++;
        stderr(`${this.#name}:${line}: refused: ${reason}\n`);
      },
      mended: (line: number, field: string) =>
        stderr(`${this.#name}:${line}: ${field}: a NUL became \u2400, or half of a surrogate pair U+FFFD\n`),
    };
  }

  /** Says that it is alive and how far it is behind, and hears whether another copy halted. */
  async #beat(atOnce: boolean): Promise<void> {
    const now = performance.now();
    if (now - this.#beaten < BEAT_MS && !atOnce) return;
    this.#beaten = now;
    const behind_seconds = this.#behindSince === null ? 0 : Math.floor((now - this.#behindSince) / 1000);
    const { budget_seconds } = this.#setting;
    const input = { file: this.#name, mirror: this.#mirror, behind_seconds, budget_seconds };
    this.#lagging = (await this.#client.say<{ lagging: boolean }>("feed.beat", input)).lagging;
  }

  /** The server is away: slow is not down (J46). It is asked again for as long as it takes. */
  async #wait(error: Refusal): Promise<void> {
    if (this.#away_ms === 0) this.#terminal.stderr(`${toldRefusal(error)}The mirror waits for it.\n`);
    this.#behindSince ??= performance.now();
    this.#away_ms = Math.min(AWAY_MS_MAX, Math.max(200, this.#away_ms * 2));
    for (const until = performance.now() + this.#away_ms; performance.now() < until && !this.#ends;)
      await sleep(LOOK_MS);
  }

  async #halt({ message, found_size }: Changed): Promise<number> {
    const { file } = this.#setting;
    const { stderr } = this.#terminal;
    stderr(`halted: ${file} is not the file that was read: ${message}. Nothing was written to it.\n`);
    const input = { file: this.#name, mirror: this.#mirror, found_size, reason: message };
    try {
      const { expected_size } = await this.#client.say<{ expected_size: number }>("feed.halt", input);
      stderr(`${expected_size} bytes of it are in the ledger, and ${found_size} bytes are there now.\n`);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.code !== "mirror.halted") stderr(`The server could not be told. ${toldRefusal(error)}`);
    }
    stderr(`next: longwatch feed restore ${file}\n`);
    return EXIT_HALTED;
  }

  #tellHalted(error: Refusal): number {
    this.#terminal.stderr(`halted: ${error.message}\nnext: ${error.hint}\n`);
    return EXIT_HALTED;
  }

  #sum(): number {
    const { file, values } = this.#setting;
    const { imported, here, refused } = this.#counts;
    const told = `${file}: ${imported} posts imported, ${here} here already, ${refused} refused\n`;
    this.#terminal.stdout(values.json ? `${JSON.stringify({ file, mirror: this.#mirror, ...this.#counts })}\n` : told);
    return values.once && refused > 0 ? 1 : 0;
  }
}

/** What changes when somebody touches a file. */
function lookAt(file: string): string {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
    return [ino, size, mtimeNs, ctimeNs].join();
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

function held(file: string, holder: string): Refusal {
  return new Refusal("conflict", "mirror.held", `${file} is mirrored by ${holder}.`, {
    hint: `Stop that one first. If its machine is gone for good, delete ${file}.longwatch.<number>.`,
  });
}

function haltedRefusal({ file, halted_at, reason }: Known): Refusal {
  return new Refusal("conflict", "mirror.halted", `${file} was halted at ${halted_at}: ${reason}.`, {
    hint: `longwatch feed restore ${file}, where it was found so`,
  });
}

function unlike(file: string, { size }: Known): Refusal {
  const told = `The server knows a file named as ${file}, of which ${size} bytes were read, and this one differs.`;
  return new Refusal("conflict", "mirror.unlike", told, {
    hint: `longwatch feed restore ${file} writes what was read; --new follows this one as another copy.`,
  });
}
