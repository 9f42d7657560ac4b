import type { Exchange } from "../../client/client.ts";
import type { Catalogue, Operation } from "../../kernel/catalogue.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { parseWords } from "./command.ts";
import { completion, COMPLETION_USAGE } from "./completion.ts";
import { checkEither, type Face, faceOf, faces, isFace } from "./faces.ts";
import { type Flag, flagsOf, inputOf } from "./flags.ts";
import { byNoun, nounHelp, overview, unknownWord } from "./help.ts";
import { plainWords } from "./plain.ts";
import { sayRefusal } from "./refused.ts";
import { keptWords, say, type Spooling } from "./saying.ts";
import { show } from "./show.ts";
import { fillTexts, type Input } from "./text.ts";

export type Terminal = { write(text: string): unknown; isTTY?: boolean | undefined; columns?: number | undefined };

/**
 * A local program, such as `serve`: not an operation of the server. One of two words, such as `feed export`, stands
 * beside the operations of its noun, and before one of the same name.
 */
export type Program = {
  summary: string;
  load(): Promise<{ main(argv: string[], globals: Globals): Promise<number> }>;
};

export type Around = {
  catalogue: Catalogue;
  env: Record<string, string | undefined>;
  /** Where it was said: in a connected project it is said as the project's seat. */
  cwd?: string | undefined;
  stdout: Terminal;
  stderr: Terminal;
  stdin: Input | (() => Input);
  programs?: Record<string, Program>;
  /** The name it was called by, when that is a familiar one such as `feed-append`. */
  calledAs?: string | undefined;
  exchange?: Exchange | undefined;
  /** Keeps filings that no server answers. */
  spool?: (() => Promise<Spooling>) | undefined;
};

export type Globals = { url?: string; token?: string; json?: boolean; key?: string };

/** The words of a command line: the globals before the verb, noun and verb, and what follows. */
type Words = { globals: Globals; asks: "help" | "version" | undefined; noun?: string; verb?: string; rest: string[] };

/** Runs a command line and gives its exit code. It never throws a refusal and never ends the process. */
export async function run(argv: readonly string[], around: Around): Promise<number> {
  let words: Words = { globals: {}, asks: undefined, rest: [] };
  try {
    words = wordsOf(named(argv, around.calledAs), around.programs);
    return await dispatch(words, around);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return sayRefusal(error, words.globals.json === true || argv.includes("--json"), around.stderr);
  }
}

/** What the startup snapshot can do by itself: an operation or a familiar name, but no program. */
export function isOperation(
  argv: readonly string[],
  catalogue: Catalogue,
  calledAs?: string,
  programs: readonly string[] = [],
): boolean {
  try {
    const { noun, verb, asks } = wordsOf(named(argv, calledAs));
    if (asks !== undefined || programs.includes(`${noun} ${verb}`)) return false;
    return isFace(noun) || operationOf(catalogue, noun, verb) !== undefined;
  } catch {
    return false;
  }
}

/** The words with a familiar name in front, or with the program in its place that does what its flag asks for. */
function named(argv: readonly string[], calledAs: string | undefined): readonly string[] {
  const words = isFace(calledAs) ? [calledAs, ...argv] : argv;
  const more = isFace(words[0]) ? faces[words[0]]!.more : undefined;
  return more && words.includes(more.flag) ? [...more.program, ...words.slice(1)] : words;
}

function operationOf({ operations }: Catalogue, noun: string | undefined, verb: string | undefined) {
  const said = `${noun}.${verb?.replaceAll("-", "_")}`;
  return operations.find(({ name }) => name === said);
}

function programOf(programs: Record<string, Program>, noun: string | undefined, verb: string | undefined) {
  if (noun === undefined) return undefined;
  const name = verb === undefined || Object.hasOwn(programs, noun) ? noun : `${noun} ${verb}`;
  return Object.hasOwn(programs, name) ? programs[name] : undefined;
}

