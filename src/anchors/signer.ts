import { randomBytes } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Logger } from "pino";
import type { Database, TenantTransaction } from "../kernel/database.ts";
import type { Door } from "../kernel/door.ts";
import type { OutsideNote } from "../kernel/ports.ts";
import { Refusal } from "../kernel/refusal.ts";
import {
  anchorsBetween,
  keysOf,
  ledgerSize,
  type Log,
  type LogKey,
  newestAnchorOf,
  newestEpoch,
  openedLog,
  type RecentLeaves,
} from "../rooms/ledger/index.ts";
import { formatCheckpoint } from "../tlog/checkpoint.ts";
import { formatVerifier, type Signer as Key, signNote } from "../tlog/note.ts";
import { TILE_WIDTH } from "../tlog/tiles.ts";
import { AnchorDirectory } from "./directory.ts";
import { KeyFile } from "./keys.ts";
import { look } from "./look.ts";
import { mustGrowTo, mustHold, outsideNote, setBack } from "./standing.ts";
import { Contradiction, GrowingTree, type RecentHashes, type Root } from "./tree.ts";

/** A pass signs for so many entries at the most, so that it ends and others have their turn. */
export const ENTRIES_A_PASS = 65_536;
/** Signatures that are checked between two turns of the event loop: 3 ms of it. */
const NOTES_A_TURN = 32;

/** Where a crash may fall; a drill kills the process at each. */
export type Step = "read" | "signed" | "anchored" | "published";

export type SignerOptions = {
  tenant_id: number;
  tenant: string;
  database: Database;
  door: Door;
  /** The directory outside the database. */
  anchors: string;
  /** The directory of the secret keys. */
  keys: string;
  log: Logger;
  /** What this process has just appended; without it all is read from the database. */
  recent?: RecentLeaves;
  /** Told after each step of a pass. */
  onStep?: (step: Step) => void | Promise<void>;
  /** Told of notes that stand in the directory: S3 takes them from here. */
  onAnchored?: (epoch: number, notes: readonly OutsideNote[]) => void;
  /** Told that a checkpoint is published: the witnesses are asked. */
  onPublished?: () => void;
};

/** `elsewhere`: another server has this log's key. `refused`: it would contradict what was signed. */
export type SignerState = {
  tenant_id: number;
  tenant: string;
  state: "starting" | "signing" | "elsewhere" | "refused";
  origin: string | null;
  size: number;
  refused: { code: string; reason: string } | null;
};

type Memory = {
  log: Log;
  keys: LogKey[];
  key: Key;
  file: KeyFile;
  /** Signs beside the newest key until the change of keys itself is signed. */
  before: Key | null;
  tree: GrowingTree;
  directory: AnchorDirectory;
};

/**
 * Signs one tenant's checkpoints. The order is what makes it safe: the note is made, it stands on a disk outside the
 * database, then it is published. After a crash the same bytes are published, since Ed25519 signs the same text the
 * same way and the directory says what was signed. What it does not remember it reads anew.
 */
export class Signer {
  readonly #options: SignerOptions;
  #memory: Memory | null = null;
  #refused: { code: string; reason: string } | null = null;
  /** Whether the ledger has been told of the refusal. */
  #told = false;
  #elsewhere = false;

  readonly #recent: RecentHashes = (after, limit) =>
    this.#options.recent?.after(this.#options.tenant_id, after, limit) ?? null;

  constructor(options: SignerOptions) {
    this.#options = options;
    options.recent?.watch(options.tenant_id);
  }

