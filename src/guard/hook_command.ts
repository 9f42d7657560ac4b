/**
 * The command line of a guard's hook, for a CLI's configuration. Every agent CLI takes a hook that is missing, crashes
 * or is killed for one that agrees; so this line, and not the guard, turns everything but exit 0 into exit 2 with a
 * sentence, which all of them take for a refusal. The CLI's own shell may be fish: it only has to start `sh`.
 */
export function hookCommand(cli: string, launcher: string, settings?: string): string {
  const words = [launcher, "guard", cli, ...(settings === undefined ? [] : ["--settings", settings])];
  const quoted = words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : quote(word)));
  // The path stands in quotes whatever it is: a person who reads the file sees where it ends.
  quoted[0] = quote(launcher);
  return `/bin/sh -c ${quote(SCRIPT)} ${quoted.join(" ")}`;
}

/**
 * More processor time than any reading takes; a guard that spins is killed by the kernel, and so refuses. On a machine
 * that gives it a third of a processor that is still before the CLI loses its patience after 30 s, which allows.
 */
const PROCESSOR_SECONDS = 8;

/**
 * The launcher is read into a subshell and not started: it is a sh script, and one program less is 0.6 ms less.
 * No single quote may stand in here, since every shell ends a quoted text in its own way.
 */
const SCRIPT = [
  `ulimit -t ${PROCESSOR_SECONDS} 2>/dev/null`,
  `[ -r "$0" ] && (. "$0") || { [ $? -eq 2 ] || ` +
    `echo "Longwatch refused this call, because its guard did not run or broke off: $0. ` +
    `Tell the operator; it is the same for every call until that is mended." >&2; exit 2; }`,
].join("; ");

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
