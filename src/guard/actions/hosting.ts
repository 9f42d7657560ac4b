import {
  fileText,
  type Call,
  found,
  hasLetter,
  known,
  optionOf,
  positionals,
  type Reader,
  resource,
  type Scene,
} from "./call.ts";
import { isProtected } from "./branches.ts";
import { readRequest, type Request } from "./requests.ts";
import { asksForHelp, hasFlag, match, patternOf } from "./patterns.ts";
import type { ActionName, Found, ResourceType } from "../vocabulary.ts";

/** Hosts of repositories by their command lines, and version control systems that are not git. */
type Row = readonly [line: string, action: ActionName, type: ResourceType, id: string];
const rows: readonly Row[] = [
  ["gh pr merge !--disable-auto", "merge", "branch", "pull request"],
  ["gh pr update-branch +--rebase", "push", "branch", "pull request"],
  ["gh repo sync", "push", "branch", "main"],
  ["gh repo edit|rename|transfer|deploy-key", "reconfigure_guard", "service", "repository settings"],
  ["gh ruleset|rulesets delete|create|edit", "reconfigure_guard", "guard", "branch rules"],
  ["gh workflow run", "deploy", "environment", "production"],
  ["gh workflow disable|enable", "deploy", "environment", "workflows"],
  ["gh run rerun", "deploy", "environment", "production"],
  ["gh secret|variable set", "deploy", "environment", "secrets"],
  ["glab mr merge|accept", "merge", "branch", "merge request"],
  ["glab ci run|trigger|retry", "deploy", "environment", "production"],
  ["glab pipeline|pipe run|retry", "deploy", "environment", "production"],
  ["hub merge|sync", "merge", "branch", "main"],
  ["hub push", "push", "branch", "unknown"],
  ["tea pulls|pr|pull merge|m", "merge", "branch", "pull request"],
  ["bb pr merge", "merge", "branch", "pull request"],
  ["az repos pr update +--status|--auto-complete", "merge", "branch", "pull request"],
  ["az pipelines run", "deploy", "environment", "production"],
  ["jj git push +--all|--tracked|--deleted", "push", "branch", "all branches"],
  ["hg push !--dry-run|-n", "push", "branch", "default"],
  ["svn commit|ci|delete|mkdir|copy|move|import", "push", "branch", "trunk"],
  ["bzr|brz push", "push", "branch", "trunk"],
  ["fossil push|sync|commit|ci", "push", "branch", "trunk"],
  ["p4 submit", "push", "branch", "depot"],
  ["sl push", "push", "branch", "unknown"],
  ["isogit push", "push", "branch", "unknown"],
  ["arc land", "push", "branch", "main"],
  ["gt submit|merge +--merge-when-ready|-m|--merge", "push", "branch", "main"],
  ["gt merge", "merge", "branch", "main"],
  ["av pr queue", "merge", "branch", "main"],
  ["git-town ship|sync", "push", "branch", "main"],
];
const table = rows.map(([line, ...row]) => ({ pattern: patternOf(line), row }));
export const hostingPrograms = new Set(table.flatMap(({ pattern }) => pattern.programs));

export const readHosting: Reader = (call, scene) => {
  if (!hostingPrograms.has(call.name) || asksForHelp(call)) return [];
  const founds: Found[] = [];
  for (const { pattern, row } of table) {
    if (!pattern.programs.includes(call.name)) continue;
    const hit = match(pattern, call);
    if (hit === undefined) continue;
    const [action, type, id] = row;
    if (
      call.name === "gh" &&
      /\b(workflow|run)\b/.test(pattern.words.map((words) => [...words].join()).join(" ")) &&
      !hit.certain
    )
      continue;
    if (call.name === "az" && optionOf(call, "--status") === "abandoned") continue;
    const which = hit.rest.find((word) => word !== null && !word.startsWith("-"));
    founds.push(
      found(
        call,
        action,
        resource(type, which ? `${id} ${which}`.replace(/^(production|main|unknown) /, "") : id),
        [call.name, ...known(call).filter((word) => !word.startsWith("-"))].slice(0, 3).join(" "),
        hit.certain,
      ),
    );
  }
  if (call.name === "jj") founds.push(...jujutsu(call, scene));
  if (call.name === "sl") return founds.filter(() => isProtected(optionOf(call, "--to") ?? "main", scene));
  if (call.name === "isogit") return founds.length === 0 ? [] : isomorphic(call, scene);
  if (/^(gh|glab|hub)$/.test(call.name)) founds.push(...api(call, scene));
  if (call.name === "gh") founds.push(...ghAlias(call, scene));
  return founds.slice(0, 2);
};

