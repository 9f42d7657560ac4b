import { decodeBase32, decodeBase64, decodeHex, encodedBase64, translated } from "./encodings.ts";
import { hasOption, optionWord, readOptions } from "./options.ts";
import { resolved, written } from "./paths.ts";
import { substituted } from "./sed.ts";
import type { Call, Handler, Shell } from "./shell.ts";
import { printed, type State } from "./state.ts";
import { HOLE, certainly, isKnown, trimmedEnd } from "./values.ts";

/** Programs whose output follows from their input and their words, as far as pipes to a shell use them. */
export const filters = new Map<string, Handler>([
  ["cat", filter({}, (input) => input)],
  ["tac", filter({}, (input) => joined(lines(input).reverse()))],
  ["rev", filter({}, (input) => joined(lines(input).map((line) => [...line].reverse().join(""))))],
  ["base64", filter({ short: "wbio" }, (input, call) => coded(call, input, decodeBase64, encodedBase64))],
  ["base32", filter({ short: "w" }, (input, call) => coded(call, input, decodeBase32))],
  [
    "xxd",
    filter({ short: "clsog" }, (input, call) => (/^-\w*r|^-\w*p\w*r/.test(flags(call)) ? decodeHex(input) : HOLE)),
  ],
  ["head", filter({ short: "nc" }, (input, call) => headed(call, input))],
  ["tail", filter({ short: "nc" }, (input, call) => tailed(call, input))],
  ["uniq", filter({}, () => HOLE)],
  ["tr", (_, call, state) => [after(state, transliterated(call, state.input ?? HOLE))]],
  ["sed", sed],
  ["tee", tee],
  ["basename", (_, call, state) => [after(state, `${baseName(call)}\n`)]],
  ["dirname", (_, call, state) => [after(state, `${directoryName(call)}\n`)]],
  ["realpath", (_, call, state) => [after(state, `${pathOf(call, state)}\n`)]],
  [
    "which",
    (_, call, state) => [
      after(
        state,
        call.argv
          .slice(1)
          .map((word) => located(certainly(word)))
          .join(""),
      ),
    ],
  ],
  ["yes", (_, __, state) => [after(state, HOLE)]],
  ["cp", copied],
  ["mv", copied],
  ["ln", copied],
  ["install", copied],
  ["dd", overwritten(/^of=(.*)$/s)],
  ["curl", downloaded],
  ["wget", downloaded],
]);

function after(state: State, text: string): State {
  return { ...printed(state, text), input: state.input === undefined ? undefined : "", succeeded: undefined };
}

function flags(call: Call): string {
  return call.argv
    .slice(1)
    .map(certainly)
    .filter((word) => /^-./.test(word))
    .join(" ");
}

/** Reads the files among its words, or its input, and prints what becomes of it. */
function filter(takes: { short?: string }, change: (input: string, call: Call) => string): Handler {
  return (shell, call, state) => {
    const paths = positionals(call, takes.short ?? "");
    const texts = (paths.length > 0 ? paths : ["-"]).map((path) =>
      path === "-" ? (state.input ?? HOLE) : (shell.read(resolved(path, state.cwd), call.frame, state) ?? HOLE),
    );
    return [after(state, change(texts.join(""), call))];
  };
}

function positionals(call: Call, short: string): string[] {
  const found: string[] = [];
  for (let at = 1; at < call.argv.length;) {
    const options = readOptions(call.argv, at, { short });
    if (call.argv[options.at]) found.push(certainly(call.argv[options.at]!));
    at = options.at + 1;
  }
  return found;
}

function lines(input: string): string[] {
  return input.replace(/\n$/, "").split("\n");
}

function joined(all: readonly string[]): string {
  return `${all.join("\n")}\n`;
}

function coded(call: Call, input: string, decode: (text: string) => string, encode?: (text: string) => string): string {
  if (!isKnown(input)) return HOLE;
  if (/(^| )-\w*[dD]|--decode/.test(flags(call))) return decode(input);
  return encode && !/-w/.test(flags(call)) ? encode(input) : HOLE;
}

function count(call: Call): number | null {
  const given = call.argv.map(certainly).join(" ");
  const [, number] = /(?:-n ?|--lines=| -)(\d{1,6})(?: |$)/.exec(given) ?? [];
  return /-c|--bytes|-q|-v/.test(given) || (number === undefined && /-n/.test(given)) ? null : Number(number ?? 10);
}

function headed(call: Call, input: string): string {
  const number = count(call);
  const all = lines(input);
  // Known lines before a hole are known.
  const first = number === null ? [] : all.slice(0, number);
  return number === null ? HOLE : isKnown(first.join("")) ? joined(first) : HOLE;
}

function tailed(call: Call, input: string): string {
  const number = count(call);
  if (/(^| )-n ?\+|--lines=\+/.test(call.argv.map(certainly).join(" "))) return HOLE;
  return number === null || !isKnown(input) ? HOLE : number === 0 ? "" : joined(lines(input).slice(-number));
}

function transliterated(call: Call, input: string): string {
  const options = readOptions(call.argv, 1, {});
  const sets = call.argv.slice(options.at).map(certainly);
  const has = (short: string, long: string) => hasOption(options, short, long);
  if (!isKnown(input) || has("c", "complement") || has("C", "complement")) return HOLE;
  return translated(input, sets, has("d", "delete"), has("s", "squeeze-repeats"));
}

