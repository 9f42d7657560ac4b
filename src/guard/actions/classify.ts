import { readShell, type Unknown } from "../shell/index.ts";
import type { Around, ToolCall } from "../tool_call.ts";
import type { Found } from "../vocabulary.ts";
import { assumptions, withAssumed } from "./assumed.ts";
import { type Call, calling, callOf, fileText, type Reader, type Scene } from "./call.ts";
import { databasePrograms, readDatabases } from "./databases.ts";
import { readDeletion } from "./deletion.ts";
import { readGit } from "./git.ts";
import { readGuard } from "./guard_programs.ts";
import { hostingPrograms, readHosting } from "./hosting.ts";
import { interpretersWith } from "./interpreters.ts";
import { readMcp } from "./mcp.ts";
import {
  commandsIn,
  decoded,
  decodesSomething,
  hidden,
  hidesSomething,
  mentionIn,
  runsSomething,
  tailsOf,
} from "./nearby.ts";
import { readLoaders } from "./loaders.ts";
import { isElsewhere, readFiles, readWrite } from "./outside.ts";
import { readRemote } from "./remote.ts";
import { readRequests } from "./requests.ts";
import { filesNamed } from "./named_files.ts";
import { byName, runnersWith } from "./runners.ts";
import { readScriptNames } from "./script_names.ts";
import { readSpellings } from "./spellings.ts";
import { readTables, tabled } from "./tables.ts";
import { familiar, isTextual, runsOthers, shortNames, words_of_everyday } from "./familiar.ts";

/** Texts in texts, wrappers in wrappers: deeper than people ever nest them. */
const DEPTH_MAX = 8;
/** More texts in one call than people write: each may start the next, and so many times as many. */
const TEXTS_MAX = 256;
/** A single call that finds more than this has been found out. */
const FOUNDS_MAX = 12;

const readers: readonly Reader[] = [
  readTables,
  readHosting,
  readDatabases,
  readRemote,
  readRequests,
  runnersWith(isInteresting),
  interpretersWith(isInteresting),
  readLoaders,
  readSpellings,
  readScriptNames,
  readDeletion,
  readGuard,
  readFiles,
];

/** The protected actions in a tool call; empty when there are none. Nothing is run, sent or changed to find them. */
export function classify(call: ToolCall, around: Around): Found[] {
  if (call.kind === "other") return [];
  const origin: Call = { ...calling([null], empty), cwd: call.cwd };
  const scene = sceneOf(around, call.kind === "shell" ? call.command : "");
  if (call.kind === "write") return unique(call.paths.flatMap((path) => readWrite(path, origin, scene)));
  if (call.kind === "mcp") return unique(readMcp(call, origin, scene));
  if (/\|\||\bfalse\b|\bif\b|\bexit\b|\bcase\b/.test(call.command)) scene.configs.set("\0forked", "");
  return unique(scene.shell(call.command, origin));
}

const empty: Call = {
  name: "",
  args: [],
  texts: [],
  program: null,
  cwd: null,
  env: new Map(),
  files: new Map(),
  stdin: undefined,
  writes: [],
  via: [],
  text: "",
  certain: true,
};

function sceneOf(around: Around, whole: string): Scene {
  const scene: Scene = {
    around,
    whole,
    branches: new Map(),
    configs: new Map(),
    depth: 0,
    texts: new Map(),
    shell: (text, from) => deeper(scene, from, text, () => readOnce(text, from, scene)),
    run: (words, from, certain = true) =>
      deeper(scene, from, from.text, () => readCall(calling(words, from, { certain: certain && from.certain }), scene)),
  };
  return scene;
}

function deeper(scene: Scene, from: Call, text: string, read: () => Found[]): Found[] {
  if (scene.depth >= DEPTH_MAX) return mentionIn(text, from, "too deep to read");
  scene.depth++;
  try {
    return read();
  } finally {
    scene.depth--;
  }
}

/** Reads a text once: it may start itself, and what it starts may be named a thousand times. */
function readOnce(text: string, from: Call, scene: Scene): Found[] {
  const place = [from.cwd, from.stdin, from.certain, ...new Set(from.via)];
  const maps = [from.env, from.files, scene.branches, scene.configs];
  const keyed = () => JSON.stringify([text, place, maps.map((map) => [...map])]);
  const [key, { depth }] = [keyed(), scene];
  const before = scene.texts.get(key);
  if (before !== undefined && before.depth <= depth) return before.founds;
  if (scene.texts.size >= TEXTS_MAX) return hidden(from, "more texts than are read");
  scene.texts.set(key, { depth, founds: [] });
  const founds = readText(text, from, scene);
  // What changed a branch or a setting changes it each time.
  scene.texts.set(key, { depth: keyed() === key ? depth : Infinity, founds });
  return founds;
}

