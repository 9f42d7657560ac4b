import type { Catalogue } from "../../kernel/catalogue.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { faces } from "./faces.ts";
import { type Flag, flagsOf } from "./flags.ts";
import { byNoun, ofOneWord, type Programs } from "./help.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;
const GLOBALS = ["--url", "--token", "--json", "--key", "--help"];

/** What `longwatch completion --help` says. */
export const COMPLETION_USAGE = `usage: longwatch completion <${SHELLS.join("|")}>

Prints a shell's completion script; what completes the words of a command line starts no program.

  bash  longwatch completion bash > /etc/bash_completion.d/longwatch
  zsh   longwatch completion zsh > ~/.zfunc/_longwatch     (a directory of your fpath)
  fish  longwatch completion fish > ~/.config/fish/completions/longwatch.fish
`;

/** A shell's completion script, with every word in it: it starts no process at a press of the tab key. */
export function completion(shell: string | undefined, catalogue: Catalogue, programs: Programs): string {
  const nouns = [...byNoun(catalogue, programs)].map(([noun, verbs]) => ({
    noun,
    verbs: verbs.map(({ verb, summary, operation }) => ({
      verb,
      summary,
      flags: operation ? flagsOf(operation) : [],
      program: operation === undefined,
    })),
  }));
  const first = [...nouns.map(({ noun }) => noun), ...ofOneWord(programs), ...Object.keys(faces), "completion"];
  if (shell === "bash") return bash(nouns, first);
  if (shell === "zsh") return `#compdef longwatch\nautoload -U +X bashcompinit && bashcompinit\n${bash(nouns, first)}`;
  if (shell === "fish") return fish(nouns, first);
  throw new Refusal("invalid", "shell.unknown", `There is no completion for ${shell ?? "no shell"}.`, {
    hint: `Name one of ${SHELLS.join(", ")}: longwatch completion bash > /etc/bash_completion.d/longwatch`,
  });
}

/** A program takes files, and its flags are its own. */
type Verb = { verb: string; summary: string; flags: Flag[]; program: boolean };
type Noun = { noun: string; verbs: Verb[] };

function bash(nouns: Noun[], first: string[]): string {
  const verbs = nouns.map(({ noun, verbs }) => `    ${noun}) words="${verbs.map(({ verb }) => verb).join(" ")}";;`);
  const flags = nouns.flatMap(({ noun, verbs }) =>
    verbs
      .filter(({ program }) => !program)
      .map(
        ({ verb, flags }) => `    "${noun} ${verb}") words="${[...flags.flatMap(spellings), ...GLOBALS].join(" ")}";;`,
      ),
  );
  const choices = nouns.flatMap(({ noun, verbs }) =>
    verbs.flatMap(({ verb, flags }) =>
      flags
        .filter((flag) => flag.choices)
        .map((flag) => `    "${noun} ${verb} --${flag.spelling}") words="${flag.choices!.join(" ")}";;`),
    ),
  );
  return `_longwatch() {
  local words="" here="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  local noun="\${COMP_WORDS[1]}" verb="\${COMP_WORDS[2]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${[...first, ...GLOBALS].join(" ")}"
  elif [ "$COMP_CWORD" -eq 2 ]; then
    case "$noun" in
${verbs.join("\n")}
    completion) words="${SHELLS.join(" ")}";;
    esac
  else
    case "$noun $verb" in
${flags.join("\n")}
    esac
    case "$noun $verb $before" in
${choices.join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$here"))
}
complete -o default -F _longwatch longwatch
`;
}

function fish(nouns: Noun[], first: string[]): string {
  const quoted = (text: string) => `'${text.replace(/['\\]/g, "\\$&")}'`;
  const lines = [
    "complete -c longwatch -f",
    `complete -c longwatch -n __fish_use_subcommand -a ${quoted(first.join(" "))}`,
  ];
  for (const { noun, verbs } of nouns) {
    const all = verbs.map(({ verb }) => verb).join(" ");
    const bare = `__fish_seen_subcommand_from ${noun}; and not __fish_seen_subcommand_from ${all}`;
    for (const { verb, summary, flags, program } of verbs) {
      lines.push(`complete -c longwatch -n ${quoted(bare)} -a ${verb} -d ${quoted(summary)}`);
      const said = `__fish_seen_subcommand_from ${noun}; and __fish_seen_subcommand_from ${verb}`;
      if (program) lines.push(`complete -c longwatch -n ${quoted(said)} -F`);
      for (const flag of flags) {
        const value = flag.kind === "boolean" ? "" : flag.choices ? ` -x -a ${quoted(flag.choices.join(" "))}` : " -r";
        const told = flag.schema.description ? ` -d ${quoted(flag.schema.description)}` : "";
        lines.push(`complete -c longwatch -n ${quoted(said)} -l ${flag.spelling}${value}${told}`);
      }
    }
  }
  for (const flag of GLOBALS) lines.push(`complete -c longwatch -l ${flag.slice(2)}`);
  return `${lines.join("\n")}\n`;
}

function spellings({ spelling, kind, nullable }: Flag): string[] {
  return kind === "boolean" || nullable ? [`--${spelling}`, `--no-${spelling}`] : [`--${spelling}`];
}
