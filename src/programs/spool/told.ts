import { type Spooled, waitingIn } from "../../spool/journal.ts";
import type { Spool } from "../../spool/spool.ts";

/** A spool as `spool status` tells it. */
export function standing(spool: Spool, mine: boolean) {
  const spooled = spool.read();
  const waiting = waitingIn(spooled);
  return {
    spool: spooled.spool,
    mark: spool.mark,
    server: spool.origin,
    seat: spool.seat,
    mine,
    waiting: waiting.length,
    /** Of those, the ones that the server has and that wait for their numbers. */
    received: waiting.filter(({ n }) => n <= spooled.received_upto).length,
    oldest_at: waiting[0]?.posted_at ?? null,
    contact_at: spool.contact_at,
    file: spool.path,
  };
}

type Standing = ReturnType<typeof standing>;

export function standingWords(rows: readonly Standing[]): string {
  if (rows.length === 0) return "nothing waits: no filing was ever kept here\n";
  return rows.map(oneStanding).join("");
}

function oneStanding({ mark, server, seat, mine, waiting, received, oldest_at, file }: Standing): string {
  const whose = seat ?? (mine ? "this token" : "another token");
  const what =
    waiting === 0 ? "nothing waits" : `${waiting} wait since ${oldest_at}, ${received} of them at the server`;
  const other = mine || waiting === 0 ? "" : `  if it is this seat's: longwatch spool send --spool ${mark}\n`;
  return `${whose} at ${server}: ${what}\n  ${file}\n${other}`;
}

/** Each post that was kept, the newest last, with what became of it. */
export function outcomeRows({ posts, outcomes, received_upto }: Spooled, limit: number) {
  const newest = [...posts.values()].sort((a, b) => a.n - b.n).slice(-limit);
  return newest.map(({ n, operation, provisional, input, posted_at, lost }) => {
    const known = outcomes.get(n);
    const state = known?.outcome ?? (n <= received_upto ? "pending" : "waiting");
    const title = lost ?? String(input.title ?? input.subject ?? "");
    return {
      n,
      posted_at,
      operation,
      provisional,
      outcome: state,
      id: known?.id ?? null,
      reason: known?.reason,
      title,
    };
  });
}

export function outcomeWords(rows: ReturnType<typeof outcomeRows>): string {
  if (rows.length === 0) return "nothing was kept here\n";
  return rows
    .map(({ n, provisional, outcome, id, reason, title }) => {
      const what = provisional ?? id ?? "post";
      const final = id !== null && id !== what ? ` is ${id}` : "";
      return `${n}  ${outcome.toUpperCase().padEnd(9)}  ${what}${final}  ${title}${reason ? `\n   ${reason}` : ""}\n`;
    })
    .join("");
}
