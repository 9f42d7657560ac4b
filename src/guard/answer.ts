import type { Decided, Failure, Offer, Protocol } from "./ask.ts";
import type { Found } from "./vocabulary.ts";

/** What a model gets to read in the place of its tool's result: what was refused, why, and what it does next. */

/** A denial is read by a model in the middle of something else; what is longer than this is not followed. */
const CHARACTERS_MAX = 1500;
const SEATS_MAX = 5;
const LINE_MAX = 300;

const SAME_EVERY_WAY =
  "Do not try it another way (a script, an alias, another shell, tool or flag): each way is looked at like this one";
const NO_WAY_AROUND = `${SAME_EVERY_WAY}, and each try is recorded.`;

/** The first denied action decides what to do next; the others are named. */
export function denial(decided: readonly Decided[]): string {
  const refused = decided.filter(({ allowed }) => !allowed);
  const [first, ...others] = refused as [Decided, ...Decided[]];
  const { reasons, rules, protocol, found } = first;
  const head = [
    `Longwatch refused this call: ${named(found)}. It was not run.`,
    ...(reasons.length > 0 ? reasons.map((reason) => `Why: ${line(reason)}`) : ["Why: the server gave no reason."]),
    ...rules.map(({ id, rule }) => `Rule ${id}: ${line(rule)}`),
    ...(found.certain ? [] : ["The command could not be read whole; say it plainly if it does something else."]),
  ];
  const also = others.length > 0 ? [`Refused with it: ${others.map(({ found }) => named(found)).join("; ")}.`] : [];
  if (!protocol) return within([...head, ...also], [], [NO_WAY_AROUND]);
  const { offers = [], command } = protocol;
  const seats = Array.isArray(offers) && offers.length > 0 ? ["Idle seats that may do it:", ...seatLines(offers)] : [];
  const next = typeof command === "string" && command !== "" ? `Do this now instead: ${line(command)}` : undefined;
  const doing = `What to do: ${line(protocol.do)}`;
  return within([...head, ...also], seats, [doing, ...waiting(protocol), ...(next ? [next] : []), NO_WAY_AROUND]);
}

/** Nothing could be decided, so what is protected waits; everything else goes on. */
export function undecided(founds: readonly Found[], { why, remedy }: Failure): string {
  return within(
    [
      `Longwatch refused this call: ${named(founds[0]!)}. It was not run.`,
      `Why: nobody could decide about it: ${line(why)}. What is protected waits then; other calls still work.`,
    ],
    [],
    [`What to do: ${line(remedy)}`, `${SAME_EVERY_WAY}.`],
  );
}

/** The call itself could not be understood. */
export function unreadable(why: string): string {
  return within(
    [`Longwatch refused this call, because its guard could not read it: ${line(why)}. It was not run.`],
    [],
    ["What to do: say it in a simpler way. If every call is refused like this, tell the operator: `longwatch doctor`."],
  );
}

/** Why a run stops until a person has decided. */
export function postponed(decided: readonly Decided[]): string {
  const waits = decided.filter(({ allowed }) => !allowed);
  const numbers = waits.map(({ protocol }) => protocol!.approval).join(", ");
  return line(`Longwatch: ${waits.map(({ found }) => named(found)).join("; ")} waits for approval ${numbers}.`);
}

function named({ action, resource, because }: Found): string {
  return line(`${action.replaceAll("_", " ")} of ${resource.type} ${resource.id} (${because})`);
}

function waiting({ approval, approval_state, escalation }: Protocol): string[] {
  if (typeof approval === "number" && approval_state === "pending")
    return [`Request ${approval} waits for a person. When it is granted, make the very same call again.`];
  return typeof escalation === "number" ? [`Escalation ${escalation} is open about it.`] : [];
}

function seatLines(offers: readonly Offer[]): string[] {
  const whole = offers.filter((offer) => typeof offer?.seat === "string");
  return whole.slice(0, SEATS_MAX).map(({ seat, role, lane, idle_seconds }, at) => {
    const facts = [role, lane && `lane ${lane}`, idle_seconds !== undefined && `idle for ${duration(idle_seconds)}`];
    return line(`${at + 1}. ${seat} (${facts.filter(Boolean).join(", ")})`);
  });
}

function duration(seconds: number): string {
  const units: [number, string][] = [
    [86_400, "d"],
    [3_600, "h"],
    [60, "min"],
  ];
  const [size, unit] = units.find(([size]) => seconds >= size) ?? [1, "s"];
  return `${Math.floor(seconds / size)} ${unit}`;
}

/** The end says what to do, so it is whole whatever had to be cut before it. */
function within(head: readonly string[], seats: readonly string[], end: readonly string[]): string {
  const last = end.join("\n");
  const room = CHARACTERS_MAX - last.length - 1;
  const shown: string[] = [];
  let used = 0;
  for (const text of [...head, ...seats]) {
    if (used + text.length + 1 > room) break;
    shown.push(text);
    used += text.length + 1;
  }
  return [...shown, last].join("\n");
}

/** One line without anything that moves a terminal's cursor or colours it. */
function line(text: string): string {
  const flat = text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ").trim();
  return flat.length > LINE_MAX ? `${flat.slice(0, LINE_MAX - 1)}…` : flat;
}
