import { valueOf } from "./parameters.ts";
import { resolved } from "./paths.ts";
import { joinedWords, nothingRun, quotedWords, runText, runWords } from "./running.ts";
import type { Call, Handler, Shell } from "./shell.ts";
import { having, type State } from "./state.ts";
import { HOLE, certainly, isKnown, literally, type Argument } from "./values.ts";

/** What git runs for its caller: aliases and settings that are commands, and subcommands that take one. */
export const gitRuns = new Map<string, Handler>([["git", git]]);

const TAKES =
  /^(-C|-c|--git-dir|--work-tree|--namespace|--exec-path|--super-prefix|--config-env|--list-cmds|--attr-source)$/;
/** Settings whose value is run. */
const RUN_SETTINGS =
  /^(core\.(pager|sshcommand|editor|askpass|fsmonitor|gitproxy|alternaterefscommand)|pager\.\w+|sequence\.editor|diff\.(external|.*\.(command|textconv))|(diff|merge)tool\..*\.cmd|merge\..*\.driver|filter\..*\.(clean|smudge|process)|credential\.(.*\.)?helper|gpg\.(.*\.)?(program|defaultkeycommand)|(remote\..*\.)?(uploadpack|receivepack)|trailer\..*\.(command|cmd)|sendemail\.(.*cmd|smtpserver)|guitool\..*\.cmd|imap\.tunnel|interactive\.difffilter|tar\..*\.command|lfs\.customtransfer\..*\.path|web\.browser|browser\..*\.cmd|man\..*\.cmd|uploadpack\.packobjectshook)$/i;

function git(shell: Shell, call: Call, state: State): State[] {
  let [at, there] = [1, state];
  let settings = fromEnvironment(shell, state);
  for (; at < call.argv.length; at++) {
    const value = certainly(call.argv[at]!);
    if (!value.startsWith("-")) break;
    const next = call.argv[at + 1] ? certainly(call.argv[at + 1]!) : "";
    if (value === "-C") there = { ...there, cwd: resolved(next, there.cwd) };
    if (value === "-c") settings = [...settings, setting(next)];
    if (TAKES.test(value)) at++;
  }
  for (const [name, value] of settings)
    if (RUN_SETTINGS.test(name) && value !== "")
      runText(shell, call, { ...there, output: undefined }, value.replace(/^!/, ""), { via: "git" });
    else if (/^remote\..*url$/.test(name)) remoteHelper(shell, call, there, value);
  const rest = call.argv.slice(at);
  const verb = rest[0] ? certainly(rest[0]) : "";
  const alias =
    settings.findLast(([name]) => name === `alias.${verb.toLowerCase()}`)?.[1] ?? state.aliases.get(`git ${verb}`);
  if (alias !== undefined) return aliased(shell, call, there, alias, rest);
  // A subcommand is a program, too; which one, a new PATH may decide.
  if (state.variables.has("PATH") && /^[\w-]+$/.test(verb))
    runWords(shell, call, there, [literally(`git-${verb}`), ...rest.slice(1)], { via: "git" });
  const own = verb === "config" ? configured(shell, call, state, rest) : state;
  subcommand(shell, call, there, verb, rest);
  return nothingRun(own);
}

function setting(text: string): readonly [string, string] {
  const equals = text.indexOf("=");
  return equals < 0 ? [text.toLowerCase(), "true"] : [text.slice(0, equals).toLowerCase(), text.slice(equals + 1)];
}

/** Settings may come in variables too: `GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=alias.x GIT_CONFIG_VALUE_0='!cmd'`. */
function fromEnvironment(shell: Shell, state: State): (readonly [string, string])[] {
  const found: (readonly [string, string])[] = [];
  for (let at = 0; at < 16; at++) {
    const name = valueOf(`GIT_CONFIG_KEY_${at}`, state, shell.around);
    if (name !== undefined)
      found.push([name.toLowerCase(), valueOf(`GIT_CONFIG_VALUE_${at}`, state, shell.around) ?? ""]);
  }
  const parameters = valueOf("GIT_CONFIG_PARAMETERS", state, shell.around) ?? "";
  for (const [, text] of parameters.matchAll(/'([^']*)'/g)) found.push(setting(text!));
  return found;
}