/** The part of a script that runs commands; whoever uses it means to run something. */
const SED_RUNS =
  /(^|[\n;{}])\s*((\d+|\$|\/[^/\n]*\/)\s*)?(e(\s|$)|s([^\w\s\\])(\\.|(?!\6)[^\\])*\6(\\.|(?!\6)[^\\])*\6[gpIiMm\d]*e)/s;

function sed(shell: Shell, call: Call, state: State): State[] {
  const options = readOptions(call.argv, 1, { short: "efl", long: ["expression", "file", "line-length"] });
  const given = options.given.filter(([name]) => name === "e" || name === "expression").map(([, word]) => word);
  const rest = call.argv.slice(options.at).map(certainly);
  const scripts =
    hasOption(options, "f", "file") || given.length > 0
      ? given.map((word) => (word ? certainly(word) : HOLE))
      : rest.splice(0, 1);
  const file = optionWord(options, "f", "file");
  const filed = (file && shell.read(resolved(certainly(file), state.cwd), call.frame, state)) ?? "";
  if ([...scripts, filed].some((script) => SED_RUNS.test(script.slice(0, 4_096))))
    shell.unknown("this sed script runs commands", `${call.text ?? scripts.join(";")}\n${filed}`.trim());
  const isPlain = !hasOption(options, "f", "file", "i", "in-place", "s", "z");
  if (hasOption(options, "i", "in-place"))
    return [
      after(
        rest.reduce((way, path) => written(way, path, HOLE), state),
        "",
      ),
    ];
  const input =
    rest.length > 0
      ? rest.map((path) => shell.read(resolved(path, state.cwd), call.frame, state) ?? HOLE).join("")
      : (state.input ?? HOLE);
  return [after(state, isPlain ? substituted(input, scripts, hasOption(options, "n", "quiet", "silent")) : HOLE)];
}

function tee(shell: Shell, call: Call, state: State): State[] {
  const options = readOptions(call.argv, 1, {});
  const isAppended = hasOption(options, "a", "append");
  const input = state.input ?? HOLE;
  let next = state;
  for (const word of call.argv.slice(options.at)) {
    const path = resolved(certainly(word), state.cwd);
    const before = isAppended ? (shell.read(path, call.frame, state) ?? "") : "";
    next = written(next, path, before + input);
  }
  return [after(next, input)];
}

function baseName(call: Call): string {
  const [path = HOLE, suffix, ...more] = call.argv.slice(1).map(certainly);
  if (!isKnown(path) || path.startsWith("-") || more.length > 0 || (suffix && !isKnown(suffix))) return HOLE;
  const name = trimmedEnd(path, "/").replace(/^.*\//s, "");
  return suffix && name !== suffix && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
}

function directoryName(call: Call): string {
  const [path = HOLE, ...more] = call.argv.slice(1).map(certainly);
  if (!isKnown(path) || path.startsWith("-") || more.length > 0) return HOLE;
  const trimmed = trimmedEnd(path, "/");
  const slash = trimmed.lastIndexOf("/");
  return slash < 0 ? "." : slash === 0 ? "/" : trimmedEnd(trimmed.slice(0, slash), "/");
}

function pathOf(call: Call, state: State): string {
  const words = call.argv
    .slice(1)
    .map(certainly)
    .filter((word) => !/^-/.test(word));
  return words.length === 1 ? resolved(words[0]!, state.cwd) : HOLE;
}

function located(name: string): string {
  return isKnown(name) && /^[\w.+-]+$/.test(name) && !name.startsWith("-") ? `/usr/bin/${name}\n` : HOLE;
}

function copied(shell: Shell, call: Call, state: State): State[] {
  const paths = positionals(call, "tSmog");
  const [from, to] = [paths.at(-2), paths.at(-1)];
  if (from === undefined || to === undefined || paths.length > 2) return [after(state, HOLE)];
  const text = shell.read(resolved(from, state.cwd), call.frame, state) ?? HOLE;
  const inside = `${to.replace(/\/$/, "")}/${from.replace(/^.*\//s, "")}`;
  // Nobody knows whether the target is a directory.
  return [after(written(written(state, to, text), inside, text), "")];
}

function overwritten(pattern: RegExp): Handler {
  return (_, call, state) => {
    const paths = call.argv.map((word) => pattern.exec(certainly(word))?.[1]).filter((path) => path !== undefined);
    return [
      after(
        paths.reduce((way, path) => written(way, path, HOLE), state),
        HOLE,
      ),
    ];
  };
}

function downloaded(shell: Shell, call: Call, state: State): State[] {
  const isCurl = certainly(call.argv[0]!).endsWith("curl");
  const options = readOptions(call.argv, 1, {
    short: isCurl ? "oXHdFuAbceKmPrTtwxyYz" : "OoUeaPt",
    long: ["output", "output-document"],
  });
  const path = optionWord(options, isCurl ? "o" : "O", "output", "output-document");
  const own = path && certainly(path) !== "-" ? written(state, certainly(path), HOLE) : state;
  // A name that is taken from the address may be that of a script which runs next.
  const names = call.argv.map(certainly).filter((word) => /^\w+:\/\//.test(word) && isKnown(word));
  const all = path
    ? own
    : names.reduce((way, url) => written(way, url.replace(/[?#].*$/s, "").replace(/^.*\//s, "") || ".", HOLE), own);
  void shell;
  return [after(all, HOLE)];
}
