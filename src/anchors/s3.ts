import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { S3Client } from "@aws-sdk/client-s3";
import type { Logger } from "pino";
import type { OutsideNote } from "../kernel/ports.ts";
import type { Bucket } from "./bucket.ts";
import { notesIn } from "./directory.ts";

/**
 * A second copy of every signed note, in a bucket whose object lock keeps it from everybody, the owner included, until
 * its time is over. The directory stays the first copy: nothing waits for the bucket, and what the bucket misses is
 * found there and put later.
 */

/** How far the bucket is behind the directory: no notes, null and null when it is whole. */
export type BucketState = { behind: number; since: string | null; reason: string | null };

export type BucketCopy = {
  /** Says that these notes were written to the log's directory, smallest first. Returns at once. */
  appended(tenant: string, epoch: number, notes: readonly OutsideNote[]): void;
  state(tenant: string): BucketState;
  stop(): Promise<void>;
};

export type BucketOptions = {
  bucket: Bucket;
  /** The directory that is copied: `<anchors>/<tenant>/<epoch>/notes`. */
  anchors: string;
  log: Logger;
  /** Without them the SDK looks where it always does: its variables, its files, the machine's role. */
  credentials?: { accessKeyId: string; secretAccessKey: string };
  retry_milliseconds_first?: number;
};

const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 300_000;
/** More are not kept in memory; they stand in the directory. */
const PENDING_MAX = 1_000;
/** 2^53 in digits, so that the keys of a log sort by size. */
const SIZE_DIGITS = 16;
const DAY_MS = 86_400_000;

/** Begins to keep the bucket in step with the directory; what it misses from earlier is found and put first. */
export async function startBucket(options: BucketOptions): Promise<BucketCopy> {
  const copy = new Copy(options);
  await copy.begin();
  return copy;
}

/** One log: the notes that the bucket misses, as far as we know; null when it has to be found out. */
type Log = { tenant: string; epoch: number; pending: OutsideNote[] | null };

class Copy implements BucketCopy {
  readonly #options: BucketOptions;
  #client: S3Client | null = null;
  #logs = new Map<string, Log>();
  #behind = new Map<string, { since: string; reason: string | null }>();
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | null = null;
  #stopped = new AbortController();

  constructor(options: BucketOptions) {
    this.#options = options;
  }

