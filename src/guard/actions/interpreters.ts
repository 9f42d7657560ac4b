import { absolute, type Call, fileText, found, known, type Reader, resource, type Scene } from "./call.ts";
import { onlyChecks } from "../shell/index.ts";
import { guardPathOf } from "./guard_files.ts";
import { librariesIn } from "./libraries.ts";
import { isInside, isSink, isTemporary } from "./places.ts";
import { commandsIn, type Interesting, runsSomething } from "./nearby.ts";
import { readRequest } from "./requests.ts";
import type { Found } from "../vocabulary.ts";
import { either } from "./either.ts";

/** What code of an interpreter does to files and over HTTP. The programs that it starts are the shell reader's. */
const interpreters = either(
  /^(python|pypy|ipython|node|nodejs|deno|bun|tsx|ts-node|zx|esno|jiti|vite-node)$/,
  /^(perl|ruby|php|lua|luajit|awk|gawk|mawk|nawk)$/,
  /^(osascript|Rscript|pwsh|powershell|tclsh|groovy|elixir|julia)$/,
);

export const interpretersWith =
  (isInteresting: Interesting): Reader =>
  (call, scene) => {
    if (!interpreters.test(call.name) || onlyChecks(call.name, known(call))) return [];
    const founds = codesOf(call, scene).flatMap((code) => [
      ...filesIn(code, call, scene),
      ...requestsIn(code, call, scene),
      ...librariesIn(code, call),
      ...startedIn(code, call, scene, isInteresting),
    ]);
    return founds.slice(0, 3);
  };

/** What the shell reader follows in code by itself. */
const followed = /^(python|pypy|node|nodejs|awk|[gmn]awk)$/;

