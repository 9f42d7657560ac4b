import { local } from "./option_commands.ts";
import { hasOption, optionWord, readOptions } from "./options.ts";
import { resolved } from "./paths.ts";
import { joinedWords, nothingRun, runInput, runText, runWords } from "./running.ts";
import { runScript } from "./script_files.ts";
import type { Call, Handler, Shell } from "./shell.ts";
import type { State } from "./state.ts";
import { certainly } from "./values.ts";

/** Programs that are given shell text: as a word, in a file, on standard input. */
export const shells = new Map<string, Handler>([
  ...["bash", "sh", "zsh", "dash", "ksh", "mksh", "ash", "rbash", "yash"].map((name) => [name, posixShell] as const),
  ...["fish", "csh", "tcsh", "nu", "xonsh", "elvish"].map((name) => [name, posixShell] as const),
  ...["pwsh", "powershell", "cmd", "powershell.exe", "pwsh.exe", "cmd.exe"].map(
    (name) => [name, foreignShell] as const,
  ),
  ["ssh", remote],
  ["mosh", remote],
  ["sshpass", (shell, call, state) => wrappedShell(shell, call, state, "fdpP", "sshpass")],
  ["autossh", remote],
  ["rsh", remote],
]);

function posixShell(shell: Shell, call: Call, state: State): State[] {
  const via = certainly(call.argv[0]!).replace(/^.*\//s, "");
  const { at, text, readsInput, isOnlyRead } = shellOptions(call);
  if (isOnlyRead) return nothingRun(state);
  const rest = call.argv.slice(at);
  if (text) {
    const [words, name] = [rest.map(certainly), via];
    return runText(shell, call, state, text(rest), { via }, words.length > 1 ? words.slice(1) : [name]);
  }
  if (readsInput || rest.length === 0) return runInput(shell, call, state, { via }, [via, ...rest.map(certainly)]);
  return runScript(shell, call, state, rest, via);
}

/** Shells that only look at the grammar with `-n`, unless somebody sits in front of them. */
const checking = /(^|\/)((ba|z|da|k|mk|a|ya|rba)?sh|fish)$/;

/** A shell's options: `-lc` takes its text after all of them, and `-s` reads standard input whatever follows. */
function shellOptions(call: Call) {
  let at = 1;
  let [isText, readsInput, isOnlyRead, isInteractive] = [false, false, false, false];
  let attached: string | undefined;
  for (; at < call.argv.length; at++) {
    const { value } = call.argv[at]!;
    if (value === "--" || value === "-") {
      at++;
      break;
    }
    if (!/^[-+]./.test(value)) break;
    if (/^[-+][A-Za-z]*n/.test(value) || /^--no-execute$/.test(value)) isOnlyRead = !value.startsWith("+");
    if (/^[-+][A-Za-z]*o$/.test(value) && call.argv[at + 1]?.value === "noexec") isOnlyRead = value.startsWith("-");
    if (/^-[A-Za-z]*i/.test(value) || value === "--interactive") isInteractive = true;
    if (/^--(rcfile|init-file)$/.test(value) || /^[-+][A-Za-z]*[oO]$/.test(value)) at++;
    if (/^--command=/.test(value)) attached = value.slice(10);
    if (value === "--command") isText = true;
    if (/^-[A-Za-z]*c/.test(value)) isText = true;
    if (/^-[A-Za-z]*s/.test(value)) readsInput = true;
  }
  isOnlyRead &&= !isInteractive && checking.test(certainly(call.argv[0]!));
  if (attached !== undefined) return { at, text: () => attached, readsInput, isOnlyRead };
  const text = isText ? (rest: Call["argv"]) => (rest[0] ? certainly(rest[0]) : "") : undefined;
  return { at, text, readsInput, isOnlyRead };
}

function foreignShell(shell: Shell, call: Call, state: State): State[] {
  const runs = call.argv.length > 1 || state.input !== undefined;
  if (runs) shell.unknown("PowerShell and cmd are not read", call.text ?? joinedWords(call.argv));
  return nothingRun(state);
}

const OF_SSH = "BbcDEeFIiJLlmOoPpQRSWw";

function remote(shell: Shell, call: Call, state: State): State[] {
  const options = readOptions(call.argv, 1, { short: OF_SSH, long: ["ssh", "port"] });
  for (const [name, word] of options.given) {
    const [, text] = (name === "o" && word && local.exec(certainly(word))) || [];
    if (text !== undefined && text !== "none") runText(shell, call, state, text, { via: "ssh" });
  }
  const settings = optionWord(options, "F");
  const lines = settings ? shell.read(resolved(certainly(settings), state.cwd), call.frame, state) : null;
  for (const [, text] of lines?.matchAll(/^\s*(?:(?:Proxy|Local|KnownHosts)Command\s*[= ]|Match\s+exec)\s*(.+)$/gim) ??
    [])
    if (text !== "none") runText(shell, call, state, text!.replace(/^"(.*)"$/, "$1"), { via: "ssh" });
  // The host may stand before options too: `ssh host -t cmd`.
  const after = readOptions(call.argv, options.at + 1, { short: OF_SSH });
  const rest = call.argv.slice(after.at);
  const how = { via: "ssh", isElsewhere: true };
  const isForwardOnly = hasOption(options, "N") || hasOption(after, "N");
  if (rest.length > 0) return runText(shell, call, state, joinedWords(rest), how);
  return isForwardOnly ? nothingRun(state) : runInput(shell, call, state, how);
}

function wrappedShell(shell: Shell, call: Call, state: State, short: string, via: string): State[] {
  const options = readOptions(call.argv, 1, { short });
  return runWords(shell, call, state, call.argv.slice(options.at), { via });
}
