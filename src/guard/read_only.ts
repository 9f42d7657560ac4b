/**
 * Most of what agents run only looks: `ls src`, `git log | head`. Reading such a command whole costs 4 ms of a hook's
 * 25, nearly all of it for compiling a shell's grammar, so a line that holds nothing but bare words and programs that
 * cannot change anything is known without one. Whatever is in doubt here is read whole.
 */

/** Programs that write nowhere but to their output, and start nothing, whatever their words are. */
const READERS = new Set(
  "ls cat head tail wc grep egrep fgrep pwd echo true false basename dirname realpath readlink stat du df cut".split(
    " ",
  ),
);
/** Those of git; their options may name a file to write or a program to start, so options are looked at. */
const GIT_READERS = new Set("status log diff show blame ls-files ls-tree rev-parse shortlog".split(" "));
/** `--output`, `--ext-diff`, `--textconv`, and each beginning of them that git takes for the whole. */
const GIT_OPTIONS_OUT = ["-o", "-O", "--ou", "--ext", "--text"];
/** Longer is no quick look. */
const CHARACTERS_MAX = 500;

/** Whether a command can only read. Without a doubt: no variable, quote, pattern, redirection, name to be resolved. */
export function onlyReads(command: string): boolean {
  if (command.length > CHARACTERS_MAX || !hasOnlyBareWords(command)) return false;
  const single = command.replaceAll("&&", "|").replaceAll("||", "|");
  return !single.includes("&") && single.split("|").every(isReader);
}

function isReader(part: string): boolean {
  const [program, verb, ...options] = part.split(" ").filter((word) => word !== "");
  if (program === undefined) return false;
  if (program !== "git") return READERS.has(program);
  if (verb === undefined || !GIT_READERS.has(verb)) return false;
  return !options.some((option) => GIT_OPTIONS_OUT.some((out) => option.startsWith(out)));
}

const BARE = new Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._-/:,+@^|&=");

function hasOnlyBareWords(command: string): boolean {
  for (const character of command) if (!BARE.has(character)) return false;
  return true;
}
