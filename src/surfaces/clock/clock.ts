import { Cron } from "croner";
import type { Logger } from "pino";
import { isPassing } from "../../kernel/database.ts";
import type { Door } from "../../kernel/door.ts";

/** What time says: a command, as the service `longwatch` of each tenant. */
const schedule: readonly { pattern: string; command: string }[] = [
  { pattern: "*/5 * * * * *", command: "ticket.lapse" },
  { pattern: "*/5 * * * * *", command: "ticket.trigger" },
  { pattern: "*/2 * * * * *", command: "spool.settle" },
  { pattern: "*/5 * * * * *", command: "deploy.lapse" },
  { pattern: "*/5 * * * * *", command: "schedule.fire" },
  { pattern: "17 * * * *", command: "request.sweep" },
  { pattern: "*/10 * * * *", command: "ledger.survey" },
  { pattern: "41 * * * * *", command: "role.survey" },
  { pattern: "*/20 * * * * *", command: "doctrine.survey" },
  { pattern: "23 * * * * *", command: "question.survey" },
  { pattern: "29 * * * * *", command: "adoption.survey" },
  { pattern: "37 * * * * *", command: "credential.survey" },
];

export type Clock = {
  /** What the last run of each command raised, for any tenant: its output's `alarms`. */
  alarms(): string[];
  /** Says a command for every tenant, as it does by itself. */
  say(command: string): Promise<void>;
  stop(): void;
};

type Told = { alarms?: readonly string[]; waiting?: boolean };

/** Says the scheduled commands for every tenant. A run that is late or still going is not run twice. */
export function startClock(door: Door, tenants: () => Promise<readonly { id: number }[]>, log: Logger): Clock {
  const raised = new Map<string, readonly string[]>();
  const outage = new Outage(log);
  const say = async (command: string) => {
    const all = await tenants().catch((error) => {
      outage.failed(error);
      return [];
    });
    for (const { id: tenant_id } of all)
      try {
        // What bounds its transactions says when more is to be done; others have their turn in between.
        for (let waiting = true; waiting;) {
          const { output } = (await door.sayInside(tenant_id, "longwatch", command, {})) as { output: Told };
          raised.set(`${command} ${tenant_id}`, output.alarms ?? []);
          waiting = output.waiting === true;
        }
        outage.over();
      } catch (error) {
        if (isPassing(error)) outage.failed(error);
        else log.warn({ err: error, command }, "the clock failed");
      }
  };
  const jobs = schedule.map(
    ({ pattern, command }) => new Cron(pattern, { protect: true, unref: true }, () => say(command)),
  );
  return {
    alarms: () => [...new Set([...raised.values()].flat())],
    say,
    stop: () => {
      outage.end();
      jobs.forEach((job) => job.stop());
    },
  };
}

/** A database that restarts, or a moment without a free connection, is nobody's news. */
const OUTAGE_MILLISECONDS_MIN = 5_000;

/** The clock asks the database all the time. So it is the one that tells of its absence: once, and once of its end. */
class Outage {
  readonly #log: Logger;
  #since: number | null = null;
  #told = false;
  #ended = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  failed(error: unknown): void {
    this.#since ??= performance.now();
    if (this.#told || this.#ended || performance.now() - this.#since < OUTAGE_MILLISECONDS_MIN) return;
    this.#told = true;
    // A name whose addresses all refuse makes an error without words.
    const { message, code } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
    this.#log.warn(
      { reason: message || code },
      "the database does not answer; what needs it is refused until it is back",
    );
  }

  over(): void {
    this.#since = null;
    if (this.#told) this.#log.warn("the database answers again");
    this.#told = false;
  }

  /** The server stops: what fails now is the end's doing. */
  end(): void {
    this.#ended = true;
  }
}
