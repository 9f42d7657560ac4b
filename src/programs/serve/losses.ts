import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "pino";
import { Producer, type Speaker } from "../../client/producer.ts";
import { isAlive } from "../../database/directory.ts";
import type { Door, Lost } from "../../kernel/door.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { NODE_PREFIX } from "../../rooms/ledger/index.ts";

/** The service of each tenant that speaks for the server. */
const SERVICE = "longwatch";
/** A memory is one process's: servers of an external database may share a data directory. */
const MEMORY = /^(\d+)-(\d+)\.memory$/;

/**
 * The attempts that this server could not record, not even as failed: it numbers them as the producer `node/<id>` of
 * their tenant, and tells the ledger that they were lost as soon as the database is back, or after the next start.
 * What producers send themselves is theirs to tell.
 */
export class Losses {
  readonly #directory: string;
  readonly #name: string;
  readonly #log: Logger;
  #door: Door | null = null;
  #producers = new Map<string, Producer>();

  constructor({ directory, log }: { directory: string; log: Logger }) {
    this.#directory = directory;
    this.#log = log;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#name = NODE_PREFIX + nodeId(join(directory, "node"));
  }

  add({ caller, command, code }: Lost): void {
    // What the server says of its own accord it says again.
    if (caller.name === SERVICE || /^(producer|telemetry)\./.test(command)) return;
    try {
      this.#producer(`${caller.tenant_id}-${process.pid}.memory`).lose(code.replaceAll(".", "_"));
    } catch (error) {
      const { tenant_id, name } = caller;
      const lost = { err: error, tenant_id, caller: name, command, code };
      this.#log.error(lost, "an attempt left no entry, and was not even counted");
    }
  }

  /** Begins to tell: first of all what processes before this one still owed. */
  serve(door: Door): void {
    this.#door = door;
    for (const file of readdirSync(this.#directory)) {
      const pid = Number(MEMORY.exec(file)?.[2]);
      // Our own number belongs to a process that is gone, as in a container, where it is always the same.
      if (!Number.isNaN(pid) && (pid === process.pid || !isAlive(pid))) this.#producer(file);
    }
  }

  /** Tells what can be told while the door is open. */
  async flush(options: { within_seconds: number }): Promise<void> {
    await Promise.all([...this.#producers.values()].map((one) => one.flush(options)));
  }

  /** Leaves the rest to the next start. */
  async close(): Promise<void> {
    await Promise.all([...this.#producers.values()].map((one) => one.close({ within_seconds: 0 })));
  }

  #producer(file: string): Producer {
    const known = this.#producers.get(file);
    if (known) return known;
    const tenant_id = Number(MEMORY.exec(file)![1]);
    const options = {
      client: this.#speaker(tenant_id),
      name: this.#name,
      policy: "drop" as const,
      onProblem: (problem: unknown) => this.#tell(tenant_id, problem),
    };
    const memory_path = join(this.#directory, file);
    let producer: Producer;
    try {
      producer = new Producer({ ...options, memory_path });
    } catch (error) {
      if (!(error instanceof Refusal && error.code === "memory.strange")) throw error;
      this.#log.error({ err: error }, "what a process before this one owed the ledger cannot be read");
      renameSync(memory_path, `${memory_path}.strange`);
      producer = new Producer({ ...options, memory_path });
    }
    this.#producers.set(file, producer);
    return producer;
  }

  #speaker(tenant_id: number): Speaker {
    return {
      say: async <Output>(name: string, input: unknown) => {
        if (!this.#door) throw new Refusal("unavailable", "server.starting", "The server is starting.");
        return (await this.#door.sayInside(tenant_id, SERVICE, name, input)).output as Output;
      },
    };
  }

  #tell(tenant_id: number, problem: unknown): void {
    // A database that is away is the reason why there is something to tell.
    if (!(problem instanceof Refusal && (problem.kind === "unavailable" || problem.kind === "timeout")))
      this.#log.warn({ err: problem, tenant_id }, "what could not be recorded cannot be told to the ledger either");
  }
}

/** This installation's number, made once. */
function nodeId(path: string): string {
  try {
    writeFileSync(path, randomBytes(6).toString("hex"), { flag: "wx", mode: 0o600, flush: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const id = readFileSync(path, "utf8");
  if (/^[0-9a-f]{12}$/.test(id)) return id;
  throw new Error(`${path} is not this node's number: remove it, and another one is made.`);
}
