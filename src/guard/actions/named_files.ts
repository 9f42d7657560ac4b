import { dirname, join } from "node:path";
import { matchesPattern } from "../shell/index.ts";
import { absolute, type Call, fileText, type Scene } from "./call.ts";

/** A file that a text names, read. */
type NamedFile = { text: string; isShell: boolean };

const WORDS_MAX = 40;
const PATHS_MAX = 120;
const DIRECTORIES_MAX = 6;
const PATTERNS_MAX = 6;
const MATCHES_MAX = 40;

/**
 * The files that a text which could not be read names, by their paths, by patterns, and by a directory and a name
 * apart: `find scripts -name 'land*' -exec bash {} \;`.
 */
export function filesNamed(text: string, call: Call, scene: Scene, isWhole = false): NamedFile[] {
  // Of notes and data only what runs as it stands counts.
  const passed = isWhole ? /\.(json|ya?ml|lock)$/ : /\.(md|json|ya?ml|txt|lock)$/;
  const words = [...text.matchAll(/(?<![\w./~-])[\w./~-]*\.\w+|(?<!-)[\w-]+\/[\w./-]+|\b[\w-]+\b/g)]
    .slice(0, WORDS_MAX)
    .map(([word]) => word);
  const paths = new Set(words);
  for (const directory of words.slice(0, DIRECTORIES_MAX))
    for (const file of words.filter((word) => word.includes("."))) paths.add(join(directory, file));
  const plain = [...paths].filter((path) => path.includes(".")).slice(0, PATHS_MAX);
  // Which files a pattern names matters where whole files run.
  const matched = isWhole && scene.around.namesIn !== undefined ? pathsMatching(text, words, call, scene) : [];
  return [...plain, ...matched].flatMap((path) => {
    const read = passed.test(path) ? null : fileText(path, call, scene);
    return read === null ? [] : [{ text: read, isShell: isShell(path, read) }];
  });
}

function pathsMatching(text: string, words: readonly string[], call: Call, scene: Scene): string[] {
  const patterns = [...text.matchAll(/(?<![\w$])[\w./~-]{0,300}[*?[][\w./*?[\]!-]*/g)].map(([pattern]) => pattern);
  // What these find runs, whatever it is called.
  if (/\b(find|fd|fdfind)\b/.test(text)) patterns.push("*.sh", "*.bash");
  const roots = [...text.matchAll(/\bg?find\s+((?:[\w./~][^\s;|&]*\s+)+)/g)].flatMap(([, found]) =>
    found!.trim().split(/\s+/),
  );
  const near = roots.length > 0 ? roots : [".", ...words.filter((word) => !/\.\w/.test(word))];
  const directories = [...new Set(near)].slice(0, DIRECTORIES_MAX + 1);
  const found = new Set<string>();
  for (const pattern of new Set(patterns.slice(0, PATTERNS_MAX)))
    for (const directory of pattern.includes("/") ? [dirname(pattern)] : directories) {
      const path = absolute(directory, call, scene.around);
      if (path === null || /[*?[]/.test(path)) continue;
      const name = pattern.slice(pattern.lastIndexOf("/") + 1);
      for (const one of scene.around.namesIn!(path)) if (matchesPattern(name, one)) found.add(join(directory, one));
      if (found.size > MATCHES_MAX) return [...found].slice(0, MATCHES_MAX);
    }
  return [...found];
}

const isShell = (path: string, text: string) =>
  /\.(ba|z|da|k)?sh$/.test(path) || /^#!.*\b(ba|z|da|k)?sh\b/.test(text.slice(0, 200));
