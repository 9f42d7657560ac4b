import { useQueries } from "@tanstack/react-query";
import type { QueryOutput } from "../../api/client.ts";
import { asked } from "../../api/queries.ts";
import type { Tone } from "../../ui/tone.ts";
import { questionsFor } from "../decisions/questions.ts";
import { act } from "../decisions/words.ts";
import { everySeat } from "../seats/every_seat.ts";
import { isForOperator, useUnsettled } from "./unsettled.ts";

/** One thing that waits for the operator: what, since when, and where to settle it. */
export type Waiting = {
  key: string;
  tone: Tone;
  what: string;
  line: string;
  at: string | null;
  /** Its age, where the server tells that instead of an instant. */
  age?: string;
  to: string;
};

/** Everything that waits for a person, the worst first. `undefined` until all of it was answered once. */
export function useWaiting(): { waiting: Waiting[] | undefined; error: Error | null } {
  const answers = useQueries({
    queries: [
      asked("/v1/ledger/coverage"),
      asked("/v1/environment/list"),
      asked("/v1/failure/list", { limit: 50 }),
      asked("/v1/escalation/list", { limit: 50 }),
      asked("/v1/approval/list", { state: "pending", limit: 50 }),
      questionsFor("operator"),
      everySeat(),
      asked("/v1/ticket/counts"),
    ],
  });
  const { unsettled, error: another } = useUnsettled();
  const error = answers.find((one) => one.error)?.error ?? another;
  const [coverage, environments, failures, escalations, approvals, questions, seats, counts] = answers;
  if (!coverage.data || !environments.data || !failures.data || !escalations.data) return { waiting: undefined, error };
  if (!approvals.data || !questions.data || !seats.data || !counts.data || !unsettled)
    return { waiting: undefined, error };
  const waiting = [
    ...ofLedger(coverage.data),
    ...environments.data.environments.flatMap(ofEnvironment),
    ...failures.data.failures.map(ofFailure),
    ...ofSeats(seats.data, counts.data),
    ...escalations.data.escalations.map((one) =>
      warned(`escalation ${one.id}`, "Escalation", `Nobody can ${act(one)} for ${one.asker}`, one.opened_at),
    ),
    ...approvals.data.items
      .filter(isForOperator)
      .map((one) => warned(`approval ${one.id}`, "Approval", lineOf(one), one.asked_at)),
    ...questions.data.map(({ id, text, age }) => ({ ...warned(`question ${id}`, "Question", text, null), age })),
    ...unsettled,
  ];
  return { waiting, error };
}

function warned(key: string, what: string, line: string, at: string | null): Waiting {
  return { key, tone: "warn", what, line, at, to: "/decisions" };
}

function lineOf(one: QueryOutput<"/v1/approval/show">): string {
  const { subject, production, wording } = one;
  return `${act(one)}${production ? " in production" : ""}, for ${subject}${wording === null ? "" : `: ${wording}`}`;
}

function ofLedger({ broken, signer }: QueryOutput<"/v1/ledger/coverage">): Waiting[] {
  const told = (what: string, line: string, at: string | null): Waiting => {
    return { key: what, tone: "bad", what, line, at, to: "/ledger" };
  };
  return [
    ...(broken ? [told("Ledger broken", `Entry ${broken.first_broken}: ${broken.reason}`, broken.found_at)] : []),
    ...(signer?.refused ? [told("Not signed", signer.refused.reason, null)] : []),
  ];
}

type Environment = QueryOutput<"/v1/environment/list">["environments"][number];

function ofEnvironment({ environment, state, down_since: at }: Environment): Waiting[] {
  if (at === null && state !== "in_doubt") return [];
  const what = at === null ? "In doubt" : "Down";
  return [{ key: `${what} ${environment}`, tone: "bad", what, line: environment, at, to: "/landing" }];
}

function ofFailure(one: QueryOutput<"/v1/failure/list">["failures"][number]): Waiting {
  const { failure, environment, cause, opened_at: at } = one;
  const line = `${environment}: ${cause}`;
  return { key: `failure ${failure}`, tone: "bad", what: "Failed deploy", line, at, to: "/landing" };
}

/** A seat that is busy and brings forth nothing, and work that nobody is awake for. */
function ofSeats({ seats }: QueryOutput<"/v1/seat/list">, { counts }: QueryOutput<"/v1/ticket/counts">): Waiting[] {
  const stuck = seats
    .filter(({ state }) => state === "stuck")
    .map(({ name, output_at: at }): Waiting => {
      return { key: `stuck ${name}`, tone: "bad", what: "Stuck", line: name, at, to: `/seats/${name}` };
    });
  const open = counts.find(({ state }) => state === "awaiting_claim")?.count ?? 0;
  const isAwake = seats.some(({ state }) => ["busy", "idle", "blocked", "stuck"].includes(state));
  if (isAwake || open === 0 || seats.length === 0) return stuck;
  const line = `${open} ${open === 1 ? "ticket" : "tickets"} can be claimed, and no seat is awake to do so`;
  return [...stuck, { key: "nobody", tone: "warn", what: "Nobody works", line, at: null, to: "/seats" }];
}
