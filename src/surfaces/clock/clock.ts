import { Cron } from "croner";
import type { Logger } from "pino";
import type { Door } from "../../kernel/door.ts";
import { Refusal } from "../../kernel/refusal.ts";

/** What time says: a command, as the service `longwatch` of each tenant. */
const schedule: readonly { pattern: string; command: string }[] = [
  { pattern: "*/5 * * * * *", command: "ticket.lapse" },
  { pattern: "17 * * * *", command: "request.sweep" },
  { pattern: "*/10 * * * *", command: "ledger.survey" },
];

/** Says the scheduled commands for every tenant. A run that is late or still going is not run twice. */
export function startClock(
  door: Door,
  tenants: () => Promise<readonly { id: number }[]>,
  log: Logger,
): { stop(): void } {
  const jobs = schedule.map(
    ({ pattern, command }) =>
      new Cron(pattern, { protect: true, unref: true }, async () => {
        for (const { id: tenant_id } of await tenants().catch(() => []))
          await door.sayInside(tenant_id, "longwatch", command, {}).catch((error) => {
            if (!(error instanceof Refusal && error.kind === "unavailable"))
              log.warn({ err: error, command }, "the clock failed");
          });
      }),
  );
  return { stop: () => jobs.forEach((job) => job.stop()) };
}