function wordsOf(argv: readonly string[], programs: Record<string, Program> = {}): Words {
  const words: Words = { globals: {}, asks: undefined, rest: [] };
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!;
    const [flag, inline] = /^(--(?:url|token|key))(?:=(.*))?$/s.exec(word)?.slice(1) ?? [];
    if (flag !== undefined) {
      const value = inline ?? argv[++at];
      if (value === undefined) throw new Refusal("invalid", "flags.invalid", `${flag} needs a value.`);
      words.globals[flag.slice(2) as "url" | "token" | "key"] = value;
    } else if (word === "--json") words.globals.json = true;
    else if (word === "--help" || word === "-h") words.asks = "help";
    else if (word === "--version" || word === "-V") words.asks = "version";
    else if (word.startsWith("-"))
      throw new Refusal("invalid", "flags.invalid", `${word} is not a flag here.`, {
        hint: "Flags of a command follow its noun and verb: longwatch <noun> <verb> [flags].",
      });
    else if (word === "help" && words.noun === undefined) words.asks = "help";
    else if (words.noun === undefined) {
      words.noun = word;
      words.rest = argv.slice(at + 1);
      // What follows a program or a familiar name belongs to it; so does what follows a verb.
      if (isFace(word) || Object.hasOwn(programs, word)) return words;
    } else return { ...words, verb: word, rest: argv.slice(at + 1) };
  }
  return words;
}

async function dispatch(words: Words, around: Around): Promise<number> {
  const { catalogue, programs = {}, stdout } = around;
  const { noun, verb, rest, asks } = words;
  const wanted = asks === "help" ? ["--help"] : rest;
  const program = programOf(programs, noun, verb);
  if (program) return (await program.load()).main(wanted, words.globals);
  if (noun === undefined && asks === "version") return print(stdout, `${catalogue.version}\n`);
  if (noun === undefined) return print(stdout, overview(catalogue, programs, stdout.columns));
  if (noun === "completion" && asks === "help") return print(stdout, COMPLETION_USAGE);
  if (noun === "completion") return print(stdout, completion(verb ?? rest[0], catalogue, programs));
  if (isFace(noun)) {
    const { face, operation, flags } = faceOf(noun, catalogue);
    return converse({ operation, flags, face, usage: noun, summary: face.summary }, wanted, words.globals, around);
  }
  const operation = operationOf(catalogue, noun, verb);
  if (operation) {
    const usage = `longwatch ${noun} ${verb}`;
    const spoken = { operation, flags: flagsOf(operation), usage, summary: operation.summary };
    return converse(spoken, wanted, words.globals, around);
  }
  const verbs = byNoun(catalogue, programs).get(noun);
  if (verb !== undefined || verbs === undefined) throw unknownWord(catalogue, programs, noun, verb);
  if (asks === "help") return print(stdout, nounHelp(noun, verbs, stdout.columns));
  around.stderr.write(nounHelp(noun, verbs, around.stderr.columns));
  return 2;
}

type Conversation = { operation: Operation; flags: Flag[]; face?: Face; usage: string; summary: string };

async function converse(
  { operation, flags, face, usage, summary }: Conversation,
  words: readonly string[],
  before: Globals,
  around: Around,
): Promise<number> {
  const { env, stdin, stdout, stderr } = around;
  let json = before.json === true || words.includes("--json");
  try {
    const after = operation.refuses.length > 0 ? `\nIt may be refused with: ${operation.refuses.join(", ")}.\n` : "";
    const said = plainWords(flags, words) ?? parseWords({ usage, summary, flags, after }, words, stdout);
    if (said === "help") return 0;
    const globals = { ...before, ...defined(said.globals) };
    json = globals.json === true;
    if (face) checkEither(face, said.given);
    await fillTexts(flags, said.given, () => (typeof stdin === "function" ? stdin() : stdin));
    const input = inputOf(flags, said.given);
    const { output, kept } = await say(operation, input, globals, around);
    const color = stdout.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
    const columns = stdout.isTTY ? stdout.columns : undefined;
    if (json) stdout.write(`${JSON.stringify(output)}\n`);
    else stdout.write(kept ? keptWords(output as object) : show(output, { columns, color }));
    return face?.exit?.(output as Record<string, unknown>) ?? 0;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return sayRefusal(error, json, stderr, flags);
  }
}

function defined(globals: Globals): Globals {
  return Object.fromEntries(Object.entries(globals).filter(([, value]) => value !== undefined));
}

function print(out: Terminal, text: string): number {
  out.write(text);
  return 0;
}
