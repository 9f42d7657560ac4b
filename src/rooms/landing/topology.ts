/**
 * Whether words contradict what is recorded of an environment (J27, R-F4): pure. It judges only what plainly speaks of
 * a deploy and plainly names a branch or a command; everything else is left alone.
 */

export type Recorded = {
  environment: string;
  lane: string | null;
  production: boolean;
  branch: string;
  command: string;
  verify_command: string | null;
  rollback_command: string | null;
};

export type Contradiction = { environment: string; what: "branch" | "command"; said: string; recorded: string };

/** Verbs in the forms that people write them. */
const DEPLOY = [
  ...["(?:re)?deploy(?:s|ed|ing|ment)?", "releas(?:e|es|ed|ing)", "ship(?:s|ped|ping)?"],
  ...["roll(?:s|ed)? out", "promot(?:e|es|ed)", "go(?:es)? live"],
].join("|");
const MOVE = [
  ...["merg(?:e|es|ed|ing)", "push(?:es|ed|ing)?", "rebas(?:e|es|ed)", "land(?:s|ed|ing)?"],
  ...["cherry-?pick(?:s|ed)?", "commit(?:s|ted)?"],
].join("|");
/** A name as git takes it, quoted or not, with or without a remote. */
const NAME = String.raw`["'\`]?(?:origin\/)?(?<name>[A-Za-z0-9](?:[\w./-]*\w)?)`;
/** Words between a verb and what it governs: not past the end of a clause. */
const GAP = String.raw`\b[^.,;:()]{0,60}?\s`;

/** Words that concern a deploy at all: whoever files anything else pays for nothing more than this. */
export const CONCERNS = new RegExp(String.raw`\b(?:${DEPLOY})\b`, "i");

const BRANCH_FORMS = [
  String.raw`\b(?:${MOVE})${GAP}(?:in|on)?to\s+(?:the\s+)?(?:branch\s+)?${NAME}`,
  String.raw`\b(?:${DEPLOY})${GAP}(?:from|off)\s+(?:the\s+)?(?:branch\s+)?${NAME}`,
  String.raw`\b(?:${DEPLOY})\s+(?:the\s+)?branch\s+${NAME}`,
  String.raw`\b(?:${DEPLOY})\s+${NAME}["'\`]?\s+(?:in|on)?to\s`,
].map((form) => new RegExp(form, "gi"));

const COMMAND_FORMS = [
  String.raw`\b(?:${DEPLOY})${GAP}(?:with|using|via|by(?:\s+running)?)\s+\`(?<name>[^\`]+)\``,
  String.raw`\brun(?:ning)?\s+\`(?<name>[^\`]+)\`\s+to\s+(?:${DEPLOY})\b`,
].map((form) => new RegExp(form, "gi"));

/** Branches that are known by their names; others are recognised by a slash or because they are recorded. */
const BRANCHES = ["main", "master", "trunk", "develop", "development", "dev", "stable", "release", "gh-pages"];
/** Environments that people name although none of the name is recorded here: such words are about another place. */
const ELSEWHERE = /\b(?:staging|preview|sandbox|local(?:host|ly)?|qa|uat|canary|test environment)\b/i;
const DENIED = /\b(?:not|never|don['’]t|instead of|rather than|no longer|without)\s+(?:\w+\s+){0,3}$/i;

export function contradictions(text: string, lane: string | null, recorded: readonly Recorded[]): Contradiction[] {
  if (!CONCERNS.test(text)) return [];
  const found = clauses(text).flatMap((clause) => {
    if (!CONCERNS.test(clause)) return [];
    return concerned(clause, text, lane, recorded).flatMap((one) => [
      ...named(clause, BRANCH_FORMS)
        .filter((name) => isBranch(name, recorded) && name !== one.branch)
        .map((said): Contradiction => ({ ...about(one), what: "branch", said, recorded: one.branch })),
      ...named(clause, COMMAND_FORMS)
        .filter((line) => !isCommandOf(one, line))
        .map((said): Contradiction => ({ ...about(one), what: "command", said, recorded: one.command })),
    ]);
  });
  return [...new Map(found.map((one) => [`${one.environment} ${one.what} ${one.said}`, one])).values()];
}

const about = ({ environment }: Recorded) => ({ environment });

/** Lines and sentences; a full stop inside a name or a version ends none. */
function clauses(text: string): string[] {
  return text.split(/\n|;|(?<=[.!?])\s+/);
}

/** The environments that a clause is about: named in it, named beside it, the lane's, the only one. */
function concerned(clause: string, text: string, lane: string | null, all: readonly Recorded[]): readonly Recorded[] {
  for (const words of [clause, text]) {
    const those = all.filter(({ environment }) => mentions(words, environment));
    if (those.length > 0) return those;
    if (ELSEWHERE.test(words)) return [];
  }
  const ofLane = all.filter((one) => one.lane !== null && one.lane === lane);
  // Production is what people mean who only say “deploy”.
  for (const those of [ofLane, ofLane.filter(({ production }) => production)]) if (those.length === 1) return those;
  return all.length === 1 && all[0]!.lane === null ? all : [];
}

function mentions(words: string, name: string): boolean {
  return new RegExp(String.raw`(?<![\w./-])${name.replaceAll(".", "\\.")}(?![\w/-])`, "i").test(words);
}

function named(clause: string, forms: readonly RegExp[]): string[] {
  return forms.flatMap((form) =>
    [...clause.matchAll(form)].flatMap(({ index, 0: whole, groups }) => {
      const name = groups!.name!.trim();
      const before = clause.slice(0, index + whole.lastIndexOf(name));
      return DENIED.test(clause.slice(0, index)) || DENIED.test(before.replace(/["'`]$/, "")) ? [] : [name];
    }),
  );
}

function isBranch(name: string, recorded: readonly Recorded[]): boolean {
  if (recorded.some(({ branch }) => branch === name)) return true;
  if (recorded.some(({ environment }) => environment.toLowerCase() === name.toLowerCase())) return false;
  if (BRANCHES.includes(name.toLowerCase())) return true;
  // `src/app/route.ts` is a file.
  return name.includes("/") && !/\.\w{1,5}$/.test(name);
}

/** The recorded commands, a part of them, or the program that runs them. */
function isCommandOf({ command, verify_command, rollback_command }: Recorded, said: string): boolean {
  const plain = (line: string) => line.replaceAll(/\s+/g, " ").trim();
  const line = plain(said);
  if (/^(?:npx )?longwatch (?:land|deploy)\b/.test(line)) return true;
  return [command, verify_command, rollback_command].some((one) => one !== null && plain(one).includes(line));
}
