import { readFile } from "node:fs/promises";
import type { Logger } from "pino";
import type { Door } from "../kernel/door.ts";
import { Refusal } from "../kernel/refusal.ts";
import { NoteError, openNote, parseVerifier, splitNote, type Verifier } from "../tlog/note.ts";
import { formatAddCheckpoint } from "../tlog/witness.ts";
import { type Posting, Posts } from "./posting.ts";

/** A witness that is asked for cosignatures: where it answers, and the key that its answers have to be of. */
export type Witness = { url: URL; verifier: Verifier };

/** How it stands between one witness and one tenant's log. */
export type WitnessState = {
  name: string;
  url: string;
  /** The size of the newest checkpoint that it has cosigned; null before the first. */
  size: number | null;
  /** Since when it does not cosign, and why. Null while all is well. */
  since: string | null;
  reason: string | null;
  failures: number;
};

export type Witnesses = {
  /** Says that the tenant has a new checkpoint. Returns at once. */
  published(tenant_id: number): void;
  state(tenant_id: number): WitnessState[];
  /** Asks nobody any more, and waits for what is on its way. */
  stop(): Promise<void>;
};

export type WitnessesOptions = {
  door: Pick<Door, "askInside" | "sayInside">;
  witnesses: readonly Witness[];
  /** Whose checkpoints are looked at when it begins: one may have been published as the last server died. */
  tenant_ids: readonly number[];
  log: Logger;
  retry_milliseconds_first?: number;
};

const SERVICE = "longwatch";
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 300_000;
/** The first asks with the size that we remember, the second with the one it names; a third if it moved meanwhile. */
const TRIES_MAX = 3;
const COSIGNATURE = 0x04;

/** Reads LONGWATCH_WITNESSES: a JSON list of `{"url", "vkey"}`, or the path of a file that holds one. */
export async function parseWitnesses(setting: string): Promise<Witness[]> {
  const wrong = (why: string) => new Error(`LONGWATCH_WITNESSES: ${why}`);
  const text = setting.trimStart().startsWith("[")
    ? setting
    : await readFile(setting, "utf8").catch((error) => {
        throw wrong(`it is no JSON list, and no file can be read there (${error.code ?? error.message})`);
      });
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    throw wrong(`it is not JSON: ${(error as Error).message}`);
  }
  if (!Array.isArray(list)) throw wrong('it must be a list of {"url": …, "vkey": …}');
  const witnesses = list.map((one: unknown, at): Witness => {
    const { url, vkey } = Object(one) as { url?: unknown; vkey?: unknown };
    if (typeof url !== "string" || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      throw wrong(`[${at}].url must be an address such as https://witness.example/prefix`);
    try {
      const verifier = parseVerifier(String(vkey));
      if (verifier.algorithm === COSIGNATURE) return { url: new URL(url), verifier };
    } catch (error) {
      throw wrong(`[${at}].vkey: ${(error as Error).message}`);
    }
    throw wrong(`[${at}].vkey is the key of a log; a witness has one for cosignatures (type 4)`);
  });
  if (new Set(witnesses.map(({ verifier }) => verifier.name)).size < witnesses.length)
    throw wrong("two witnesses have one name");
  return witnesses;
}

/** Asks each witness for its cosignature of each tenant's newest checkpoint, one request at a time for each witness. */
export function startWitnesses(options: WitnessesOptions): Witnesses {
  const askers = options.witnesses.map((witness) => new Asker(witness, options));
  const published = (tenant_id: number) => askers.forEach((asker) => asker.published(tenant_id));
  options.tenant_ids.forEach(published);
  return {
    published,
    state: (tenant_id) => askers.map((asker) => asker.state(tenant_id)),
    stop: async () => void (await Promise.all(askers.map((asker) => asker.stop()))),
  };
}

type Checkpoint = { origin: string; size: number; note: string; cosignatures: string[] };

class Asker {
  readonly #witness: Witness;
  readonly #options: WitnessesOptions;
  readonly #posts: Posts;
  #states = new Map<number, WitnessState>();
  /** What the witness last said of each origin, as far as we heard it. */
  #known = new Map<string, number>();
  #due = new Set<number>();
  #waiting = new Map<number, NodeJS.Timeout>();
  #running: Promise<void> | null = null;
  #stopped = false;

  constructor(witness: Witness, options: WitnessesOptions) {
    this.#witness = witness;
    this.#options = options;
    this.#posts = new Posts(new URL(`${witness.url.href.replace(/\/$/, "")}/add-checkpoint`));
  }

