import { isKnown, type Argument } from "./values.ts";

/** Which options of a program take a word of their own, by letter and by long name. */
export type Takes = { short?: string; long?: readonly string[] };

export type Options = {
  /** The first word that is no option. */
  at: number;
  /** Each option with its word, `""` where it takes none; long ones without their dashes. */
  given: readonly (readonly [name: string, word: Argument | undefined])[];
};

/** Reads options as getopt does: clusters, `-n5`, `--name=word`, `--`. Stops at the first other word. */
export function readOptions(argv: readonly Argument[], start: number, takes: Takes): Options {
  const given: [string, Argument | undefined][] = [];
  let at = start;
  for (; at < argv.length; at++) {
    const { value, isGlob, text } = argv[at]!;
    if (value === "--") return { at: at + 1, given };
    if (isGlob || !/^-./.test(value) || !isKnown(value[1]!)) break;
    if (value.startsWith("--")) {
      const equals = value.indexOf("=");
      const name = value.slice(2, equals < 0 ? undefined : equals);
      if (equals >= 0) given.push([name, { value: value.slice(equals + 1), isGlob: false, text }]);
      else given.push([name, takes.long?.includes(name) ? argv[++at] : undefined]);
    } else at += cluster(argv, at, takes, given);
  }
  return { at, given };
}

function cluster(argv: readonly Argument[], at: number, takes: Takes, given: [string, Argument | undefined][]): number {
  const { value, text } = argv[at]!;
  // `find -name` and `java -version` have long names with one dash; so do some wrappers.
  if (takes.long?.includes(value)) return given.push([value.slice(1), argv[at + 1]]) && 1;
  for (let letter = 1; letter < value.length; letter++) {
    if (!takes.short?.includes(value[letter]!)) given.push([value[letter]!, undefined]);
    else if (letter === value.length - 1) return given.push([value[letter]!, argv[at + 1]]) && 1;
    else {
      given.push([value[letter]!, { value: value.slice(letter + 1), isGlob: false, text }]);
      break;
    }
  }
  return 0;
}

/** The last word given for any of these options. */
export function optionWord(options: Options, ...names: string[]): Argument | undefined {
  return options.given.findLast(([name, word]) => names.includes(name) && word !== undefined)?.[1];
}

export function hasOption(options: Options, ...names: string[]): boolean {
  return options.given.some(([name]) => names.includes(name));
}