/** `isogit push --remote=origin --ref=main` says what git does with the same words. */
function isomorphic(call: Call, scene: Scene): Found[] {
  const ref = optionOf(call, "--remoteRef") ?? optionOf(call, "--ref");
  const remote = optionOf(call, "--remote") ?? "origin";
  return scene.run(["git", "push", ...(ref === undefined ? [] : [remote, ref])], call);
}

function jujutsu(call: Call, scene: Scene): Found[] {
  const [first, second] = positionals(call, new Set(["-R", "--repository", "--config", "--config-file", "--at-op"]));
  if (first !== "git" || second !== "push" || hasFlag(call, ["--dry-run"])) return [];
  const names = call.args.flatMap((arg, index) => {
    if (/^(-b|--bookmark|--branch|--named|--allow-new)$/.test(call.args[index - 1] ?? "")) return [arg];
    const [, joined] = /^(?:-b|--bookmark=|--branch=|--named=)(.+)$/.exec(arg ?? "") ?? [];
    return joined === undefined ? [] : [joined];
  });
  const own = names.filter((name) => name === null || /[*:]/.test(name) || isProtected(name.split("=")[0]!, scene));
  return own
    .slice(0, 1)
    .map((name) =>
      found(
        call,
        "push",
        resource("branch", `origin/${name ?? "unknown"}`),
        `jj git push of ${name ?? "an unknown bookmark"}`,
        name !== null,
      ),
    );
}

/** `gh api` with its own defaults: a field makes a POST of it. */
function api(call: Call, scene: Scene): Found[] {
  const words = positionals(
    call,
    new Set(
      `-X --method -f --raw-field -F --field -H --header -q --jq -t --template --input --hostname --cache
  -p --preview -R --repo`.split(/\s+/),
    ),
  );
  if (words[0] !== "api") return [];
  // Of an address that is not wholly known, the text still says what it is for.
  const path = words[1] === null ? (call.texts[call.args.indexOf(null)] ?? "").replaceAll('"', "") : words[1];
  const hasFields = known(call).some((arg) => /^(-f|-F|--raw-field|--field|--input)/.test(arg)) || hasLetter(call, "f");
  const queries = known(call).flatMap((arg) => {
    const [, file] = /^(?:-F|--field=)?query=@(.+)$/.exec(arg) ?? [];
    if (file === undefined) return [];
    return [file === "-" ? (call.stdin ?? null) : fileText(file!, call, scene)];
  });
  const method = optionOf(call, "-X", "--method") ?? (hasFields || words[1] === "graphql" ? "POST" : "GET");
  const request: Request = {
    method: method?.toUpperCase() ?? null,
    url:
      path === undefined || path === ""
        ? null
        : `https://api.${call.name === "glab" ? "gitlab" : "github"}.com/${path.replace(/^\//, "")}`,
    body: [...known(call), ...queries].join(" "),
  };
  const founds = readRequest(request, call, scene);
  const isHidden = words[1] === "graphql" && queries.includes(null);
  return isHidden && founds.length === 0
    ? [found(call, "merge", resource("branch", null), "a query of a file that could not be read", false)]
    : founds;
}

/** An alias is another command of gh, or a shell command. It is kept for later calls, so it counts where it is set. */
function ghAlias(call: Call, scene: Scene): Found[] {
  const [first, second, , text] = known(call).filter((arg) => !arg.startsWith("-") || arg === "-");
  if (first !== "alias" || second !== "set" || text === undefined) return [];
  if (text === "-") return scene.shell(`gh ${call.stdin ?? ""}`, { ...call, certain: false });
  if (text.startsWith("!")) return scene.shell(text.slice(1), call);
  return scene.shell(hasFlag(call, ["--shell", "-s"]) ? text : `gh ${text}`, call);
}
