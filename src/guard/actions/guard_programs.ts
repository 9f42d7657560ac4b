import { absolute, entry, type Call, found, known, type Reader, resource, type Scene } from "./call.ts";
import { guardPathOf } from "./guard_files.ts";
import { asksForHelp, hasFlag } from "./patterns.ts";
import { isInside } from "./places.ts";
import type { Found } from "../vocabulary.ts";
import { either } from "./either.ts";

/** Starting an agent, or saying to Longwatch, what takes the guard away. */
const because = (call: Call, id: string, why: string, certain = true): Found[] => [
  found(call, "reconfigure_guard", resource("guard", id), why, certain),
];

/** Variables that move an agent's configuration to where no guard is. */
const moved: Readonly<Record<string, RegExp>> = {
  claude: either(
    /^(CLAUDE_CONFIG_DIR|CLAUDE_CODE_SIMPLE|CLAUDE_CODE_MANAGED_SETTINGS_PATH)$/,
    /^(CLAUDE_CODE_DISABLE_HOOKS|HOME|XDG_CONFIG_HOME)$/,
  ),
  codex: /^(CODEX_HOME|HOME)$/,
  gemini: /^(GEMINI_CLI_HOME|GEMINI_CLI_SYSTEM_SETTINGS_PATH|GEMINI_CLI_SYSTEM_DEFAULTS_PATH|HOME)$/,
  opencode: /^(OPENCODE_CONFIG|OPENCODE_CONFIG_DIR|OPENCODE_CONFIG_CONTENT|OPENCODE_PURE|XDG_CONFIG_HOME|HOME)$/,
};
const flags: Readonly<Record<string, readonly string[]>> = {
  claude: ["--bare", "--safe-mode", "--settings", "--setting-sources", "--managed-settings"],
  codex: ["--dangerously-bypass-hook-trust", "--ignore-user-config", "--ignore-rules"],
  gemini: ["--no-hooks", "--disable-hooks"],
  opencode: ["--pure", "--no-plugins"],
};
const names: Readonly<Record<string, string>> = {
  claude: "claude",
  "claude-code": "claude",
  codex: "codex",
  gemini: "gemini",
  "gemini-cli": "gemini",
  opencode: "opencode",
  "opencode-ai": "opencode",
};

/** Operations that are an operator's, or that change who may do what. */
const doors = either(
  /^(connect|disconnect|sign-in|(consent (give|revoke))|(approval|manifest) decide)$/,
  /^(policy (propose|activate)|(token|seat) (issue|adopt|revoke|rename)|token rotate|rung set)$/,
  /^(route set|role (deputize|grant|set)|escalation close)$/,
);
const endpoints = either(
  /\/(v1\/)?(policy\/(propose|activate)|consent\/(give|revoke)|(approval|manifest)\/decide)\b/,
  /\/(v1\/)?(token\/(issue|revoke)|seat\/adopt|rung\/set|route\/set|role\/deputize)\b/,
);

export const readGuard: Reader = (call, scene) => [
  ...agents(call),
  ...strangers(call, scene),
  ...links(call, scene),
  ...longwatch(call),
  ...variables(call),
  ...processes(call, scene),
  ...packages(call),
  ...(mentions.has(call.name) && !edits(call) ? [] : mentioned(call, (path) => guardPathOf(path, call, scene.around))),
];

/** Agents that no guard of ours can stand before. What one of them does, nobody decides. */
const unguarded = either(
  /^(aider|cursor-agent|amp|copilot|crush|droid|auggie|kiro-cli|qwen|plandex|gptme|mentat|sweagent)$/,
  /^(openhands|cline|kimi|grok|vibe|forge|rovodev|iflow|codebuff|interpreter|open-interpreter|q)$/,
);
/** Options by which an agent works in another directory than the one that its guard was written for. */
const moving = /^(--add-dir|-C|--cd|--cwd|--worktree|--include-directories)(=|$)/;

function strangers(call: Call, scene: Scene): Found[] {
  if (asksForHelp(call)) return [];
  const isSaying = call.args.length > 0 || call.stdin !== undefined;
  // There is a migration tool of that name, too.
  const isGoose = call.name === "goose" && /^(run|session|recipe)$/.test(call.args[0] ?? "");
  if ((isGoose || unguarded.test(call.name)) && isSaying && !(call.name === "q" && call.args[0] !== "chat"))
    return because(call, call.name, `${call.name}, an agent without a guard`, false);
  const agent = entry(names, call.name);
  if (agent === undefined || !isSaying) return [];
  const words = known(call);
  const elsewhere = words.flatMap((arg, index) => {
    if (!moving.test(arg)) return [];
    return [arg.includes("=") ? arg.slice(arg.indexOf("=") + 1) : (call.args[index + 1] ?? "")];
  });
  const places = [call.cwd, ...elsewhere.map((path) => absolute(path, call, scene.around))];
  return places.some((place) => place !== null && !isInside(place, scene.around))
    ? because(call, agent, `${agent} in another directory, where its guard may not be`, false)
    : [];
}