/** Commands in the lines that start something, in the languages whose calls nobody else reads. */
function startedIn(code: string, call: Call, scene: Scene, isInteresting: Interesting): Found[] {
  if (followed.test(call.name)) return [];
  const lines = code.split("\n").filter((line) => !/^\s*(#|\/\/|\*)/.test(line) && runsSomething(line));
  return lines.length === 0 ? [] : commandsIn(lines.slice(0, LINES_MAX).join("\n"), call, scene, isInteresting);
}

const LINES_MAX = 200;
const CODE_MAX = 256 * 1024;

/** The code in the words, on standard input, and in the file that the words name. */
function codesOf(call: Call, scene: Scene): string[] {
  const codes: string[] = [];
  for (const [index, arg] of call.args.entries()) {
    if (arg === null) continue;
    if (/^(-[a-zA-Z]*[cer]|--eval|--print|-p|eval|-E|-pe|-ne)$/.test(arg)) codes.push(call.args[index + 1] ?? "");
    const [, joined] = /^--(?:eval|print)=(.*)$/s.exec(arg) ?? [];
    if (joined !== undefined) codes.push(joined);
    if (/^g?awk$|^[mn]awk$/.test(call.name) && !arg.startsWith("-")) codes.push(arg);
  }
  if (codes.length === 0) {
    const file = call.args.find(
      (arg) => arg !== null && !arg.startsWith("-") && /\.(py|[cm]?[jt]s|rb|pl|php|lua|awk|exs?|jl)$/.test(arg),
    );
    const isRead = file !== undefined && file !== null && !/(^|\/)node_modules\/|\.(test|spec)\.\w+$/.test(file);
    const text = isRead ? fileText(file, call, scene) : null;
    if (text !== null) codes.push(text);
    else if (typeof call.stdin === "string") codes.push(call.stdin);
  }
  return codes.map((code) => code.slice(0, CODE_MAX));
}

const writing = either(
  /\bopen\s*\([^)]*["'](w|a|x|r\+|w\+|a\+|wb|ab|xb)["']/,
  /\.write(_text|_bytes|File|FileSync|TextFile\w*)?\s*\(/,
  /\b(writeFile|appendFile|createWriteStream|copyFile|cpSync|rename|unlink|remove|rmtree)\b/,
  /\b(rmSync|rmdir|symlink|truncate|chmod|file_put_contents)\b/,
  /\b(File\.(write|delete|rename|open|unlink)|FileUtils)\b/,
  /\b(os\.(remove|rename|replace|unlink|rmdir|truncate|chmod|symlink)|shutil|json\.dump|rm)\b/,
  /\b(unlinkSync|renameSync|outputFile|Deno\.(remove|write\w*|rename))\b|print\s*>|>>?\s*"/,
);
const removing = either(
  /\b(rmtree|rmSync|rmdirSync|rm_rf|rm_r|remove_entry|remove_tree|Deno\.remove|fs\.rm)\b/,
  /\b(removeSync|remove_dir_all|rimraf|removedirs)\b/,
);

function filesIn(code: string, call: Call, scene: Scene): Found[] {
  if (!writing.test(code)) return [];
  const founds: Found[] = [];
  const isRemoving = removing.test(code);
  for (const [, double, single, back] of code.matchAll(/"([^"\n]{1,300})"|'([^'\n]{1,300})'|`([^`\n]{1,300})`/g)) {
    const text = double ?? single ?? back!;
    if (/\s/.test(text) && !text.startsWith("/")) continue;
    const guard = /[./]/.test(text) ? guardPathOf(text, call, scene.around) : undefined;
    if (guard !== undefined)
      founds.push(found(call, "reconfigure_guard", resource("guard", guard), `code that changes ${text}`));
    else if (/^(\/|~\/|\.\.\/)[\w./*?-]*$/.test(text)) founds.push(...outside(text, isRemoving, code, call, scene));
  }
  return founds;
}

/** A path outside in code that writes. It may only be read there, so it counts where a write stands beside it. */
function outside(text: string, isRemoving: boolean, code: string, call: Call, scene: Scene): Found[] {
  const path = absolute(text, call, scene.around);
  if (path === null || isInside(path, scene.around) || isTemporary(path, scene.around) || isSink(path)) return [];
  const escaped = text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const verbs = `(open|put_contents|touch|symlink|chmod|(write|append|copy|rename|rm|unlink|remove|mkdir)\\w*)`;
  const path_word = String.raw`["'\x60]${escaped}`;
  const beside = new RegExp(
    String.raw`${verbs}\s*\(?[^;\n]{0,80}${path_word}|>>?\s*${path_word}` +
      String.raw`|${path_word}["'\x60]\)?\.(write|unlink|touch|mkdir|rmdir|rename)`,
  );
  if (!beside.test(code)) return [];
  const isRead = new RegExp(
    `open\\s*\\(\\s*["'\`]${escaped}["'\`]\\s*(,\\s*["'\`]rb?["'\`]\\s*)?\\)(?!\\s*\\.write)`,
  ).test(code);
  if (isRead && !isRemoving) return [];
  return isRemoving
    ? [found(call, "delete", resource("path", path), `code that deletes ${path}`)]
    : [found(call, "write_outside", resource("path", path, false), `code that writes ${path}`, false)];
}

function requestsIn(code: string, call: Call, scene: Scene): Found[] {
  const urls = [...code.matchAll(/https?:\/\/[^\s"'`)]+/g)].slice(0, 20).map(([url]) => url);
  if (
    urls.length === 0 ||
    !/\b(fetch|request\w*|urlopen|axios|got|http\w*|Net::HTTP|LWP|curl_\w+|Faraday|undici|aiohttp)\b/.test(code)
  )
    return [];
  const [, named] =
    /method["'\s:=]*["'`](\w+)/i.exec(code) ??
    /\b(?:requests|axios|httpx|got|session|client)\.(put|post|patch|delete)\b/i.exec(code) ??
    [];
  const method = named?.toUpperCase() ?? (/\bdata\s*=|body\s*:/.test(code) ? "POST" : "GET");
  return urls.flatMap((url) => readRequest({ method, url, body: code }, call, scene));
}
