import type { Client } from "../../client/client.ts";
import type { Fleet } from "./fleet.ts";
import { NAMESPACE, type Replay } from "./replay.ts";
import type { Week } from "./week.ts";

export type Ending = Awaited<ReturnType<typeof endingOf>>;

type Frame = { week: Week; fleet: Fleet; replay: Replay; seq_before: number; seconds: number; stopped: boolean };

/** What the demo proves, read back from the server and not from the demo's own memory. */
export async function endingOf(client: Client, { week, fleet, replay, seq_before, seconds, stopped }: Frame) {
  const { done, refused, refusals, commands, answers_ms } = fleet.record;
  const sorted = answers_ms.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round((sorted[Math.floor((sorted.length - 1) * share)] ?? 0) * 10) / 10;
  const verified = await client.ask<Verified>("ledger.verify", { after: seq_before });
  return {
    stopped,
    from: new Date(week.happenings[0]?.at ?? 0).toISOString(),
    to: new Date(replay.clock).toISOString(),
    seats: fleet.seats.length,
    events: replay.events,
    events_in_all: week.happenings.length,
    seconds: Math.round(seconds * 10) / 10,
    done,
    there_before: replay.there_before,
    refusals,
    refused,
    numbers: await numbersOf(client, replay.filed),
    ledger: {
      entries: verified.entries,
      whole: verified.whole,
      first_broken: verified.first_broken,
      reason: verified.reason,
    },
    commands,
    answer_ms: { half: at(0.5), most: at(0.99) },
  };
}

type Verified = { whole: boolean; entries: number; first_broken: number | null; reason: string | null };

/** Every number of the namespace from the first to the last must be there once, and every one that we were given. */
async function numbersOf(client: Client, filed: readonly string[]) {
  const there = new Set<string>();
  let duplicates = filed.length - new Set(filed).size;
  for (let after: string | null = ""; after !== null;) {
    const page: { tickets: { id: string }[]; next: string | null } = await client.ask("ticket.list", {
      namespace: NAMESPACE,
      after,
      limit: 1000,
    });
    for (const { id } of page.tickets) {
      if (there.has(id)) duplicates++;
      there.add(id);
    }
    after = page.next;
  }
  const numbers = [...there].map((id) => Number(/\d+$/.exec(id)?.[0])).sort((a, b) => a - b);
  const gaps = (numbers.at(-1) ?? 0) - numbers.length;
  const lost = filed.filter((id) => !there.has(id)).length;
  return {
    first: filed.toSorted()[0] ?? null,
    count: filed.length,
    in_namespace: numbers.length,
    gaps,
    duplicates,
    lost,
  };
}

export function isSound({ numbers, ledger }: Ending): boolean {
  return ledger.whole && numbers.gaps === 0 && numbers.duplicates === 0 && numbers.lost === 0;
}

const REASONS: Record<string, string> = {
  "ticket.in_progress": "another seat held it",
  "ticket.done": "it was finished already",
  "ticket.cancelled": "it had been cancelled",
  "ticket.blocked": "it was blocked",
  "ticket.parked": "it was laid aside",
  "ticket.awaiting_claim": "it was open already",
  "ticket.owned": "it was given to another seat",
  "lease.lost": "the claim had ended",
  "blocker.unclassified": "it did not say which access was missing",
  "role.forbidden": "the seat's role may not do that",
};

const DEEDS: readonly (readonly [string, string])[] = [
  ["ticket.file", "tickets filed"],
  ["ticket.claim", "claimed"],
  ["ticket.renew", "renewed"],
  ["ticket.release", "given back, some as blocked"],
  ["ticket.block", "blocked"],
  ["ticket.park", "laid aside"],
  ["ticket.reopen", "reopened"],
  ["ticket.finish", "finished"],
  ["post.append", "posts"],
];

/** The ending for a person. */
export function told(ending: Ending): string {
  const { numbers, ledger, refused, done, answer_ms } = ending;
  const number = (value: number) => value.toLocaleString("en-US");
  const day = (instant: string) => instant.slice(0, 16).replace("T", " ");
  const begun = ending.stopped ? "Stopped by you: " : "";
  const lines = [
    `\n${begun}${day(ending.from)} to ${day(ending.to)}, lived again by ${ending.seats} seats in ${ending.seconds} s\n`,
  ];
  for (const [command, deed] of DEEDS) {
    const older = command === "ticket.file" ? ending.there_before : 0;
    const beside = older > 0 ? ` (${number(older)} of them are older than the week)` : "";
    if (done[command]) lines.push(`  ${number(done[command]).padStart(7)}  ${deed}${beside}`);
  }
  lines.push(`\n  ${number(ending.refusals).padStart(7)}  collisions refused, each with its reason:`);
  for (const [code, count] of Object.entries(refused).sort(([, a], [, b]) => b - a))
    lines.push(`  ${number(count).padStart(7)}    ${code.padEnd(22)} ${REASONS[code] ?? ""}`.trimEnd());
  const flaws = `${numbers.gaps} gaps, ${numbers.duplicates} duplicates, ${numbers.lost} lost`;
  const faultless = numbers.gaps === 0 && numbers.duplicates === 0 && numbers.lost === 0;
  lines.push(`\n  numbers   ${number(numbers.count)} given, ${faultless ? "no gap, no duplicate" : flaws}`);
  const broken = `BROKEN at entry ${ledger.first_broken}: ${ledger.reason}`;
  lines.push(`  ledger    ${number(ledger.entries)} entries re-hashed, ${ledger.whole ? "whole" : broken}`);
  const rate = number(Math.round(ending.commands / Math.max(ending.seconds, 0.1)));
  const half = `half answered within ${answer_ms.half} ms, 99 % within ${answer_ms.most} ms`;
  lines.push(`  speed     ${number(ending.commands)} commands, ${rate} a second; ${half}`);
  return `${lines.join("\n")}\n`;
}
