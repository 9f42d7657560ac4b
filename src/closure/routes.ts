import { posix } from "node:path";
import { fileRoutes, type Handler, pattern, serves } from "./file_routes.ts";
import type { Git } from "./git.ts";
import type { Asked } from "./read/facts.ts";
import { isCode, isModule, isPython } from "./read/reading.ts";
import { changedBetween, grep } from "./users.ts";
import type { View } from "./view.ts";

const MOUNT_DEPTH_MAX = 4;
const IMPORTERS_MAX = 60;

/**
 * The routes of trees, as far as trees differ: a handler that one has and another lacks lies in a file that differs, or
 * is mounted by one.
 */
export class Routes {
  private readonly git: Git;
  /** Where routes may differ. */
  readonly files = new Set<string>();
  private readonly found = new Map<View, Promise<Handler[]>>();

  constructor(git: Git) {
    this.git = git;
  }

  async among(views: readonly View[]): Promise<void> {
    const last = views.at(-1)!;
    for (const view of views.slice(0, -1))
      for (const { path } of await changedBetween(this.git, view.tree.id, last.tree.id)) this.files.add(path);
    for (const view of views)
      for (const file of [...this.files]) {
        if (!isModule(file) || view.tree.file(file) === null) continue;
        for (const mount of (await view.facts(file)).mounts) {
          const target = await mountedFile(view, file, mount);
          if (target !== null) this.files.add(target);
        }
      }
  }

  handlers(view: View): Promise<Handler[]> {
    let found = this.found.get(view);
    if (!found) this.found.set(view, (found = this.gather(view)));
    return found;
  }

  async serving(view: View, asked: Asked): Promise<Handler | null> {
    for (const one of await this.handlers(view)) {
      const fits = asked.method === null || one.method === null || one.method === asked.method;
      if (fits && serves(one.path, asked.path)) return one;
    }
    return null;
  }

  private async gather(view: View): Promise<Handler[]> {
    const found: Handler[] = [];
    for (const file of this.files) {
      if (view.tree.file(file) === null) continue;
      const names = isModule(file) ? new Set((await view.names(file)).origins.keys()) : new Set<string>();
      found.push(...fileRoutes(file, names));
      if (!isModule(file)) continue;
      for (const one of (await view.facts(file)).registrations)
        for (const prefix of await this.prefixes(view, file, one.object, 0))
          found.push({ method: one.method, path: pattern(`${prefix}/${one.path}`), file, line: one.line });
    }
    return found;
  }

  /** What stands before the paths of a router, by everything that mounts it. */
  private async prefixes(view: View, file: string, object: string, depth: number): Promise<string[]> {
    const facts = await view.facts(file);
    const own = facts.prefixes.get(object) ?? "";
    if (depth >= MOUNT_DEPTH_MAX) return [own];
    const before: string[] = [];
    for (const mount of facts.mounts)
      if (mount.specifier === null && mount.target === object && mount.object !== object)
        for (const outer of await this.prefixes(view, file, mount.object, depth + 1))
          before.push(`${outer}/${mount.prefix}`);
    for (const importer of await this.importers(view, file))
      for (const mount of (await view.facts(importer)).mounts)
        if ((await mountedFile(view, importer, mount)) === file)
          for (const outer of await this.prefixes(view, importer, mount.object, depth + 1))
            before.push(`${outer}/${mount.prefix}`);
    return before.length > 0 ? before.map((one) => `${one}/${own}`) : [own];
  }

  private async importers(view: View, file: string): Promise<string[]> {
    const name = posix.basename(file).replace(/\.\w+$/, "");
    const word = /^(index|__init__)$/.test(name) ? posix.basename(posix.dirname(file)) : name;
    const those = await grep(this.git, view, [word], ["--word-regexp"]);
    return those.filter((one) => one !== file && isModule(one)).slice(0, IMPORTERS_MAX);
  }
}

async function mountedFile(
  view: View,
  file: string,
  mount: { target: string; specifier: string | null },
): Promise<string | null> {
  if (mount.specifier !== null) return view.fileOf(file, mount.specifier);
  const bound = (await view.facts(file)).bindings.get(mount.target);
  if (!bound) return null;
  // In Python, `from app import cards` may bind a module.
  const inner = bound.name !== null && isPython(file) ? `${bound.specifier.replace(/\.$/, "")}.${bound.name}` : null;
  return (inner === null ? null : await view.fileOf(file, inner)) ?? (await view.fileOf(file, bound.specifier));
}

type LostRoute = { file: string; line: number; handler: Handler; asked: Asked; witness: View };

/** What changed files ask for, and only the source branch serves. */
export async function lostRoutes(
  routes: Routes,
  { base, result, witnesses }: { base: View; result: View; witnesses: readonly View[] },
  files: readonly string[],
): Promise<LostRoute[]> {
  const lost: LostRoute[] = [];
  for (const file of files) {
    if (!isCode(file)) continue;
    const before = base.tree.file(file) === null ? [] : (await base.facts(file)).asked;
    for (const asked of (await result.facts(file)).asked) {
      if (lost.some((one) => one.file === file && one.asked.path === asked.path && one.asked.method === asked.method))
        continue;
      if (await routes.serving(result, asked)) continue;
      // What the base asks for in vain is no fault of this change.
      const isOld = before.some((one) => one.path === asked.path && one.method === asked.method);
      if (isOld && !(await routes.serving(base, asked))) continue;
      for (const witness of [base, ...witnesses]) {
        const handler = await routes.serving(witness, asked);
        if (!handler) continue;
        lost.push({ file, line: asked.line, handler, asked, witness });
        break;
      }
    }
  }
  return lost;
}
