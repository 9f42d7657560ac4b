import { type Call, found, resource, type Scene } from "./call.ts";
import { onlyStarts } from "../shell/index.ts";
import { quotedForShell } from "../../shell_words.ts";
import type { ActionName, Found } from "../vocabulary.ts";
import { either } from "./either.ts";
import { isTextual } from "./familiar.ts";

/**
 * Text that may run and could not be read as commands: code of an interpreter, a word that was put together, a program
 * that is given another one's words. What can be said of it is which commands stand in it.
 */
const MARKS_MAX = 400;
const TAIL_WORDS_MAX = 40;
/** A text that holds more has been found out; each may cost a question to git. */
const FOUNDS_MAX = 12;

/** Words that a text is looked through for, with the action that a bare mention stands for. */
const words: readonly (readonly [RegExp, ActionName])[] = [
  [/\bgit\b.*\bpush\b|\bpush\b.*\b(main|master|production|origin)\b|\bsend-pack\b/i, "push"],
  [/\b(cherry-pick|pr merge|mergePullRequest)\b|\bgit\b.*\bmerge\b/i, "merge"],
  [
    /(?<!-)\b(deploy|deployment|vercel|netlify|kubectl apply|terraform apply|helm upgrade|wrangler)\b|--prod\b/i,
    "deploy",
  ],
  [/\b(npm|cargo|yarn|pnpm|twine|gem|docker)\b.*\b(publish|upload|push)\b|\bpublish\b/i, "publish"],
  [/\b(migrate|migration|drop\s+(table|database|schema)|truncate\s+\w|delete\s+from|alembic|prisma)\b/i, "migrate"],
  [/\brm\s+-\w*r|\b(destroy|mkfs|dropdb|rmtree)\b/i, "delete"],
  [
    /\.claude\b|\.codex\b|\.gemini\b|\.longwatch\b|\blongwatch\b|hooksPath|--no-verify|\.git\/hooks/i,
    "reconfigure_guard",
  ],
];

/** The mention of a protected word in a text that may run. */
export function mentionIn(text: string, call: Call, why: string): Found[] {
  for (const [pattern, action] of words)
    if (pattern.test(text))
      return [
        found(call, action, resource("service", null), `${why}, near "${pattern.exec(text)![0].slice(0, 40)}"`, false),
      ];
  return [];
}

/** Programs whose name begins a command worth looking at, wherever it stands. */
export type Interesting = (name: string) => boolean;

