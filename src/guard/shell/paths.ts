import { limits } from "./budget.ts";
import { having, type State } from "./state.ts";
import { HOLE, isKnown } from "./values.ts";

/** The absolute path without `.` and `..`; a hole where the path or the directory is unknown. */
export function resolved(path: string, cwd: string): string {
  if (!isKnown(path) || (!path.startsWith("/") && !isKnown(cwd))) return HOLE;
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${cwd}/${path}`).split("/"))
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  return `/${parts.join("/")}`.replace(/^\/proc\/self\/fd(?=\/)/, "/dev/fd");
}

export function written(state: State, path: string, content: string): State {
  const absolute = resolved(path, state.cwd);
  const held = content.length <= limits.characters ? content : HOLE;
  if (isKnown(absolute)) return { ...state, files: having(state.files, absolute, held) };
  // It may be any file: none of those that were written is certain any more. What lies at an unknown path is this.
  const files = new Map([...state.files].map(([name]) => [name, HOLE]));
  return { ...state, files: files.set(HOLE, state.files.get(HOLE) ? HOLE : held) };
}

/** `git` for `/usr/bin/git`. */
export function programName(value: string): string {
  return value.slice(value.lastIndexOf("/") + 1);
}