  get state(): SignerState {
    const { tenant_id, tenant } = this.#options;
    const state = this.#refused ? "refused" : this.#elsewhere ? "elsewhere" : this.#memory ? "signing" : "starting";
    const origin = this.#memory?.log.origin ?? null;
    return { tenant_id, tenant, state, origin, size: this.#memory?.tree.size ?? 0, refused: this.#refused };
  }

  /** How many entries are signed and published. */
  get size(): number {
    return this.#memory?.tree.size ?? 0;
  }

  /**
   * Signs what has come: every 256 entries, and with `whole` the newest one too. Answers how many entries it left
   * unsigned. Throws what it could not do; the next pass begins from what stands on the disks.
   */
  async pass(whole: boolean): Promise<number> {
    try {
      this.#memory ??= await this.#recover();
      if (this.#memory === null) return 0;
      return await this.#sign(this.#memory, whole);
    } catch (error) {
      this.#memory = null;
      if (error instanceof Contradiction) return await this.#refuse(error);
      throw error;
    }
  }

  async #sign(memory: Memory, whole: boolean): Promise<number> {
    const { tree } = memory;
    const before = tree.size;
    const { roots, left, log } = await this.#look(async (tx) => {
      const standing = tree.mustStand(tx);
      standing.catch(() => {});
      const [opened, size] = await Promise.all([openedLog(tx), ledgerSize(tx)]);
      if (size < before) throw setBack(size, before);
      await standing;
      const sizes = sizesToSign(before, size, whole || memory.before !== null);
      return { roots: await tree.grow(tx, sizes, this.#recent), left: size - (sizes.at(-1) ?? before), log: opened };
    });
    await this.#step("read");
    if (log?.origin !== memory.log.origin) return this.#begin();
    const notes = roots.map((root) => noteOf(memory, root));
    await this.#step("signed");
    if (notes.length > 0) await this.#publish(memory, notes);
    // The next pass signs the change with both keys, so it must reach as far as the entry that tells of it.
    if (log.rotate_asked_at !== null && left < TILE_WIDTH) return this.#rotate(memory);
    this.#refused = null;
    return left;
  }

  async #publish(memory: Memory, notes: readonly OutsideNote[]): Promise<void> {
    const { directory, log, tree } = memory;
    await directory.append(notes);
    this.#options.onAnchored?.(log.epoch, notes);
    await this.#step("anchored");
    await this.#settle(log.origin, notes, tree);
    await this.#step("published");
    this.#options.onPublished?.();
    // The change of keys is an entry; once a checkpoint covers it, the old key has said all it had to say.
    const change = memory.keys.at(-1)!.after_size;
    if (memory.before !== null && tree.size > change) memory.before = null;
  }