/** Finds commands in a text that is no shell: quotes, commas and brackets are taken for spaces. */
export function commandsIn(text: string, from: Call, scene: Scene, isInteresting: Interesting): Found[] {
  const founds: Found[] = [];
  for (const variant of variants(text))
    for (const line of variant.split(/[\n;|&]|\\n/)) {
      if (founds.length >= FOUNDS_MAX) return founds;
      const tokens = line
        .replace(/["'`,()[\]{}]|=>|\bshell\s*=\s*True|\bargs\s*:/g, " ")
        .trim()
        .split(/\s+/)
        .slice(0, MARKS_MAX);
      for (const [index, token] of tokens.entries())
        if (index < tokens.length - 1 && isInteresting(token))
          founds.push(...scene.run(tokens.slice(index, index + TAIL_WORDS_MAX), from, false));
    }
  return founds;
}

/** The text, its joined string literals, its escapes and its base64 made plain. */
function variants(text: string): string[] {
  const joined = text.replace(/["']\s*(\+|\.\.?|\s)?\s*["']/g, "");
  const unescaped = joined.replace(/\\(?:x([0-9a-f]{2})|u00([0-9a-f]{2})|([0-7]{3}))/gi, (_, hex, unicode, octal) =>
    String.fromCharCode(octal === undefined ? parseInt(hex ?? unicode, 16) : parseInt(octal, 8)),
  );
  const found = new Set([text, joined, unescaped, ...decoded(unescaped)]);
  return [...found];
}

/** What stands in base64 or in hexadecimal digits, and is text. */
export function decoded(text: string): string[] {
  const blobs = [...text.matchAll(/[A-Za-z0-9+/_-]{16,}={0,2}/g)].slice(0, 20).map(([blob]) => blob);
  return blobs
    .flatMap((blob) => [
      Buffer.from(blob, "base64").toString("latin1"),
      ...(/^[0-9a-f]+$/i.test(blob) ? [Buffer.from(blob, "hex").toString("latin1")] : []),
    ])
    .filter((plain) => plain.length > 6 && /^[\x09\x0a\x0d\x20-\x7e]+$/.test(plain));
}

/** Code that puts together what it runs, so that nobody can read it. */
const hiding = either(
  /\b(b64decode|atob|fromhex|unhexlify|fromCharCode|chr\s*\(|map\s*\(\s*chr|rot13|rot_13)/i,
  /\b(codecs\.decode|pack\s*\(\s*["']H|decompress|base64\b|\[::-1\]|reverse\s*\()/i,
);
const running = either(
  /\b(system|sh|exec\w*|spawn\w*|popen\d?|check_call|check_output|subprocess|child_process)\b/,
  /\b(shell_exec|passthru|proc_open|eval|open3|getline|os\.execute|Command|ProcessBuilder)\b/,
  /\b(Runtime|qx|pty|do shell script|shell-command|execSync|Invoke-Expression|iex|run)\b|`|\$`/,
  /!|\|\s*"/,
);

export const runsSomething = (code: string) => running.test(code);
export const hidesSomething = (code: string) => hiding.test(code);

/** Programs that make text out of what nobody can read. */
const decoders =
  /\b(base64|base32|xxd|uudecode|gunzip|zcat|bzcat|xzcat|unxz|gzip -\w*d|openssl|gpg|rev(?!-)|tr|iconv|od|dc)\b/;
export const decodesSomething = (text: string) => decoders.test(text) && /\||\$\(|<\(|`/.test(text);

export function hidden(call: Call, why: string): Found[] {
  return [found(call, "reconfigure_guard", resource("guard", "hidden commands"), why, false)];
}

/** Tries the words of a program that runs others, or is not known, as if it ran them. */
export function tailsOf(call: Call, scene: Scene, isInteresting: Interesting, isRunner: boolean): Found[] {
  const founds: Found[] = [];
  const unsure: Call = { ...call, certain: false };
  for (const [index, arg] of call.args.slice(0, MARKS_MAX).entries()) {
    if (arg === null) continue;
    // What it starts only prints or searches for these words: `nice echo git push`.
    if (onlyStarts(call.name) && isTextual(arg)) break;
    const isCode = /^(--?(e|E|c|x|o|eval|exec|execute|command|cmd|expr|expression|print|code)|eval)$/.test(
      call.args[index - 1] ?? "",
    );
    if (/\s/.test(arg)) {
      // The words of the program that it starts, which is looked at by itself: `timeout 9 grep 'git push' x`.
      if (onlyStarts(call.name) && !arg.startsWith("-")) continue;
      // `--checkpoint-action=exec=git push`, `EXEC:git push`, `\! git push`, `!git push`
      const inner = arg
        .replace(/^((-[\w-]*=|\w+[=:]|\\!|[!:+.]+|shell\b|system\b)\s*)+/i, "")
        .replace(/(\\[nr]|\^M)+$/, "");
      const [first = ""] = inner.trim().split(/\s+/);
      if (isTextual(first) && !/[|;&\n`]|[$<>]\(/.test(inner)) continue;
      if (isInteresting(first)) founds.push(...scene.shell(inner, unsure));
      else if (isRunner || (isCode && (runsSomething(arg) || /\b(cmd|shell|process)\b/i.test(arg))))
        founds.push(...commandsIn(arg, unsure, scene, isInteresting));
    } else if (isInteresting(arg) && index < call.args.length - 1) {
      const words = call.args.slice(index);
      founds.push(...scene.run(words, call, false));
      // A shell's script is to be read.
      if (/^(.*\/)?(ba|z|da|k)?sh$/.test(arg))
        founds.push(
          ...scene.shell(words.map((word) => (word === null ? '"$_"' : quotedForShell(word))).join(" "), unsure),
        );
    }
    if (founds.length > 0) break;
  }
  if (founds.length === 0 && typeof call.stdin === "string" && !isRunner)
    founds.push(...commandsIn(call.stdin, unsure, scene, isInteresting));
  return founds.map((one) => ({ ...one, certain: false }));
}
