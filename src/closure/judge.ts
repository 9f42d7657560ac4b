import type { Git } from "./git.ts";
import type { History } from "./history.ts";
import { lostMigrations } from "./migrations.ts";
import { described, keyOf, meets, type Named, type Need, needsOf, placesFor } from "./needs.ts";
import type { Picking } from "./picking.ts";
import { isCode } from "./read/reading.ts";
import { lostRoutes, Routes } from "./routes.ts";
import type { Unchecked } from "./tree.ts";
import { changedBetween, usersOf } from "./users.ts";
import type { View } from "./view.ts";

export type Finding = {
  kind: Named["kind"] | "route" | "migration";
  name: string;
  file: string;
  line: number | null;
  /** The commit that brings it, or that takes the need away. */
  commit: string | null;
};

type Trees = { base: View; head: View; result: View; witnesses: View[] };

/** Trees of picked commits that are asked besides the branch's head, which has seen later changes. */
const WITNESSES_MAX = 12;

/**
 * Judges a pick: what does the resulting tree lack that the base had, or that the source branch has? What neither has
 * (an optional import, a generated file, an alias that we cannot resolve) is not the pick's fault.
 */
export class Judge {
  private readonly git: Git;
  private readonly history: History;
  private readonly picking: Picking;
  private readonly base: string;
  private readonly source: string;

  constructor(git: Git, history: History, picking: Picking, base: string, source: string) {
    this.git = git;
    this.history = history;
    this.picking = picking;
    this.base = base;
    this.source = source;
  }

  async judge(commits: readonly string[], asked: readonly string[]) {
    const picked = await this.picking.pick(commits);
    if (picked.tree === null) return { findings: [], conflicts: picked.conflicts, not_checked: [] as Unchecked[] };
    const base = await this.history.view(this.base);
    const head = await this.history.view(this.source);
    const result = await this.history.view(picked.tree);
    const witnesses = [head];
    for (const one of new Set([...asked, ...commits].slice(-WITNESSES_MAX)))
      witnesses.push(await this.history.view(one));
    const trees: Trees = { base, head, result, witnesses };
    const changed = await changedBetween(this.git, base.tree.id, result.tree.id);
    const own = changed.filter(({ how }) => how !== "deleted").map(({ path }) => path);
    const set = new Set(commits);
    const findings: Finding[] = [];
    for (const file of [...own, ...(await usersOf(this.git, base, result, changed))])
      findings.push(...(await this.inFile(trees, file, set)));
    findings.push(...(await this.routes(trees, own, set)), ...(await this.migrations(trees, own, set)));
    const { broken, not_checked } = await unread(trees, own);
    return { findings, conflicts: broken, not_checked: [...result.tree.unchecked, ...not_checked] };
  }

  private async inFile(trees: Trees, file: string, set: ReadonlySet<string>): Promise<Finding[]> {
    const found: Finding[] = [];
    const { base, result } = trees;
    for (const need of (await needsOf(result, file)).values()) {
      this.git.stopped();
      if (await meets(result, file, need)) continue;
      const witness = await this.witnessOf(trees, file, need);
      if (witness === null) continue;
      const { kind, name, evidence } = await described(witness, result, file, need);
      // What is made anew is there without being kept.
      if (witness === base && kind !== "export" && (await this.picking.ignores(name))) continue;
      if (found.some((one) => one.kind === kind && one.name === name)) continue;
      const commit = await this.bringing(witness === base, file, need, evidence, set);
      found.push({ kind, name, file, line: need.line, commit });
    }
    return found;
  }

  /** A tree that shows that the need can be met; null where the pick is not at fault. */
  private async witnessOf({ base, head, result, witnesses }: Trees, file: string, need: Need): Promise<View | null> {
    const key = keyOf(need);
    const has = async (view: View) => (await needsOf(view, file)).has(key);
    if (await has(base)) return (await meets(base, file, need)) ? base : null;
    if (await has(head)) return (await meets(head, file, need)) ? head : null;
    for (const view of witnesses) if (await meets(view, file, need)) return view;
    return this.history.once(await placesFor(result, file, need), (view) => meets(view, file, need));
  }

  private async bringing(isLeft: boolean, file: string, need: Need, evidence: string[], set: ReadonlySet<string>) {
    const key = keyOf(need);
    // A user that was left behind is mended where it stops needing the thing; else where the thing comes back.
    if (isLeft) {
      const gone = async (view: View) => !(await needsOf(view, file)).has(key);
      const mended = await this.history.turning([file], set, gone);
      if (mended !== null) return mended;
    }
    return this.history.turning(evidence, set, (view) => meets(view, file, need));
  }

  private async routes(trees: Trees, own: readonly string[], set: ReadonlySet<string>): Promise<Finding[]> {
    let asks = false;
    for (const file of own) asks ||= isCode(file) && (await trees.result.facts(file)).asked.length > 0;
    if (!asks) return [];
    const routes = new Routes(this.git);
    await routes.among([trees.base, ...trees.witnesses, trees.result]);
    const found: Finding[] = [];
    for (const { file, line, handler, asked } of await lostRoutes(routes, trees, own)) {
      const name = `${handler.method ?? asked.method ?? "ANY"} ${asked.path}`;
      if (found.some((one) => one.name === name && one.file === file)) continue;
      const isServed = async (view: View) => (await routes.serving(view, asked)) !== null;
      const commit = await this.history.turning([...routes.files, handler.file], set, isServed);
      found.push({ kind: "route", name, file, line, commit });
    }
    return found;
  }

  private async migrations(trees: Trees, own: readonly string[], set: ReadonlySet<string>): Promise<Finding[]> {
    const found: Finding[] = [];
    for (const { migration, file, line } of await lostMigrations(this.git, trees, own)) {
      const commit = await this.history.turning([migration], set, async ({ tree }) => tree.file(migration) !== null);
      found.push({ kind: "migration", name: migration, file, line, commit });
    }
    return found;
  }
}

/** Files that could not be read: a fault where every version before could. */
async function unread({ base, head, result }: Trees, own: readonly string[]) {
  const broken: string[] = [];
  const not_checked: Unchecked[] = [];
  for (const path of own) {
    if (!isCode(path)) continue;
    const { unreadable } = await result.facts(path);
    if (unreadable === null) continue;
    const others = [base, head].filter((view) => view.tree.file(path) !== null);
    let readable = others.length > 0;
    for (const view of others) readable &&= (await view.facts(path)).unreadable === null;
    if (readable) broken.push(path);
    else not_checked.push({ path, why: unreadable });
  }
  return { broken, not_checked };
}
