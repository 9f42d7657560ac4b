import { z } from "zod";
import { text } from "../../../kernel/operation.ts";
import type { FieldProblem } from "../../../kernel/refusal.ts";
import type { Row } from "../ticket.ts";

/**
 * The proofs of a finish (origins A2). Each is one field with one line of words, in one grammar: so the command line,
 * HTTP, MCP and the markers of a post all say the same thing.
 */
export const proofNames = [
  "deliverable",
  "merge",
  "work_proof",
  "user_value",
  "follow_ons",
  "activation",
  "design_review",
] as const;
export type ProofName = (typeof proofNames)[number];

// An empty one is malformed, and told with its form like the others.
const Line = text(2000).trim().optional();

/** What a refusal says of each form. The descriptions below say the same in fewer words: a list of tools is short. */
const FORMS: Record<ProofName, string> = {
  deliverable: "path: src/x.ts; branch: main; sha: 1a2b3c4; verify: npm test (it is run in a clean clone)",
  merge: "the sha of the merge, as 1a2b3c4 or merged (sha=1a2b3c4)",
  work_proof: "file, commit, query, screenshot, decision or experiment with its reference, or none - reason",
  user_value: "user: …; surface: …; change: …; closure_date: 2026-05-01, or infra-only",
  follow_ons: "claimed CMB-0002, awaiting_claim CMB-0003, backlog CMB-0004, separated by ;, or none - reason",
  activation: "the ticket that brings it into use, or planned - see …, or none-required because …",
  design_review: "intent: …; screenshot: …; matches: yes or no",
};

export const proofFields = {
  deliverable: Line.describe("path: …; branch: …; sha: …; verify: a command, run in a clean clone"),
  merge: Line.describe("Merged already: its sha. Instead of a deliverable."),
  work_proof: Line.describe("file, commit, query, screenshot, decision or experiment and which; or none - reason"),
  user_value: Line.describe("user: …; surface: …; change: …; closure_date: …; or infra-only"),
  follow_ons: Line.describe("claimed ID; awaiting_claim ID; backlog ID; or none - reason"),
  unused: Line.describe("What lands that nothing uses yet; needs activation."),
  activation: Line.describe("A ticket's id, planned - see …, or none-required because …"),
  design_review: Line.describe("intent: …; screenshot: …; matches: yes or no (then it stays in progress)"),
};

/** The proofs alone, for those who say a finish in other words. */
export const Proofs = z.object(proofFields);
type Said = z.output<typeof Proofs>;

export type Deliverable = { path: string; branch: string; sha: string; verify: string };
export type FollowOn = { how: "claimed" | "awaiting_claim" | "backlog"; id: string };

/** What was proved, read. A field that is malformed counts as not said, and its problem tells the form. */
export type Proved = {
  deliverable: Deliverable | null;
  merge: string | null;
  /** `none` is said, and counted. */
  work: "artifact" | "none" | null;
  value: "user" | "infra" | null;
  follow_ons: FollowOn[];
  /** A ticket that activates what landed. */
  activated_by: string | null;
  matches: boolean | null;
  problems: FieldProblem[];
};

