import { Cron } from "croner";
import type { Logger } from "pino";
import type { Door } from "../../kernel/door.ts";
import { Refusal } from "../../kernel/refusal.ts";

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
  const say = async (command: string) => {
    for (const { id: tenant_id } of await tenants().catch(() => []))
      try {
        // What bounds its transactions says when more is to be done; others have their turn in between.
        for (let waiting = true; waiting;) {
          const { output } = (await door.sayInside(tenant_id, "longwatch", command, {})) as { output: Told };
          raised.set(`${command} ${tenant_id}`, output.alarms ?? []);
          waiting = output.waiting === true;
        }
      } catch (error) {
        if (!(error instanceof Refusal && error.kind === "unavailable"))
          log.warn({ err: error, command }, "the clock failed");
      }
  };
  const jobs = schedule.map(
    ({ pattern, command }) => new Cron(pattern, { protect: true, unref: true }, () => say(command)),
  );
  return {
    alarms: () => [...new Set([...raised.values()].flat())],
    say,
    stop: () => jobs.forEach((job) => job.stop()),
  };
}
