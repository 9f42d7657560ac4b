/**
 * What a shell command would run, as far as its text and the files that it names tell. Bash is the grammar; PowerShell
 * and cmd are not read, only noticed.
 */

/**
 * A word after expansion. `value` is null where the text does not tell it: then it may stand for any number of words,
 * and `text` has what is known of it, with `…` for the rest. The text of a glob is its pattern.
 */
export type Word = { value: string | null; text: string };

/** One program, builtin or function that may be started. A redirection without a program has an empty argv. */
export type Invocation = {
  argv: Word[];
  /** Null where it is not known, and always on another machine or in a container. */
  cwd: string | null;
  /** What its environment has beyond the surroundings'; null is an unknown value, and what was unset is empty. */
  env: ReadonlyMap<string, string | null>;
  /** What the command itself has written before, by absolute path; NUL in it stands for what is not known. */
  files: ReadonlyMap<string, string>;
  /** What it reads: null is something unknown, undefined what the whole command was given. */
  stdin: string | null | undefined;
  /** Files that its redirections write, as written: relative ones are relative to `cwd`. */
  writes: Word[];
  /** The wrappers around it, outermost first: `sudo`, `ssh`, `bash`, `make`; empty for what stands there plainly. */
  via: string[];
  /** Its source, or for what was put together while reading, the words. */
  text: string;
};

/** Something that may run and could not be read. */
export type Unknown = { why: string; text: string };

export type Reading = { invocations: Invocation[]; unknowns: Unknown[] };

export type Surroundings = {
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  /** At most 256 kB of text; null for everything else. The path is absolute. */
  readFile(path: string): string | null;
  /** The names in a directory, at most 1,000; without it no pattern is filled in. The path is absolute. */
  namesIn?(path: string): readonly string[];
};
