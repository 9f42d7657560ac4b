import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { Tone } from "../../ui/tone.ts";
import { type Became as Told, aftermathOf } from "./recorded.ts";

/** What became of a denial, in two or three words; its sheet tells it whole. */
export function Became({ id, page }: { id: number; page: readonly number[] }) {
  const { data } = useQuery({ ...aftermathOf(page), placeholderData: keepPreviousData });
  const told = data?.denials.find(({ decision }) => decision === id);
  if (told === undefined) return null;
  const [tone, text] = inShort(told);
  return (
    <span className={colours[tone]} title={text}>
      {text}
    </span>
  );
}

/** It stands in a column of its own, beside a chip: only what waits for somebody strikes the eye. */
const colours: Readonly<Record<Tone, string>> = {
  good: "text-ink-2",
  accent: "text-ink-2",
  info: "text-ink-2",
  quiet: "text-ink-3",
  warn: "text-warn",
  bad: "text-bad",
};

/** How it stands comes first: a phone has room for little more. */
function inShort(told: Told): [Tone, string] {
  const { tickets, approval, approval_state, escalation, escalation_closed, allowed_by } = told;
  if (allowed_by !== null) return ["good", "allowed later"];
  const ticket = tickets.at(-1);
  if (ticket) {
    const state = ticket.verdict ?? ticket.state;
    const names = tickets.map(({ id }) => id).join(", ");
    return [state === "rejected" ? "bad" : "info", `${state.replaceAll("_", " ")} (${names})`];
  }
  if (approval_state === "pending") return ["warn", `waits (approval ${approval})`];
  if (approval_state !== null) return ["info", `${approval_state} (approval ${approval})`];
  if (escalation !== null)
    return escalation_closed
      ? ["info", `closed (escalation ${escalation})`]
      : ["warn", `open (escalation ${escalation})`];
  return ["quiet", "nothing yet"];
}
