import assert from "node:assert/strict";
import { closureOf } from "../../src/closure/closure.ts";
import { type Files, Repository } from "./repository.ts";

/** A branch, a pick from it, and what the pick lacks. */
export type Case = {
  says: string;
  base: Files;
  /** Commits of the branch, oldest first. */
  branch: Files[];
  /** Which of them are picked. */
  pick: number[];
  /** Kind, name, where it is needed, and the commit of the branch that brings it. */
  lacks: [kind: string, name: string, needed_by: string, found_in: number | null][];
};

export async function check({ base, branch, pick, lacks }: Case): Promise<void> {
  using repository = new Repository();
  repository.commit("base", base);
  repository.branch("feature");
  const commits = branch.map((files, index) => repository.commit(`commit ${index}`, files));
  const wanted = { repository: repository.path, source: "feature", base: "main" };
  const closure = await closureOf({ ...wanted, commits: pick.map((index) => commits[index]!) });
  const found = closure.missing.map(({ kind, name, needed_by, found_in }) => [
    kind,
    name,
    `${needed_by.file}:${needed_by.line}`,
    found_in === null ? null : commits.indexOf(found_in.commit),
  ]);
  assert.deepEqual(closure.conflicts, []);
  assert.deepEqual(found, lacks);
  // Where a commit of the branch mends each of them, the offer is whole, and so is the branch.
  if (!lacks.every(([, , , index]) => index !== null)) return assert.equal(closure.whole_with, null);
  const whole = await closureOf({ ...wanted, commits: closure.whole_with ?? [] });
  assert.deepEqual(whole.missing, []);
  const all = await closureOf({ ...wanted, commits: ["main..feature"] });
  assert.deepEqual(all.missing, [], "the whole branch is whole");
}

export const manifest = (dependencies: object = {}, more: object = {}) =>
  JSON.stringify({ name: "app", type: "module", dependencies, ...more });

export const lines = (...texts: string[]) => `${texts.join("\n")}\n`;