  /** Another log was opened or this one frozen: begins anew with what is there now. */
  #begin(): Promise<number> {
    this.#memory = null;
    this.#refused = null;
    return this.pass(true);
  }

  async #rotate(memory: Memory): Promise<number> {
    const { origin } = memory.log;
    // A key that was made before a crash and never named is the one to name.
    const made = memory.file.newest!;
    const named = memory.keys.some(({ vkey }) => vkey === formatVerifier(made));
    const key = named ? await memory.file.add(origin) : made;
    await this.#say("ledger.add_key", { origin, vkey: formatVerifier(key) });
    return this.#begin();
  }

  /** Reads what was signed, outside and inside, and brings the two together. Null when the key is elsewhere. */
  async #recover(): Promise<Memory | null> {
    const opened = await this.#look(openedLog);
    const log = opened ?? (await this.#open());
    const { tenant, anchors } = this.#options;
    const file = await KeyFile.open(this.#options.keys, tenant, log.epoch);
    const keys = await this.#look((tx) => keysOf(tx, log.origin));
    const key = file.find(keys.at(-1)!.vkey);
    this.#elsewhere = key === undefined;
    if (key === undefined) return null;
    const directory = await AnchorDirectory.open(anchors, tenant, log.epoch, log.origin);
    await directory.writeKeys(keys.map(({ vkey }) => vkey));
    const { tree, behind, lost } = await this.#look(async (tx) => {
      const published = await newestAnchorOf(tx, log.origin);
      const size = published?.tree_size ?? 0;
      const held = await GrowingTree.read(tx, size);
      if (published && !held.root().equals(published.root))
        throw new Contradiction("ledger.broken", `the tiles do not give the root of the checkpoint of ${size} entries`);
      const outside = directory.last;
      if (outside !== null) await mustHold(tx, outside, size);
      const unpublished = await directory.notesAfter(size);
      await mustGrowTo(tx, held, unpublished);
      return { tree: held, behind: unpublished, lost: await anchorsBetween(tx, log.origin, outside?.size ?? -1, size) };
    });
    // A directory that lost its notes, or was moved, is filled again from the notes that this log's keys did sign.
    const again: OutsideNote[] = [];
    for (const { note } of lost) {
      again.push(outsideNote(note, keys));
      // A check takes 0.1 ms, and a month has 170,000 notes: others have their turn.
      if (again.length % NOTES_A_TURN === 0) await nextTurn();
    }
    if (again.length > 0) await directory.append(again);
    if (behind.length > 0) await this.#settle(log.origin, behind, tree);
    const previous = keys.at(-2);
    const change = keys.at(-1)!.after_size;
    const before = previous && tree.size <= change ? (file.find(previous.vkey) ?? null) : null;
    return { log, keys, key, file, before, tree, directory };
  }

  /** Opens a log under a name that no other has: twice the same tree under two names is no contradiction. */
  async #open(): Promise<Log> {
    const { tenant, keys } = this.#options;
    const epoch = (await this.#look(newestEpoch)) + 1;
    const file = await KeyFile.open(keys, tenant, epoch);
    const suffix = epoch === 1 ? "" : `/${epoch}`;
    const key = file.newest ?? (await file.add(`longwatch/${randomBytes(8).toString("hex")}/${tenant}${suffix}`));
    try {
      await this.#say("ledger.open_log", { origin: key.name, vkey: formatVerifier(key) });
    } catch (error) {
      // Another server was first, with a key of its own. Or we were, and the answer was lost: that key is the log's.
      if (error instanceof Refusal && error.code === "log.open" && (await this.#look(openedLog))?.origin !== key.name)
        await file.remove();
      throw error;
    }
    return (await this.#look(openedLog))!;
  }

  async #refuse({ code, message }: Contradiction): Promise<number> {
    const known = this.#refused?.code === code;
    this.#refused = { code, reason: message };
    if (known && this.#told) return 0;
    const { tenant, log } = this.#options;
    if (!known) log.error({ tenant, code }, `the signer refuses: ${message}`);
    this.#told = false;
    const origin = (await this.#look(openedLog))?.origin ?? "none";
    await this.#say("ledger.refuse_signing", { origin, code, reason: message }).catch((error) => {
      // A ledger that is broken at its head takes no entry; one whose database is away takes it with the next pass.
      this.#told = !(error instanceof Refusal && error.kind === "unavailable");
      throw error;
    });
    this.#told = true;
    return 0;
  }

  async #settle(origin: string, notes: readonly OutsideNote[], tree: GrowingTree): Promise<void> {
    await this.#say("ledger.anchor", {
      origin,
      anchors: notes.map(({ size, root, note }) => ({ size, root: root.toString("hex"), note })),
      tiles: tree.takeGrown().map(({ hashes, ...tile }) => ({ ...tile, hashes: hashes.toString("base64") })),
    });
  }

  #say(name: string, input: object): Promise<unknown> {
    return this.#options.door.sayInside(this.#options.tenant_id, "longwatch", name, input);
  }

  async #step(step: Step): Promise<void> {
    await this.#options.onStep?.(step);
  }

  #look<T>(read: (tx: TenantTransaction) => Promise<T>): Promise<T> {
    return look(this.#options.database, this.#options.tenant_id, read);
  }
}

/** Every multiple of 256 after what is signed; with `whole` the newest entry as well. */
function sizesToSign(signed: number, size: number, whole: boolean): number[] {
  const end = Math.min(size, signed + ENTRIES_A_PASS);
  const sizes: number[] = [];
  for (let at = (Math.floor(signed / TILE_WIDTH) + 1) * TILE_WIDTH; at <= end; at += TILE_WIDTH) sizes.push(at);
  if (whole && end > (sizes.at(-1) ?? signed)) sizes.push(end);
  return sizes;
}

function noteOf({ log, key, before }: Memory, { size, root }: Root): OutsideNote {
  const text = formatCheckpoint({ origin: log.origin, size, root });
  return { origin: log.origin, size, root, note: signNote(text, before === null ? [key] : [key, before]) };
}
