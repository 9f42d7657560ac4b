import { refusalOf } from "../../spool/own_place.ts";
import { Spool } from "../../spool/spool.ts";
import { standing } from "../spool/told.ts";
import { type Finding, ok, problem } from "./finding.ts";

/** What waits on this machine for a server that was away (docs/offline.md). */
export function spoolFindings(place: string, whose: { url: string; token: string | undefined } | null): Finding[] {
  try {
    const mark = whose?.token === undefined ? null : Spool.of({ place, url: whose.url, token: whose.token }).mark;
    const waiting = Spool.all(place)
      .map((spool) => standing(spool, spool.mark === mark))
      .filter((one) => one.waiting > 0);
    return waiting.length === 0 ? [ok("spool", "nothing waits on this machine")] : waiting.map(waitingFinding);
  } catch (error) {
    const { message, hint } = refusalOf(error);
    return [problem("spool", message, hint ?? "docs/offline.md")];
  }
}

function waitingFinding({ mark, server, seat, mine, waiting, received, oldest_at }: ReturnType<typeof standing>) {
  const told = `${waiting} of ${seat ?? (mine ? "this token" : "another token")} for ${server} since ${oldest_at}`;
  if (received === waiting) return ok("spool", `${told}: they are at the server, which will give their numbers`);
  const next = mine ? "longwatch spool send" : `longwatch spool send --spool ${mark}, with a token of its seat.`;
  return problem("spool", `${told} wait on this machine`, next);
}