function readText(text: string, from: Call, scene: Scene): Found[] {
  const { invocations, unknowns } = readShell(text, {
    ...scene.around,
    cwd: from.cwd ?? scene.around.cwd,
    readFile: (path) => fileText(path, from, scene),
  });
  const founds: Found[] = [];
  const assumed = assumptions(text);
  for (const invocation of invocations) {
    const call = callOf(withAssumed(invocation, assumed, scene.around));
    const via = [...from.via, ...call.via];
    const env = over(from.env, call.env);
    const files = over(from.files, call.files);
    const cwd = isElsewhere(from) ? null : call.cwd;
    founds.push(...readCall({ ...call, via, env, files, cwd, certain: from.certain }, scene));
    if (!text.trimEnd().endsWith(invocation.text)) founds.push(...editedIn(call, scene));
    if (founds.length > FOUNDS_MAX) return founds;
  }
  // Variables that the shell itself runs, at each prompt and each traced command.
  for (const [, , value] of text.matchAll(/\b(?:PS4|PROMPT_COMMAND|PS0)=(["'])(.*?)\1/gs))
    founds.push(...scene.shell(`: "${value}"; ${value}`, from));
  for (const unknown of unknowns) founds.push(...readUnknown(unknown, text, from, scene));
  return founds;
}

const over = <V>(one: ReadonlyMap<string, V>, other: ReadonlyMap<string, V>) =>
  one.size > 0 ? new Map([...one, ...other]) : other;

/** A command that is put into a script or a Makefile in place, with more to come that may run it. */
function editedIn(call: Call, scene: Scene): Found[] {
  const isInPlace = call.args.some((arg) => /^(-[a-zA-Z]*i|--in-place)/.test(arg ?? ""));
  if (!/^(sed|perl|ruby)$/.test(call.name) || !isInPlace || /\.(md|txt|rst|html|adoc)$/.test(call.args.at(-1) ?? ""))
    return [];
  return call.args.flatMap((arg) => (arg === null ? [] : commandsIn(arg, call, scene, isInteresting)));
}

function readCall(call: Call, scene: Scene): Found[] {
  const named = shortNames.get(call.name);
  if (named !== undefined) return readCall(calling([...named, ...call.args], call), scene);
  const founds =
    call.name === "git" || /^git-(?!town$|lfs$|spr$|cliff$|crypt$)/.test(call.name) ? readGit(call, scene) : [];
  for (const reader of readers) founds.push(...reader(call, scene));
  if (call.program === null) founds.push(...unknownProgram(call, scene));
  else if (runsOthers(call)) founds.push(...tailsOf(call, scene, isInteresting, true));
  else if (founds.length === 0 && !isKnown(call.name))
    founds.push(...tailsOf(call, scene, isInteresting, false), ...renamed(call, scene));
  return founds;
}

const isKnown = (name: string) => familiar.has(name) || isTextual(name) || isInteresting(name) || tabled.has(name);

/** Programs whose name begins a command worth looking at, in a text that is no command. */
function isInteresting(word: string): boolean {
  const name = word.replace(/^.*\//, "");
  if (words_of_everyday.has(name)) return false;
  return (
    name === "git" ||
    name === "rm" ||
    tabled.has(name) ||
    databasePrograms.has(name) ||
    hostingPrograms.has(name) ||
    /^(longwatch|rsync|scp|npx|bunx|pkill|killall|vc|sh|bash|gp)$/.test(name)
  );
}

/** `$CMD push origin main`, `$(echo vercel) --prod`: the words that are known say enough. */
function unknownProgram(call: Call, scene: Scene): Found[] {
  const why = "a program that is not known";
  const made = madeBy(call.text, scene);
  if (call.args.length === 0) return made === "" ? [] : readUnknown({ text: made, why }, made, call, scene);
  const tails = tailsOf(call, scene, isInteresting, false);
  if (tails.length > 0) return tails;
  const founds = [...renamed(call, scene), ...mentionIn(call.text, call, why)];
  return founds.length > 0 || made === "" ? founds : readUnknown({ text: made, why }, made, call, scene);
}

/** The substitutions that a program's name comes from: in its own word, or where its variable is set. */
function madeBy(text: string, scene: Scene): string {
  const word = /^(["']?)(\$\(.*\)|`[^`]*`|\$\{?!?\w+)/s.exec(text.trim())?.[2] ?? "";
  const [, name] = /^\$\{?!?([A-Za-z_]\w*)/.exec(word) ?? [];
  if (name === undefined) return /^[`$]./.test(word) ? word : "";
  return settingsOf(name, scene).join("\n");
}

/** Where the whole command sets a variable; what it reads into one may come from anywhere in it. */
function settingsOf(name: string, { whole }: Scene): string[] {
  const set = `\\b${name}(?:\\[[^\\]]*\\])?\\+?=[^\\n]*|\\bfor\\s+${name}\\s+in\\s[^;\\n]*`;
  const lines = [...whole.matchAll(new RegExp(set, "g"))].map(([line]) => line);
  return new RegExp(`\\bread\\b[^;\\n]*\\b${name}\\b`).test(whole) ? [...lines, whole] : lines;
}

/** A script in a variable is one of those that are named where the variable is set. */
function withVariables(text: string, scene: Scene): string {
  const names = new Set([...text.matchAll(/\$\{?([A-Za-z_]\w*)/g)].map(([, name]) => name!));
  return [text, ...[...names].slice(0, 8).flatMap((name) => settingsOf(name, scene))].join("\n");
}

/** A copy or a link of git under another name still has git's words. */
function renamed(call: Call, scene: Scene): Found[] {
  const [verb, ...rest] = call.args;
  const isPush = verb === "push" && rest.length > 0;
  const isPick = (verb === "cherry-pick" || verb === "send-pack") && rest.length > 0;
  return isPush || isPick ? scene.run(["git", ...call.args], call, false) : [];
}

/** What may run and could not be read. */
function readUnknown({ text, why }: Unknown, whole: string, from: Call, scene: Scene): Found[] {
  const call: Call = { ...from, text, certain: false };
  const inText = commandsIn(text, call, scene, isInteresting);
  if (inText.length > 0) return inText;
  const plain = decoded(text).flatMap((one) => mentionIn(one, call, why));
  if (plain.length > 0) return plain;
  const isWhole = why !== "a part of what runs here is not known" || /\beval\s+["']?\$\(/.test(text);
  const naming = text === "…" ? whole : /^the (script|file) /.test(why) ? withVariables(text, scene) : text;
  const inFiles = filesNamed(naming, call, scene, isWhole).flatMap((file) =>
    file.isShell ? scene.shell(file.text, call) : commandsIn(file.text, call, scene, isInteresting),
  );
  if (inFiles.length > 0) return inFiles;
  if (/^(there is no|the (script|Makefile|justfile) )/.test(why) || /\bpackage\.json\b/.test(text)) {
    const founds = (text === "…" ? whole : text).split(/[\s*'"[\]|)]+/).flatMap((word) => byName(call, word));
    if (founds.length > 0 || /^the|^there/.test(why)) return founds.slice(0, 1);
  }
  // What this machine serves or a setting holds was put there by somebody who knew what the guard would not see.
  if (/\b(curl|wget)\b.*(\blocalhost\b|\b127\.0\.0\.1\b|\[::1\]|file:\/\/)|\bgit config\b/.test(text))
    return hidden(call, `what runs is hidden: ${why}`);
  // Code that only reads what git says, and whose calls have all been read, runs none of it.
  if (
    isWhole &&
    !/could start/.test(why) &&
    /\bgit\s+(log|show|notes|cat-file|stash|var|for-each-ref|tag|blame)\b/.test(text)
  )
    return hidden(call, `what runs is hidden: ${why}`);
  if ((hidesSomething(text) && runsSomething(text)) || decodesSomething(text))
    return hidden(call, `what runs is hidden: ${why}`);
  return mentionIn(text, call, why);
}

function unique(founds: readonly Found[]): Found[] {
  const kept = new Map<string, Found>();
  for (const one of founds) {
    const key = `${one.action} ${one.resource.type} ${one.resource.id}`;
    const before = kept.get(key);
    if (before === undefined || (one.certain && !before.certain)) kept.set(key, one);
  }
  return [...kept.values()].slice(0, FOUNDS_MAX);
}
