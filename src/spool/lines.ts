/** The journal's lines: one JSON object each, which ends in a checksum over what stands before it. */

export type Operation = "ticket.file" | "post.append";

/** A filing that waits for the server, as it is handed in. */
export type Post = {
  /** 1, 2, 3 …: no number of a spool is left out or given twice. */
  n: number;
  operation: Operation;
  /** The id that it goes by until it is confirmed; null when it asks for no new number. */
  provisional: string | null;
  input: Record<string, unknown>;
  /** The Idempotency-Key of the request that may have reached the server all the same. */
  key: string | null;
  /** By the clock of this machine, which nobody trusts. */
  posted_at: string;
  /** What the server's clock said when it last answered this spool; null before it did. */
  contact_at: string | null;
  /** Milliseconds since then by a clock that cannot be set; null when the machine was started anew in between. */
  elapsed_ms: number | null;
  /** A drop record: why the words are lost. */
  lost: string | null;
};

/** What became of a post. */
export type Outcome = {
  n: number;
  provisional: string | null;
  id: string | null;
  outcome: "confirmed" | "amended" | "posted" | "refused" | "lost";
  reason: string | null;
  code: string | null;
};

/** Each line also tells the last number given, so that the end of the journal is enough to go on from. */
export type Line = { last: number } & (
  | { kind: "spool"; spool: string; origin: string; seat: string | null; begun_at: string }
  | { kind: "post"; post: Post }
  | { kind: "received"; upto: number }
  | { kind: "outcome"; outcome: Outcome }
);

const SUM = /,"sum":"([0-9a-f]{16})"\}$/;
/** How a line begins that gave no number; of what is torn, anything else may have been a post. */
const NUMBERLESS = /^\{"kind":"(spool|received|outcome)"/;

export function lineOf({ kind, last, ...rest }: Line): string {
  const text = JSON.stringify({ kind, last, ...rest });
  return `${text.slice(0, -1)},"sum":"${sumOf(text)}"}\n`;
}

/** What a line says; undefined for one that is torn or damaged. */
export function readLine(line: string): Line | undefined {
  const sum = SUM.exec(line)?.[1];
  if (sum === undefined) return undefined;
  const text = line.replace(SUM, "}");
  return sumOf(text) === sum ? (JSON.parse(text) as Line) : undefined;
}

export const mayHaveNumbered = (torn: string) => !NUMBERLESS.test(torn);

function sumOf(text: string): string {
  return process.getBuiltinModule("node:crypto").createHash("sha256").update(text).digest("hex").slice(0, 16);
}
