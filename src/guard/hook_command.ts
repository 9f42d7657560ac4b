import { quotedForShell, shellWord } from "../shell_words.ts";

/**
 * The command line of a guard's hook, for a CLI's configuration. Every agent CLI takes a hook that is missing, crashes
 * or is killed for one that agrees; so this line, and not the guard, turns everything but exit 0 into exit 2 with a
 * sentence, which all of them take for a refusal. The CLI's own shell may be fish: it only has to start `sh`.
 */
export function hookCommand(cli: string, launcher: string, settings?: string): string {
  return line(SCRIPT, launcher, ["guard", cli], settings);
}

/** What a turn's hooks are called at: a session begins, the model wants to stop, a sub-agent begins. */
export const turnEvents = ["session-start", "stop", "subagent-start"] as const;
export type TurnEvent = (typeof turnEvents)[number];

/**
 * The command line of a turn's hook. To stop is no protected act, so that everything that goes wrong lets go here: no
 * exit code of a program that broke may hold a model in its turn for ever.
 */
export function turnHookCommand(cli: string, event: TurnEvent, launcher: string, settings?: string): string {
  return line(TURN_SCRIPT, launcher, ["turn-hook", cli, event], settings);
}

function line(script: string, launcher: string, rest: readonly string[], settings: string | undefined): string {
  const words = [launcher, ...rest, ...(settings === undefined ? [] : ["--settings", settings])];
  const quoted = words.map(shellWord);
  // The path stands in quotes whatever it is: a person who reads the file sees where it ends.
  quoted[0] = quotedForShell(launcher);
  return `/bin/sh -c ${quotedForShell(script)} ${quoted.join(" ")}`;
}

/**
 * More processor time than any reading takes; a guard that spins is killed by the kernel, and so refuses. On a machine
 * that gives it a third of a processor that is still before the CLI loses its patience after 30 s, which allows.
 */
const PROCESSOR_SECONDS = 8;

/**
 * The launcher is read into a subshell and not started: it is a sh script, and one program less is 0.6 ms less.
 * No single quote may stand in here, since every shell ends a quoted text in its own way.
 *
 * A Node that aborts or crashes (134, 139) may have met a snapshot that a disk has lost a part of. It is tried once
 * more without: what the first one has read of the call is missing to the second, which then refuses.
 */
const SCRIPT = [
  `ulimit -t ${PROCESSOR_SECONDS} 2>/dev/null`,
  `[ -r "$0" ] && (. "$0") || { c=$?; ` +
    `case $c in 134|139) export LONGWATCH_NO_SNAPSHOT=broken; (. "$0") && exit 0; c=$?;; esac; [ $c -eq 2 ] || ` +
    `echo "Longwatch refused this call, because its guard did not run or broke off: $0. ` +
    `Tell the operator; it is the same for every call until that is mended." >&2; exit 2; }`,
].join("; ");

/** 1 is a failure that every CLI shows and none obeys; 2 would turn the model around. */
const TURN_SCRIPT = [
  `"$0" "$@"`,
  `{ echo "The turn goes on without Longwatch: its hook did not run or broke off: $0." >&2; exit 1; }`,
].join(" || ");