  async begin(): Promise<void> {
    for (const tenant of await names(this.#options.anchors))
      for (const epoch of await names(join(this.#options.anchors, tenant)))
        if (/^[1-9]\d*$/.test(epoch)) this.#log(tenant, Number(epoch));
    this.#run();
  }

  appended(tenant: string, epoch: number, notes: readonly OutsideNote[]): void {
    const log = this.#log(tenant, epoch);
    log.pending?.push(...notes);
    if (log.pending && log.pending.length > PENDING_MAX) log.pending = null;
    if (this.#timer === undefined) this.#run();
  }

  state(tenant: string): BucketState {
    const logs = [...this.#logs.values()].filter((log) => log.tenant === tenant);
    const behind = logs.reduce((sum, { pending }) => sum + (pending?.length ?? 1), 0);
    return { behind, ...(this.#behind.get(tenant) ?? { since: null, reason: null }) };
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    clearTimeout(this.#timer);
    await this.#running;
    this.#client?.destroy();
  }

  #log(tenant: string, epoch: number): Log {
    const key = `${tenant}/${epoch}`;
    const known = this.#logs.get(key);
    if (known) return known;
    // A directory that we have not heard of before may hold notes of an earlier start.
    const log: Log = { tenant, epoch, pending: null };
    this.#logs.set(key, log);
    return log;
  }

  #run(): void {
    if (this.#stopped.signal.aborted) return;
    this.#running ??= this.#pass().finally(() => {
      this.#running = null;
      if (this.#timer === undefined && this.#unfinished().length > 0) this.#run();
    });
  }

  #unfinished(): Log[] {
    return [...this.#logs.values()].filter(({ pending }) => pending === null || pending.length > 0);
  }

  /** Puts what is missing, log after log. One that fails does not hold up the others; all wait before the next pass. */
  async #pass(): Promise<void> {
    let failed = false;
    for (const log of this.#unfinished()) {
      try {
        await this.#complete(log);
      } catch (error) {
        if (this.#stopped.signal.aborted) return;
        failed = true;
        this.#tell(log.tenant, reasonOf(error));
      }
    }
    if (!failed) return void (this.#failures = 0);
    const first = this.#options.retry_milliseconds_first ?? RETRY_FIRST_MS;
    const wait = Math.min(RETRY_MAX_MS, first * 2 ** Math.min(this.#failures++, 20)) * (0.5 + Math.random() / 2);
    const again = () => {
      this.#timer = undefined;
      this.#run();
    };
    this.#timer = setTimeout(again, wait).unref();
  }

  async #complete(log: Log): Promise<void> {
    this.#behind.set(log.tenant, this.#behind.get(log.tenant) ?? { since: new Date().toISOString(), reason: null });
    if (log.pending === null) {
      // What is written while we look is in the directory that we read, or is told to us after it: never in neither.
      const told: OutsideNote[] = [];
      log.pending = told;
      const missing = await this.#missing(log).catch((error) => {
        log.pending = null;
        throw error;
      });
      // More was told than is kept in memory: the next pass finds it.
      if (log.pending !== told) return;
      const last = missing.at(-1)?.size ?? -1;
      log.pending = [...missing, ...told.filter(({ size }) => size > last)];
    }
    while (log.pending !== null && log.pending.length > 0) {
      await this.#put(log, log.pending[0]!);
      log.pending?.shift();
    }
    const others = this.#unfinished().some(({ tenant }) => tenant === log.tenant);
    if (!others) this.#behind.delete(log.tenant);
  }

  #tell(tenant: string, reason: string): void {
    const before = this.#behind.get(tenant);
    this.#behind.set(tenant, { since: before?.since ?? new Date().toISOString(), reason });
    if (before?.reason !== reason)
      this.#options.log.warn({ tenant, reason }, "the bucket does not take the ledger's anchors; it is asked again");
  }

  /**
   * The notes of the directory that the bucket does not have. They are put in order, so behind the last that is there
   * all are missing: it is looked for backwards in growing steps and then between the two, instead of listing all.
   */
  async #missing(log: Log): Promise<OutsideNote[]> {
    const notes = await notesIn(join(this.#options.anchors, log.tenant, String(log.epoch)));
    let missing = notes.length;
    let present = -1;
    for (let step = 1; missing > 0 && present < 0; step *= 2) {
      const at = Math.max(0, missing - step);
      if (await this.#has(log, notes[at]!)) present = at;
      else missing = at;
    }
    while (missing - present > 1) {
      const middle = Math.floor((present + missing) / 2);
      if (await this.#has(log, notes[middle]!)) present = middle;
      else missing = middle;
    }
    return notes.slice(missing);
  }

  #key({ tenant, epoch }: Log, { size }: OutsideNote): { Bucket: string; Key: string } {
    const { name, prefix } = this.#options.bucket;
    return { Bucket: name, Key: `${prefix}${tenant}/${epoch}/${String(size).padStart(SIZE_DIGITS, "0")}` };
  }

  async #has(log: Log, note: OutsideNote): Promise<boolean> {
    const { HeadObjectCommand } = await sdk();
    const client = await this.#connected();
    try {
      await client.send(new HeadObjectCommand(this.#key(log, note)), { abortSignal: this.#stopped.signal });
      return true;
    } catch (error) {
      if (statusOf(error) === 404) return false;
      throw error;
    }
  }

  async #put(log: Log, note: OutsideNote): Promise<void> {
    const { PutObjectCommand } = await sdk();
    const client = await this.#connected();
    const put = new PutObjectCommand({
      ...this.#key(log, note),
      Body: Buffer.from(note.note),
      ContentType: "text/plain; charset=utf-8",
      // Object lock wants a checksum, and keeps versions, not keys: without the condition a second note would hide it.
      ChecksumAlgorithm: "SHA256",
      IfNoneMatch: "*",
      ObjectLockMode: "COMPLIANCE",
      ObjectLockRetainUntilDate: new Date(Date.now() + this.#options.bucket.retention_days * DAY_MS),
    });
    try {
      await client.send(put, { abortSignal: this.#stopped.signal });
    } catch (error) {
      if (statusOf(error) !== 412) throw error;
      await this.#mustBeSame(log, note);
    }
  }

  /** A put whose answer was lost finds its own object. Another note there is a second tree, and never overwritten. */
  async #mustBeSame(log: Log, note: OutsideNote): Promise<void> {
    const { GetObjectCommand } = await sdk();
    const client = await this.#connected();
    const key = this.#key(log, note);
    const { Body } = await client.send(new GetObjectCommand(key), { abortSignal: this.#stopped.signal });
    if ((await Body?.transformToString()) !== note.note)
      throw new Error(
        `${key.Key} holds another note than the directory: two trees of ${note.size} entries were signed`,
      );
  }

  async #connected(): Promise<S3Client> {
    if (this.#client) return this.#client;
    const { S3Client } = await sdk();
    const { bucket, credentials } = this.#options;
    return (this.#client ??= new S3Client({
      region: bucket.region,
      // We try again ourselves, and say so meanwhile.
      maxAttempts: 1,
      requestHandler: { connectionTimeout: 5_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
      ...(bucket.endpoint === undefined ? {} : { endpoint: bucket.endpoint, forcePathStyle: true }),
      ...(credentials === undefined ? {} : { credentials }),
    }));
  }
}

/** Loaded when a bucket is configured, and by nobody else: it is an optional dependency of 22 MB. */
function sdk(): Promise<typeof import("@aws-sdk/client-s3")> {
  return import("@aws-sdk/client-s3");
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}

function reasonOf(error: unknown): string {
  const { code, name, message } = error as NodeJS.ErrnoException;
  if (code === "ERR_MODULE_NOT_FOUND") return "the S3 SDK is not installed: npm install @aws-sdk/client-s3";
  const status = statusOf(error);
  return `${[name, status, code].filter((part) => part && part !== "Error").join(" ")}: ${message || "no answer"}`;
}

async function names(path: string): Promise<string[]> {
  return readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
    throw error;
  });
}
