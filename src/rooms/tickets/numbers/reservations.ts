import { z } from "zod";
import type { Transaction } from "../../../kernel/database.ts";
import { type Act, batchCommand } from "../../../kernel/operation.ts";
import { Refusal } from "../../../kernel/refusal.ts";
import { statements } from "../../../kernel/sql.ts";
import { Filed, insertTickets, type NewTicket, OWN_ID, StandsIn, Title } from "../new_ticket.ts";
import { Prefix } from "./format.ts";
import { takeNumbers } from "./numbers.ts";
import { priorities, type Row, WORKERS } from "../ticket.ts";

const sql = statements("tickets/numbers", "fill_reserved");

export const reserve = batchCommand({
  name: "ticket.reserve",
  summary: "Reserve a number for a subject, to be filed later by the same seat.",
  input: z.object({
    namespace: Prefix.describe("The namespace that gives the number."),
    title: Title.describe("The subject that the number is reserved for; other content under it is refused."),
    lane: StandsIn,
  }),
  output: Filed,
  may: WORKERS,
  allocates: true,
  events: ["ticket.reserved"],
  refuses: ["namespace.unknown"],
  async run(world, calls) {
    const numbers = await takeNumbers(
      world.db,
      calls.map(({ input }) => input.namespace),
    );
    const at = await world.at();
    const rows: NewTicket[] = [];
    const outcomes = calls.map(({ caller, input }, index): Act<z.output<typeof Filed>> | Refusal => {
      const number = numbers[index]!;
      if (number instanceof Refusal) return number;
      const row: NewTicket = {
        id: number.id,
        namespace: input.namespace,
        state: "reserved",
        lane: input.lane ?? number.lane,
        title: input.title.replaceAll(OWN_ID, number.id),
        body: "",
        priority: priorities.normal,
        type: "task",
        labels: [],
        surface_key: null,
        closes_when: null,
        owner_id: null,
        filed_by: caller.principal_id,
        filed_at: at,
        closed_at: null,
      };
      rows.push(row);
      const { id, state, lane, title } = row;
      return {
        output: { id, state, lane, title },
        events: [{ kind: "ticket.reserved", subject: id, data: { id, state, lane, title } }],
      };
    });
    insertTickets(world.db, rows);
    return outcomes;
  },
});

/** A reservation binds the number to its holder and its subject (J1, J5). */
export function reservationProblem(row: Row, principal_id: number, title: string): Refusal | null {
  if (row.state !== "reserved")
    return new Refusal("conflict", "reservation.used", `${row.id} is not a reservation; it is ${row.state}.`, {
      facts: { id: row.id, reserved_title: row.title, offered_title: title },
      hint: "File it under a number of its own.",
    });
  if (row.filed_by !== principal_id)
    return new Refusal("conflict", "reservation.held", `${row.id} is reserved by ${row.filer}.`, {
      facts: { id: row.id, holder: row.filer, reserved_title: row.title, offered_title: title },
      hint: "Reserve a number of your own.",
    });
  if (row.title === title.replaceAll(OWN_ID, row.id)) return null;
  return new Refusal(
    "conflict",
    "reservation.other_content",
    `${row.id} is reserved for “${row.title}”, not for “${title}”.`,
    {
      facts: { id: row.id, reserved_title: row.title, offered_title: title },
      hint: "File the other work under a number of its own.",
    },
  );
}

/** Makes a reservation the ticket it was for; travels with the commit. */
export function fillReserved(db: Transaction, row: NewTicket): void {
  const { id, state, body, type, priority, lane, labels, surface_key, closes_when, owner_id } = row;
  db.send(sql.fill_reserved, { id, state, body, type, priority, lane, labels, surface_key, closes_when, owner_id });
}
