import { Git, type Limits, tooLong, usualLimits } from "./git.ts";
import { History } from "./history.ts";
import { type Finding, Judge } from "./judge.ts";
import { landing, Picking } from "./picking.ts";
import type { Unchecked } from "./tree.ts";
import { Reader } from "./view.ts";

export type Missing = {
  kind: "file" | "export" | "route" | "migration" | "asset" | "dependency";
  /** "src/api/redline.ts", "listCards of src/cards.ts", "GET /api/redline". */
  name: string;
  needed_by: { file: string; line: number | null };
  /** The commit of the source branch that brings it; null where none does. */
  found_in: { commit: string; subject: string } | null;
};

export type Closure = {
  base: string;
  picked: string[];
  /** Paths that do not merge, or that merge into what no longer parses. What is missing is then not known. */
  conflicts: string[];
  missing: Missing[];
  /** Commits of the source branch, oldest first, whose picking is whole; null when even all of them are not. */
  whole_with: string[] | null;
  /** What lands them. */
  command: string | null;
  /** What was met and not looked into: submodules, pointers to Git LFS, links out of the tree, files too large. */
  not_checked: Unchecked[];
};

export type Wanted = {
  repository: string;
  /** The branch that the commits come from. */
  source: string;
  /** Commits, or ranges as `a..b`. */
  commits: readonly string[];
  base: string;
  signal?: AbortSignal;
  limits?: Partial<Limits>;
};

const ROUNDS_MAX = 16;

/**
 * What the picked commits need that the base does not have. Throws a ClosureFailure where it cannot tell; then nothing
 * may land by it.
 */
export async function closureOf(wanted: Wanted): Promise<Closure> {
  const limits = { ...usualLimits, ...wanted.limits };
  const clock = new AbortController();
  const timer = setTimeout(() => clock.abort(tooLong(limits)), limits.seconds_max * 1000);
  const signal = wanted.signal ? AbortSignal.any([wanted.signal, clock.signal]) : clock.signal;
  const names = wanted.commits.flatMap((one) => one.split(/\.{2,3}/));
  try {
    const { git, ids } = await Git.beside(wanted.repository, [wanted.base, wanted.source, ...names], limits, signal);
    try {
      return await check(git, wanted.commits, ids);
    } finally {
      await git.close();
    }
  } finally {
    clearTimeout(timer);
  }
}

async function check(git: Git, asked: readonly string[], ids: readonly string[]): Promise<Closure> {
  const reader = new Reader(git);
  try {
    return await checkWith(git, reader, asked, ids);
  } finally {
    await reader.close();
  }
}

async function checkWith(git: Git, reader: Reader, asked: readonly string[], ids: readonly string[]) {
  const commitOf = async (id: string) =>
    (await git.run(["rev-parse", "--verify", "--quiet", `${id}^{commit}`])).toString().trim();
  const [base, source] = [await commitOf(ids[0]!), await commitOf(ids[1]!)];
  const history = await History.of(git, reader, base, source);
  const picked = await pickedOf(git, history, asked, ids.slice(2));
  const judge = new Judge(git, history, new Picking(git, base), base, source);
  const first = await judge.judge(picked, picked);
  const missing: Missing[] = [];
  for (const one of first.findings) missing.push(await told(history, one));
  const isWhole = first.findings.length === 0 && first.conflicts.length === 0;
  const whole = isWhole ? picked : await wholeWith(history, judge, picked, first);
  return {
    base,
    picked,
    conflicts: first.conflicts,
    missing,
    whole_with: whole,
    command: whole === null || whole.length === 0 ? null : landing(base, whole),
    not_checked: first.not_checked,
  };
}

async function pickedOf(git: Git, history: History, asked: readonly string[], ids: readonly string[]) {
  const picked = new Set<string>();
  let at = 0;
  for (const one of asked) {
    if (!one.includes("..")) {
      const commit = (await git.run(["rev-parse", "--verify", `${ids[at++]}^{commit}`])).toString().trim();
      picked.add(commit);
      continue;
    }
    const [from, to] = [ids[at++]!, ids[at++]!];
    const range = ["rev-list", "--reverse", "--topo-order", "--no-merges", `--max-count=${git.limits.commits_max}`];
    for (const commit of await git.lines([...range, `${from}..${to}`, "--"])) picked.add(commit);
  }
  return ordered(history, picked);
}

/** As the source branch has them; what it does not have stays behind, in the order of the asking. */
function ordered(history: History, commits: ReadonlySet<string>): string[] {
  const own = history.commits.filter((one) => commits.has(one));
  return own.length === commits.size ? own : [...commits];
}

async function told(history: History, { kind, name, file, line, commit }: Finding): Promise<Missing> {
  const found_in = commit === null ? null : { commit, subject: await history.subject(commit) };
  return { kind, name, needed_by: { file, line }, found_in };
}

type Judged = Awaited<ReturnType<Judge["judge"]>>;

/** Adds what is missing until nothing is; at last everything that the branch has. */
async function wholeWith(history: History, judge: Judge, picked: string[], first: Judged): Promise<string[] | null> {
  let set = new Set(picked);
  let last = first;
  const isWhole = ({ findings, conflicts }: Judged) => findings.length === 0 && conflicts.length === 0;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const more = new Set(last.findings.flatMap(({ commit }) => commit ?? []));
    for (const one of await history.touching(last.conflicts)) more.add(one);
    const next = new Set([...set, ...more]);
    if (next.size === set.size) break;
    set = next;
    last = await judge.judge(ordered(history, set), picked);
    if (isWhole(last)) return ordered(history, set);
  }
  const newest = Math.max(...[...set].map((one) => history.commits.indexOf(one)));
  for (const end of new Set([newest + 1, history.commits.length])) {
    const all = ordered(history, new Set([...history.commits.slice(0, end), ...picked]));
    if (all.length > set.size && isWhole(await judge.judge(all, picked))) return all;
  }
  return null;
}