function agents(call: Call): Found[] {
  const agent = entry(names, call.name);
  if (agent === undefined || (call.args.length === 1 && /^(-v|--version|--help|-h)$/.test(call.args[0] ?? "")))
    return [];
  const variable = [...call.env.keys()].find((name) => moved[agent]!.test(name));
  if (variable !== undefined) return because(call, agent, `${agent} with another ${variable}`);
  const flag = flags[agent]!.find(
    (one) => hasFlag(call, [one]) || known(call).some((arg) => arg.startsWith(`${one}=`)),
  );
  if (flag !== undefined) return because(call, agent, `${agent} ${flag}`);
  const words = known(call)
    .filter((arg) => !arg.startsWith("-"))
    .slice(0, 3)
    .join(" ");
  const all = known(call).join(" ");
  if (
    either(
      /^(mcp (remove|rm)|plugins? (disable|uninstall|remove)|features? disable)\b/,
      /^(hooks? (disable|remove|uninstall)|config set|extensions (disable|uninstall))\b/,
    ).test(words)
  )
    return because(call, agent, `${agent} ${words}`);
  if (
    agent === "codex" &&
    (/--disable[= ]hooks/.test(all) || /(^|\s|=)["']?(features\.|features=\{)?hooks(\.\w+)*["']?\s*[=:]/.test(all))
  )
    return because(call, agent, "codex without hooks");
  return [];
}

function longwatch(call: Call): Found[] {
  if (/^(curl|wget|http|https|xh|httpie)$/.test(call.name)) {
    const hit = known(call)
      .map((arg) => endpoints.exec(arg)?.[0])
      .find(Boolean);
    return hit === undefined ? [] : because(call, "longwatch", `a request to ${hit}`);
  }
  if (
    /^(cat|less|head|tail|jq|cp|base64|xxd|grep|bat|scp|curl)$/.test(call.name) &&
    known(call).some((arg) => /longwatch\/client\.json$/.test(arg))
  )
    return because(call, "the operator's token", "reads the operator's token");
  if (call.name !== "longwatch") return [];
  if (call.args.includes("--help")) return [];
  const words = known(call).filter(
    (arg, index) => !arg.startsWith("-") && !/^--(token|url|tenant|output|as)$/.test(call.args[index - 1] ?? ""),
  );
  if (hasFlag(call, ["--token"]) || known(call).some((arg) => arg.startsWith("--token=")))
    return because(call, "longwatch", "longwatch with another token");
  if (doors.test(words[0] ?? "") || doors.test(words.slice(0, 2).join(" ")))
    return because(call, "longwatch", `longwatch ${words.slice(0, 2).join(" ")}`);
  return call.args[0] === null ||
    (call.args[1] === null && /^(policy|consent|approval|token|seat)$/.test(words[0] ?? ""))
    ? because(call, "longwatch", "longwatch with a command that is not known", false)
    : [];
}

/** Variables that speak for somebody else, or switch hooks off. */
function variables(call: Call): Found[] {
  for (const [name, value] of call.env) {
    if (/^LONGWATCH_(TOKEN|URL|GUARD\w*)$/.test(name)) return because(call, "longwatch", `another ${name}`);
    if (/^(HUSKY|LEFTHOOK)$/.test(name) && value === "0") return because(call, "git hooks", `${name}=0`);
    if (/^(HUSKY_SKIP_HOOKS|HUSKY_SKIP_INSTALL|PRE_COMMIT_ALLOW_NO_CONFIG|LEFTHOOK_EXCLUDE)$/.test(name))
      return because(call, "git hooks", name);
    if (name === "SKIP" && /^(git|pre-commit)$/.test(call.name)) return because(call, "git hooks", "SKIP of hooks");
  }
  if (!/^(export|declare|typeset|readonly|env|set)$/.test(call.name)) return [];
  const hit = known(call).find((arg) => /^LONGWATCH_(TOKEN|URL|GUARD\w*)=/.test(arg) || /^HUSKY=0$/.test(arg));
  return hit === undefined && !(call.args.includes(null) && /LONGWATCH_TOKEN=/.test(call.text))
    ? []
    : because(call, "longwatch", "another token or address");
}

/** Ending or cutting off the guard and its server. */
function processes(call: Call, scene: Scene): Found[] {
  const all = known(call).join(" ");
  // What `pgrep longwatch` found is what a later kill ends.
  if (/^(pgrep|pidof|ps|lsof)$/.test(call.name) && /longwatch/i.test(all)) scene.configs.set("\0found", "longwatch");
  const isFound = scene.configs.has("\0found") && call.args.includes(null) && call.name === "kill";
  const near = isFound || /longwatch/i.test(`${all} ${call.texts.join(" ")}`);
  if (/^(pkill|killall|skill|xkill)$/.test(call.name))
    return near ? because(call, "longwatch", `${call.name} of longwatch`) : [];
  if (call.name === "export" && call.args.includes("-f"))
    return near ? because(call, "longwatch", "longwatch made another command") : [];
  if (call.name === "kill")
    return near || /longwatch/i.test(call.text) ? because(call, "longwatch", "kill of longwatch", false) : [];
  if (/^(systemctl|service|launchctl|initctl|rc-service|supervisorctl|pm2)$/.test(call.name))
    return near && /\b(stop|disable|mask|kill|restart|unload|bootout|remove|delete)\b/.test(all)
      ? because(call, "longwatch", `${call.name} that stops longwatch`)
      : [];
  if (/^(docker|podman|docker-compose)$/.test(call.name))
    return near && /^(stop|kill|rm|pause|compose (stop|down|kill|rm))\b/.test(all)
      ? because(call, "longwatch", `${call.name} that stops longwatch`)
      : [];
  if (/^(iptables|ip6tables|nft|ufw|pfctl)$/.test(call.name))
    return /\b(7420|DROP|REJECT|deny|block)\b/.test(all) ? because(call, "longwatch", "a firewall rule", false) : [];
  if (/^(alias|unalias|hash|enable)$/.test(call.name))
    return /(^| )(-\w+ )*longwatch(=| |$)/.test(all) && all.includes("=")
      ? because(call, "longwatch", "longwatch made another command")
      : [];
  return [];
}

function packages(call: Call): Found[] {
  const all = known(call).filter((arg) => !arg.startsWith("-"));
  if (
    /^(npm|pnpm|yarn|bun)$/.test(call.name) &&
    /^(uninstall|un|unlink|remove|rm|r)$/.test(all.find((arg) => /^(uninstall|un|unlink|remove|rm|r)$/.test(arg)) ?? "")
  )
    return all.includes("longwatch") ? because(call, "longwatch", "longwatch uninstalled") : [];
  // Another version of it is another guard.
  if (
    /^(npm|pnpm|yarn|bun)$/.test(call.name) &&
    /^(i|install|add|up|update|upgrade|link|ln|in|ins)$/.test(all[0] ?? "") &&
    all.slice(1).some((arg) => /^longwatch(@.*)?$|[:/]longwatch[\w.-]*\.tgz$/.test(arg))
  )
    return because(call, "longwatch", "another longwatch installed");
  if (/^(pre-commit|lefthook|husky)$/.test(call.name) && all[0] === "uninstall")
    return because(call, "git hooks", `${call.name} uninstall`);
  return [];
}

/** Another name for one of the guard's files: what is written by it later does not look like the guard's. */
function links(call: Call, scene: Scene): Found[] {
  const isLink =
    /^(ln|link)$/.test(call.name) ||
    (call.name === "cp" && known(call).some((arg) => /^(-[a-zA-Z]*[ls]|--link|--symbolic-link)/.test(arg)));
  const path = isLink
    ? known(call).find((arg) => !arg.startsWith("-") && guardPathOf(arg, call, scene.around) !== undefined)
    : undefined;
  return path === undefined ? [] : because(call, guardPathOf(path, call, scene.around)!, `${call.name} of ${path}`);
}

/** Programs that are known to write nothing that they name, or whose writes outside.ts follows. */
const mentions = new Set(
  `cat head tail less more bat grep egrep fgrep rg ag ack jq yq diff cmp comm wc file stat ls tree md5sum
  sha1sum sha256sum cksum find fd awk gawk sed cut sort uniq tr nl od xxd hexdump strings realpath readlink
  basename dirname test [ [[ cd pushd echo printf true : git cp mv rm ln tee touch mkdir chmod chown rsync tar
  scp install truncate shred unlink rmdir sponge dd curl wget patch perl python node ruby source . export du
  df which type command man column paste fold pr cat env xargs set declare local read for case shellcheck open
  longwatch claude codex gemini opencode bash sh zsh dash eval exec vim vi nvim code nano emacs docker podman
  json.tool pytest venv prettier`.split(/\s+/),
);

/** An editor that is told what to do is a program like any other. */
const edits = (call: Call) =>
  /^(vi|vim|nvim|ex|ed|emacs|nano)$/.test(call.name) &&
  (call.stdin != null || known(call).some((arg) => /^(-[a-zA-Z]*[ces]|\+|--)/.test(arg)));

/** A program that is not known and is given one of the guard's files. */
function mentioned(call: Call, whatIs: (path: string) => string | undefined): Found[] {
  if (call.name === "") return [];
  for (const arg of known(call)) {
    if (!/claude|codex|gemini|longwatch|opencode|mcp\.json|\.git\b|husky/.test(arg) || /\s/.test(arg)) continue;
    const what = whatIs(arg.replace(/^--?[\w-]+=/, ""));
    if (what !== undefined) return because(call, what, `${call.name} with ${arg}`, false);
  }
  return [];
}