function aliased(shell: Shell, call: Call, state: State, alias: string, rest: readonly Argument[]): State[] {
  const inside = { ...state, aliases: having(state.aliases, `git ${certainly(rest[0]!)}`, undefined) };
  if (!alias.startsWith("!")) {
    const text = `git ${alias} ${quotedWords(rest.slice(1))}`;
    return runText(shell, call, inside, text, { via: "git" });
  }
  return runText(shell, call, inside, `${alias.slice(1)} ${quotedWords(rest.slice(1))}`, { via: "git" }, ["git"]);
}

/** `git config alias.p push` works from the next command on. */
function configured(shell: Shell, call: Call, state: State, rest: readonly Argument[]): State {
  const words = rest
    .slice(1)
    .map(certainly)
    .filter((word) => !word.startsWith("-") && word !== "set");
  const [name = "", value] = words;
  if (value === undefined) return state;
  if (RUN_SETTINGS.test(name))
    runText(shell, call, { ...state, output: undefined }, value.replace(/^!/, ""), { via: "git" });
  const [, alias] = /^alias\.(.+)$/i.exec(name) ?? [];
  return alias ? { ...state, aliases: having(state.aliases, `git ${alias}`, value) } : state;
}

/** `ext::cmd words`: the words are parted by spaces, and `% ` is a space in one. */
function remoteHelper(shell: Shell, call: Call, state: State, url: string): void {
  const words = /^ext::(.*)$/s.exec(url)?.[1]?.split(/(?<!%) /) ?? [];
  const own = words.map((one) => literally(one.replaceAll("% ", " ")));
  runWords(shell, call, { ...state, output: undefined }, own, { via: "git" });
}

function subcommand(shell: Shell, call: Call, state: State, verb: string, rest: readonly Argument[]): void {
  const how = { via: "git" };
  const words = rest.map(certainly);
  const text = (given: string | undefined) => given !== undefined && runText(shell, call, state, given, how);
  const after = (...names: string[]) => {
    for (const [at, word] of words.entries()) {
      const equals = names.find((name) => name.startsWith("--") && word.startsWith(`${name}=`));
      const attached = names.find((name) => !name.startsWith("--") && word.startsWith(name) && word.length > 2);
      if (names.includes(word)) text(words[at + 1]);
      else if (equals) text(word.slice(equals.length + 1));
      else if (attached) text(word.slice(2));
    }
  };
  if (verb === "submodule") {
    const at = words.indexOf("foreach");
    const rest_ = at < 0 ? [] : rest.slice(at + 1).filter((word) => !/^--(recursive|quiet)$/.test(word.value));
    // One word is shell text, several are words.
    if (rest_.length > 0) text(joinedWords(rest_));
  } else if (verb === "bisect" && words[1] === "run") runWords(shell, call, state, rest.slice(2), how);
  else if (verb === "rebase") after("-x", "--exec");
  else if (verb === "difftool") after("-x", "--extcmd");
  else if (verb === "grep") after("-O", "--open-files-in-pager");
  else if (verb === "filter-branch") {
    for (const [at, word] of words.entries()) if (/-filter$/.test(word)) text(words[at + 1]);
  } else if (/^(fetch|pull|clone|ls-remote|push|archive|fetch-pack|send-pack)$/.test(verb)) {
    after("--upload-pack", "--receive-pack", "--exec", ...(verb === "clone" ? ["-u"] : []));
    for (const word of words) remoteHelper(shell, call, state, word);
  } else if (verb === "for-each-repo") {
    const at = rest.findIndex(({ value }, place) => place > 0 && !value.startsWith("-"));
    if (at > 0) runWords(shell, call, { ...state, cwd: HOLE }, [literally("git"), ...rest.slice(at)], how);
  } else if (verb === "maintenance" || verb === "hook") {
    if (!isKnown(words.join(""))) shell.unknown("this runs a hook that is not known", call.text ?? words.join(" "));
  }
}