  published(tenant_id: number): void {
    // While it waits after a failure nothing is asked; then the newest checkpoint of that moment is.
    if (this.#stopped || this.#waiting.has(tenant_id)) return;
    this.#due.add(tenant_id);
    this.#begin();
  }

  state(tenant_id: number): WitnessState {
    const { url, verifier } = this.#witness;
    const begun = { name: verifier.name, url: url.href, size: null, since: null, reason: null, failures: 0 };
    return this.#states.get(tenant_id) ?? begun;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#due.clear();
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#posts.close();
    await this.#running;
  }

  #begin(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      if (this.#due.size > 0) this.#begin();
    });
  }

  async #run(): Promise<void> {
    for (const tenant_id of this.#due) {
      this.#due.delete(tenant_id);
      const state = this.state(tenant_id);
      try {
        const size = await this.#ask(tenant_id);
        this.#states.set(tenant_id, { ...state, size: size ?? state.size, since: null, reason: null, failures: 0 });
      } catch (error) {
        if (this.#stopped) return;
        this.#failed(tenant_id, state, (error as Error).message);
      }
    }
  }

  #failed(tenant_id: number, state: WitnessState, reason: string): void {
    const failures = state.failures + 1;
    const since = state.since ?? new Date().toISOString();
    this.#states.set(tenant_id, { ...state, since, reason, failures });
    if (reason !== state.reason) this.#options.log.warn({ witness: state.name, tenant_id, reason }, "no cosignature");
    const first = this.#options.retry_milliseconds_first ?? RETRY_FIRST_MS;
    const wait = Math.min(RETRY_MAX_MS, first * 2 ** Math.min(failures - 1, 20)) * (0.5 + Math.random() / 2);
    const again = () => {
      this.#waiting.delete(tenant_id);
      this.published(tenant_id);
    };
    this.#waiting.set(tenant_id, setTimeout(again, wait).unref());
  }

  /** Has the newest checkpoint cosigned. Answers its size; null while there is none. */
  async #ask(tenant_id: number): Promise<number | null> {
    const checkpoint = await this.#newest(tenant_id);
    if (checkpoint === null) return null;
    const { origin, size, note, cosignatures } = checkpoint;
    const { text } = splitNote(note);
    if (cosignatures.some((line) => this.#lineIn(text, `${line}\n`) !== null)) return size;
    let old_size = this.#known.get(origin) ?? 0;
    for (let tries = 1; tries <= TRIES_MAX; tries++) {
      if (old_size > size) throw new Error(`it has seen ${old_size} entries of ${origin}, which has ${size} now`);
      const proof = await this.#proof(tenant_id, old_size, size);
      const answer = await this.#posts.post(formatAddCheckpoint({ old_size, proof, note }));
      if (answer.status === 200) {
        const line = this.#lineIn(text, answer.body);
        if (line === null) throw new Error("its answer has no good cosignature of the key that is configured for it");
        const cosigned = { origin, tree_size: size, name: this.#witness.verifier.name, line };
        await this.#options.door.sayInside(tenant_id, SERVICE, "ledger.cosign", cosigned);
        this.#known.set(origin, size);
        return size;
      }
      const named = sizeNamed(answer);
      if (named === null) throw new Error(`it answered ${answer.status}: ${firstLine(answer.body)}`);
      // The same size again can only mean another root: a fork, theirs or ours, that somebody has to look at.
      if (named === old_size) throw new Error(`it holds another tree of ${named} entries under ${origin}`);
      this.#known.set(origin, named);
      old_size = named;
    }
    throw new Error("its newest size changed each time that it was asked");
  }

  async #newest(tenant_id: number): Promise<Checkpoint | null> {
    try {
      return (await this.#options.door.askInside(tenant_id, SERVICE, "ledger.checkpoint", {})) as Checkpoint;
    } catch (error) {
      if (error instanceof Refusal && error.code === "checkpoint.none") return null;
      throw error;
    }
  }

  async #proof(tenant_id: number, from_size: number, to_size: number): Promise<Buffer[]> {
    if (from_size === 0 || from_size === to_size) return [];
    const sizes = { from_size, to_size };
    const { proof } = (await this.#options.door.askInside(tenant_id, SERVICE, "ledger.consistency", sizes)) as {
      proof: string[];
    };
    return proof.map((hash) => Buffer.from(hash, "hex"));
  }

  /** The line of this witness among those given, if it is a good one for the text. */
  #lineIn(text: string, lines: string): string | null {
    try {
      return openNote(`${text}\n${lines}`, [this.#witness.verifier]).signatures[0]!.line;
    } catch (error) {
      if (error instanceof NoteError) return null;
      throw error;
    }
  }
}

function sizeNamed({ status, body }: Posting): number | null {
  const digits = status === 409 ? /^(0|[1-9]\d{0,15})\n?$/.exec(body)?.[1] : undefined;
  return digits !== undefined && Number.isSafeInteger(Number(digits)) ? Number(digits) : null;
}

function firstLine(body: string): string {
  return body.trim().split("\n", 1)[0]!.slice(0, 200) || "nothing";
}
