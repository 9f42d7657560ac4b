import { absolute, type Call, found, known, type Reader, resource, type Scene } from "./call.ts";
import { isProtected } from "./branches.ts";
import { branchFileOf, guardPathOf } from "./guard_files.ts";
import { isInside, isSink, isTemporary } from "./places.ts";
import { findStarts, type Touch, touchesOf } from "./touched.ts";
import type { Around } from "../tool_call.ts";
import type { Found } from "../vocabulary.ts";

/** Files that calls write, change or delete: the guard's, a branch's, and those outside the worktree. */
export const readFiles: Reader = (call, scene) => {
  if (isElsewhere(call)) return [];
  const founds = new Map<string, Found>();
  listing(call, scene);
  for (const touch of touchesOf(call))
    for (const one of foundsOf(touch, call, scene)) {
      const key = `${one.action} ${one.resource.id}`;
      if (!founds.has(key)) founds.set(key, one);
    }
  return [...founds.values(), ...findsGuard(call)];
};

/** Remembers what was listed, which a later `xargs rm` is given. */
function listing(call: Call, scene: Scene): void {
  if (!/^(find|fd|ls|git|rg|grep|printf|echo)$/.test(call.name) || (call.name === "git" && call.args[0] !== "ls-files"))
    return;
  const starts = call.name === "find" ? findStarts(call) : known(call).filter((arg) => !arg.startsWith("-"));
  const places =
    call.name === "git" || starts.length === 0 || /^(rg|grep)$/.test(call.name)
      ? ["./x"]
      : starts.filter((path) => path !== null);
  scene.configs.set("\0listed", places.map((path) => (call.name === "find" ? `${path}/x` : path!)).join("\n"));
}

/** In a container or on another machine, paths are not this machine's. */
export const isElsewhere = (call: Call) =>
  call.cwd === null &&
  call.via.some((via) =>
    /^(ssh|docker|podman|kubectl|nerdctl|docker-compose|heroku|fly|devcontainer|lxc|vagrant|mosh|oc|k)\b/.test(via),
  );

/** What an editor's tool writes. */
export function readWrite(path: string, call: Call, scene: Scene): Found[] {
  return foundsOf({ path, how: "write", isDeep: false, text: path }, { ...call, text: path }, scene);
}

function foundsOf(touch: Touch, call: Call, scene: Scene): Found[] {
  const { around } = scene;
  if (touch.path === null) return unknown(touch, call, scene);
  if (touch.path === "" || touch.path === "-" || isSink(touch.path)) return [];
  const path = absolute(touch.path, call, around);
  const places = path === null ? [touch.path] : [path, resolved(path, around)];
  for (const place of new Set(places)) {
    const guard = guardPathOf(place, call, around);
    if (guard !== undefined && !(touch.how === "write" && call.name === "mkdir"))
      return [found(call, "reconfigure_guard", resource("guard", guard), `${verbs[touch.how]} ${touch.path}`)];
    const branch = branchFileOf(place);
    if (branch !== undefined && isProtected(branch, scene))
      return [found(call, "merge", resource("branch", branch), `${verbs[touch.how]} ${touch.path}`)];
  }
  if (path === null) return unanchored(touch, call);
  return places.flatMap((place) => placed(place, touch, call, around)).slice(0, 2);
}

const verbs = { write: "writes", delete: "deletes", empty: "empties" } as const;

function placed(place: string, touch: Touch, call: Call, around: Around): Found[] {
  if (isSink(place)) return [];
  const trimmed = place.replace(/\/+$/, "") || "/";
  const isGit = /(^|\/)\.git(\/(?!.*\.lock$)|$)/.test(trimmed);
  if (touch.how === "delete") {
    if (isGit && isInside(trimmed, around)) return [deletion(call, trimmed, touch)];
    const isWorktree = trimmed === around.worktree || around.worktree.startsWith(`${trimmed}/`);
    if (trimmed !== "/" && !isWorktree && (isInside(trimmed, around) || isTemporary(trimmed, around))) return [];
    return [deletion(call, trimmed, touch)];
  }
  if (isInside(trimmed, around) || isTemporary(trimmed, around)) return [];
  const written = found(call, "write_outside", resource("path", trimmed, false), `writes ${trimmed}`);
  const isDevice = trimmed.startsWith("/dev/");
  return touch.how === "empty" || isDevice ? [written, deletion(call, trimmed, touch)] : [written];
}

const deletion = (call: Call, path: string, touch: Touch) =>
  found(call, "delete", resource("path", path), `${touch.how === "delete" ? "deletes" : "empties"} ${path}`);

/** A path that is not known. Deleting deeply there is too much to let pass; writing may be anywhere. */
function unknown(touch: Touch, call: Call, scene: Scene): Found[] {
  if (/^(\/tmp\/|\$TMPDIR|\$\{TMPDIR)/.test(touch.text)) return [];
  // What find or xargs gives is told by what was listed before.
  if (touch.text === "{}" && call.via.includes("find")) return [];
  const listed = scene.configs.get("\0listed");
  if (call.via.includes("xargs") && listed !== undefined)
    return listed.split("\n").flatMap((path) => foundsOf({ ...touch, path }, call, scene));
  if (touch.how === "delete")
    return touch.isDeep ? [found(call, "delete", resource("path", null), "deletes an unknown directory", false)] : [];
  if (call.writes.some(({ value }) => value === null))
    return [found(call, "write_outside", resource("path", null, false), "writes an unknown file", false)];
  return [];
}

/** A relative path from a directory that is not known. */
function unanchored(touch: Touch, call: Call): Found[] {
  const isWide = touch.how === "delete" && touch.isDeep && /^(\*|\.{1,2}\/?|\.\/\*)$/.test(touch.path!);
  return isWide
    ? [found(call, "delete", resource("path", null), `deletes ${touch.path} of an unknown directory`, false)]
    : [];
}

/** Where a path leads. A worktree that itself lies behind a link keeps its name, so that what is in it stays inside. */
function resolved(path: string, around: Around): string {
  const real = around.realPath?.(path) ?? path;
  const top = around.realPath?.(around.worktree) ?? around.worktree;
  return real === top || real.startsWith(`${top}/`) ? around.worktree + real.slice(top.length) : real;
}

/** `find … -path '*claude*' -delete` names the guard in its conditions. */
function findsGuard(call: Call): Found[] {
  if (call.name !== "find" || !known(call).includes("-delete")) return [];
  const names = call.args.filter(
    (arg, index) => /^-(i?name|i?path|i?regex|wholename)$/.test(call.args[index - 1] ?? "") && arg !== null,
  );
  return names.some((name) => /claude|codex|gemini|longwatch|opencode|pre-push/i.test(name!))
    ? [
        found(
          call,
          "reconfigure_guard",
          resource("guard", "the guard's settings"),
          "find that deletes the guard's settings",
          false,
        ),
      ]
    : [];
}
