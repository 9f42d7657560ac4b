import type { QueryOutput } from "../../api/client.ts";
import type { Tone } from "../../ui/tone.ts";

/** How far signing is, and who holds the ledger fast outside the database. */
export type Coverage = QueryOutput<"/v1/ledger/coverage">;

/** Who holds the ledger fast where its database does not reach, and up to which entry. */
export type Anchor = { name: string; about: string; size: number | null; tone: Tone; word: string };

const upTo = (size: number) => `up to entry ${size.toLocaleString("en")}`;

/** All that would contradict a ledger that was rewritten, the nearest first. */
export function anchorsOf({ anchored, signer }: Coverage, seen: number | null): Anchor[] {
  const anchors: Anchor[] = [
    {
      name: "Signed notes",
      about: "files beside the database, which are only appended to",
      size: anchored.size,
      tone: signer?.state === "refused" ? "bad" : "accent",
      word: signer?.refused ? `refused to sign: ${signer.refused.reason}` : upTo(anchored.size),
    },
  ];
  for (const { name, size, reason } of signer?.witnesses ?? [])
    anchors.push({
      name: `Witness ${name}`,
      about: "another server; it cosigns only what continues what it saw",
      size,
      tone: reason === null ? "good" : "bad",
      word: reason ?? (size === null ? "has cosigned nothing yet" : upTo(size)),
    });
  if (signer?.s3)
    anchors.push({
      name: "Bucket",
      about: "a copy of the notes, which nobody can remove before its time",
      size: signer.s3.behind === 0 ? anchored.size : null,
      tone: signer.s3.behind === 0 ? "good" : "warn",
      word: signer.s3.reason ?? (signer.s3.behind === 0 ? "has every note" : `lacks ${signer.s3.behind} notes`),
    });
  anchors.push({
    name: "This browser",
    about: "remembers what it verified, and would say so",
    size: seen,
    tone: "info",
    word: seen === null ? "has seen nothing yet" : upTo(seen),
  });
  return anchors;
}
