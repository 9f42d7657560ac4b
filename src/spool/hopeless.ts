import { Refusal } from "../kernel/refusal.ts";
import type { Operation } from "./lines.ts";
import { PREFIX } from "./spool.ts";

/** An entry of the ledger, and so everything that is filed or posted, is smaller. */
const BYTES_MAX = 65_535;

/**
 * Refuses, while somebody is there to say it better, what the server would refuse in any case: a spool is handed in
 * long after. Only the plainest faults; the server has the last word on each post.
 */
export function refuseHopeless(name: Operation, input: Record<string, unknown>, key: string): void {
  if (!/^[\x21-\x7e]{1,200}$/.test(key))
    throw hopeless("key.malformed", "Idempotency-Key", "must be 1 to 200 printable ASCII characters");
  const { title, subject, namespace, reservation, reserve } = input;
  const said = name === "ticket.file" ? title : subject;
  if (typeof said !== "string" || said.trim() === "")
    throw hopeless("input.invalid", name === "ticket.file" ? "title" : "subject", "is needed");
  if (name === "ticket.file" && namespace === undefined && reservation === undefined)
    throw hopeless("input.invalid", "namespace", "is needed unless a reservation is filled");
  for (const [field, asked] of Object.entries({ namespace, reserve }))
    if (asked !== undefined && !(typeof asked === "string" && PREFIX.test(asked)))
      throw hopeless("input.invalid", field, "must be at most 12 capital letters and digits, beginning with a letter");
  const bytes = Buffer.byteLength(JSON.stringify(input));
  if (bytes <= BYTES_MAX) return;
  const message = `It comes to ${bytes} bytes; an entry of the ledger holds at most ${BYTES_MAX}.`;
  throw new Refusal("oversized", "entry.oversized", message, { hint: "Shorten the text, or file it as parts." });
}

function hopeless(code: string, field: string, message: string): Refusal {
  return new Refusal("invalid", code, `${field}: ${message}`, { fields: [{ field, message }] });
}
