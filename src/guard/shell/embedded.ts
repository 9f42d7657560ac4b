import { resolved } from "./paths.ts";
import { nothingRun, runText } from "./running.ts";
import type { Call, Handler, Shell } from "./shell.ts";
import type { State } from "./state.ts";
import { certainly } from "./values.ts";

/**
 * Programs with a language of their own in which some places are a shell's commands: `\write18{…}`, `!cmd`. Of their
 * words, of the files that those name, and of what they are fed, just these places are read.
 */
type Embedding = {
  /** The places, each with the command as its group. */
  places: readonly RegExp[];
  /** The file that is read without being named. It is looked at where the command itself wrote it. */
  usual?: string;
  /** Only with one of these words something runs, and with one of those nothing. */
  needs?: RegExp;
  tells?: RegExp;
};

const named = (names: string, embedding: Embedding) => names.split(" ").map((name) => [name, embedding] as const);

const table: readonly (readonly [string, Embedding])[] = [
  ...named("ninja samu", { places: [/^\s*command\s*=\s*(.+)$/gm], usual: "build.ninja", tells: /^-[nt]/ }),
  ...named("logrotate", {
    places: [/^\s*(?:pre|post|first|last)(?:rotate|action|remove)\s*\n([^]*?)^\s*endscript/gm],
    tells: /^(-d|--debug)$/,
  }),
  ...named("cmake", { places: [/\bexecute_process\s*\(\s*COMMAND\s+([^)]+)/g], needs: /^-P/ }),
  ...named("supervisord", { places: [/^\s*command\s*=\s*(.+)$/gm], usual: "supervisord.conf" }),
  ...named("foreman honcho overmind goreman nf", {
    places: [/^[\w-]+:\s*(.+)$/gm],
    usual: "Procfile",
    needs: /^(start|s|up)$/,
  }),
  ...named("hivemind", { places: [/^[\w-]+:\s*(.+)$/gm], usual: "Procfile" }),
  ...named("sqlite3", { places: [/^\s*\.(?:shell|system)\s+(.+)$/gm, /^\s*\.\w+\s[^|\n]*\|\s*([^"'\n]+)/gm] }),
  ...named("dc", { places: [/!\s*([^<>=\s].*)$/gm] }),
  ...named("lftp sftp ftp ncftp", {
    places: [/(?:^|;)\s*!\s*(.+)$/gm, /^(?:-o)?\s*(?:Proxy|Local|KnownHosts)Command\s*[= ]\s*(.+)$/gim],
  }),
  ...named("m4 gm4", { places: [/\be?syscmd\s*\(\s*[`'"[]*([^)'"\]]+)/g] }),
  ...named("groff troff nroff gtroff", { places: [/^[.']\s*(?:sy|pso|pi)\s+(.+)$/gm] }),
  ...named("rpm rpmspec rpmbuild", { places: [/%\(([^()]*(?:\([^()]*\)[^()]*)*)\)/g] }),
  ...named("tex etex pdftex xetex luatex latex pdflatex xelatex lualatex latexmk context tectonic", {
    places: [
      /\\(?:immediate\s*)?(?:write\s*18|ShellEscape)\s*\{([^{}]*)\}/g,
      /\\(?:input|openin\d*\s*=?)\s*\{?\s*"?\|\s*"?([^"}\n]+)/g,
      /\b(?:os\.execute|io\.popen)\s*\(?\s*["'[]+([^"'\]\n]+)/g,
      // What latexmk is told in Perl.
      /\$\w*(?:latex|tex|dvi|ps|pdf|bib|index|view)\w*\s*=\s*(?:q\w?[^\w\s]|["'])([^"'/)}\n]+)/g,
    ],
  }),
];

export const embedded = new Map<string, Handler>(
  table.map(([name, embedding]) => [
    name,
    (shell, call, state) => commandsOf(shell, call, state, { ...embedding, via: name }),
  ]),
);

function commandsOf(shell: Shell, call: Call, state: State, how: Embedding & { via: string }): State[] {
  const { places, usual, needs, tells, via } = how;
  const words = call.argv.slice(1).map(certainly);
  const isNeeded = needs === undefined || words.some((word) => needs.test(word));
  if (!isNeeded || words.some((word) => tells?.test(word))) return nothingRun(state);
  // Which option takes a file does not matter: what is the name of none cannot be read.
  const paths = words
    .map((word) => word.replace(/^-(-[\w-]+=|[a-zA-Z](?=[./]))/, ""))
    .filter((word) => word !== "" && !/^-|\s/.test(word))
    .map((word) => resolved(word, state.cwd));
  const own = usual === undefined ? undefined : resolved(usual, state.cwd);
  if (own !== undefined && state.files.has(own)) paths.push(own);
  const files = paths.map((path) => shell.read(path, call.frame, state) ?? "");
  for (const text of [...words, ...files, state.input ?? ""])
    for (const place of places)
      for (const [, command] of text.matchAll(place))
        runText(shell, call, { ...state, output: undefined }, command!, { via });
  return nothingRun(state);
}