const SHA = /^[0-9a-f]{7,64}$/;
const MERGED = /^(?:merged\s*)?\(?\s*(?:sha\s*[=:]\s*)?([0-9a-f]{7,64})\s*\)?$/i;
const WORK = /^(file|commit|query|screenshot|decision|experiment)(?:\s*:\s*|\s+)\S/i;
const NONE = /^none(?:\s+-\s+|-|\s*:\s*)\S/i;
const INFRA_ONLY = /^infra-only(?:\s+-\s+\S.*)?$/is;
const DAY = /^\d{4}-\d\d-\d\d$/;
const FOLLOW_ON = /^(claimed(?:-self)?|awaiting[_ ]claim|backlog):?\s+(\S{1,200})$/i;
/** Also other words that git would take for an option, or for more than one name. */
const BRANCH = /^(?!-)(?!.*(?:\.\.|@\{))[^\s~^:?*[\\\0-\x1f]+$/;

/** Reads every proof, and says of each malformed one what its form is. */
export function readProofs(said: Said): Proved {
  const problems: FieldProblem[] = [];
  const read = <T>(field: ProofName, reading: (words: string) => T | string): T | null => {
    const words = said[field];
    if (words === undefined) return null;
    const value = reading(words);
    if (typeof value !== "string") return value;
    problems.push({ field, message: `${value}. The form is ${FORMS[field]}` });
    return null;
  };
  return {
    deliverable: read("deliverable", deliverableOf),
    merge: read("merge", (words) => shaOf(words))?.sha ?? null,
    work: read("work_proof", workOf)?.work ?? null,
    value: read("user_value", valueOf)?.value ?? null,
    follow_ons: read("follow_ons", followOnsOf) ?? [],
    activated_by: read("activation", activationOf)?.id ?? null,
    matches: read("design_review", reviewOf)?.matches ?? null,
    problems,
  };
}

/** The parts of a line, `name: value; name: value`. A value may hold a semicolon that no name follows. */
function partsOf(words: string, names: readonly string[]): Map<string, string> | string {
  const at = new RegExp(String.raw`(?:^|[;,\n]|\s/\s)\s*(${names.join("|")})\s*[:=]\s*`, "gi");
  const found = [...words.matchAll(at)];
  const parts = new Map<string, string>();
  for (const [n, match] of found.entries()) {
    const name = match[1]!.toLowerCase();
    if (parts.has(name)) return `says ${name} twice`;
    const value = words.slice(match.index + match[0].length, found[n + 1]?.index).trim();
    if (value !== "") parts.set(name, value);
  }
  const missing = names.filter((name) => !parts.has(name));
  return missing.length > 0 ? `lacks ${missing.join(", ")}` : parts;
}

function deliverableOf(words: string): Deliverable | string {
  const parts = partsOf(words, ["path", "branch", "sha", "verify"]);
  if (typeof parts === "string") return parts;
  const deliverable = Object.fromEntries(parts) as Deliverable;
  const { path, branch } = deliverable;
  const sha = deliverable.sha.toLowerCase();
  // CMB-1119: the first DONE's file lay in its author's directory only.
  if (/^[/\\~-]|^[A-Za-z]:|[\0-\x1f]/.test(path) || path.split(/[/\\]/).includes(".."))
    return "has a path that does not lie in the repository";
  if (!BRANCH.test(branch)) return "names no branch";
  if (!SHA.test(sha)) return "has a sha that is not 7 to 64 hexadecimal digits";
  return { ...deliverable, sha };
}

function shaOf(words: string): { sha: string } | string {
  const sha = MERGED.exec(words)?.[1];
  return sha === undefined ? "names no sha of 7 to 64 hexadecimal digits" : { sha: sha.toLowerCase() };
}

function workOf(words: string): { work: "artifact" | "none" } | string {
  if (WORK.test(words)) return { work: "artifact" };
  return NONE.test(words) ? { work: "none" } : "names no artifact, and no reason why there is none";
}

function valueOf(words: string): { value: "user" | "infra" } | string {
  if (INFRA_ONLY.test(words)) return { value: "infra" };
  const parts = partsOf(words, ["user", "surface", "change", "closure_date"]);
  if (typeof parts === "string") return parts;
  const date = parts.get("closure_date")!;
  if (date.toLowerCase() === "infra-only") return { value: "infra" };
  const isDay = DAY.test(date) && !Number.isNaN(Date.parse(date));
  return isDay ? { value: "user" } : "has a closure_date that is no date";
}

function followOnsOf(words: string): FollowOn[] | string {
  if (NONE.test(words)) return [];
  const items = words.split(/[;,\n]/).map((item) => item.trim());
  const found: FollowOn[] = [];
  for (const item of items) {
    const [, how, id] = FOLLOW_ON.exec(item) ?? [];
    if (how === undefined) return `has “${item.slice(0, 60)}”, which is none of the three forms`;
    const form = how.toLowerCase().replace("claimed-self", "claimed").replace(" ", "_");
    found.push({ how: form as FollowOn["how"], id: id! });
  }
  return found;
}

function activationOf(words: string): { id: string | null } | string {
  if (/^planned\s+-\s+see\s+\S/i.test(words) || /^none-required\s+because\s+\S/i.test(words)) return { id: null };
  return /^\S{1,200}$/.test(words) && !/^(planned|none-required)$/i.test(words)
    ? { id: words }
    : "names no ticket and says neither where it is planned nor why none is required";
}

function reviewOf(words: string): { matches: boolean } | string {
  const parts = partsOf(words.replace(/matches-intent/i, "matches"), ["intent", "screenshot", "matches"]);
  if (typeof parts === "string") return parts;
  const matches = /^(yes|no)$/i.exec(parts.get("matches")!)?.[1];
  return matches === undefined ? "says neither yes nor no" : { matches: matches.toLowerCase() === "yes" };
}

/** Every proof that is needed and was not said, each with its form, and those that were said wrongly. */
export function missingProofs(required: ReadonlySet<ProofName>, said: Said, proved: Proved): FieldProblem[] {
  const needed = [...required, ...(!said.unused ? [] : (["activation"] as const))];
  const missing = [...new Set(needed)].filter(
    (name) => said[name] === undefined && !(name === "deliverable" && proved.merge !== null),
  );
  return [
    ...missing.map((field) => ({ field, message: `is missing. The form is ${FORMS[field]}` })),
    ...proved.problems,
  ];
}

/** What the proofs say of other tickets, and is not so. */
export function untrueOf(
  proved: Proved,
  named: ReadonlyMap<string, Row>,
  own: string,
  principal_id: number,
): FieldProblem[] {
  const states = {
    claimed: (row: Row) => row.state === "in_progress" && row.claimed_by === principal_id,
    awaiting_claim: (row: Row) => ["awaiting_claim", "in_progress", "blocked", "done"].includes(row.state),
    backlog: (row: Row) => row.state === "conditional" || row.state === "parked",
  };
  const follow_ons = proved.follow_ons.flatMap(({ how, id }) => {
    const row = named.get(id);
    if (!row) return [{ field: "follow_ons", message: `names ${id}, which is no ticket` }];
    if (states[how](row)) return [];
    const held = row.holder === null ? "" : ` by ${row.holder}`;
    return [{ field: "follow_ons", message: `says ${how} of ${row.id}, which is ${row.state}${held}` }];
  });
  const { activated_by: id } = proved;
  const by = id === null ? undefined : named.get(id);
  if (id === null || (by !== undefined && by.id !== own && by.state !== "cancelled")) return follow_ons;
  const is = by === undefined ? "is no ticket" : by.id === own ? "is this one" : "is cancelled";
  return [...follow_ons, { field: "activation", message: `names ${id}, which ${is}` }];
}
