import { quotedForShell } from "../../shell_words.ts";
import type { ToolCall } from "../tool_call.ts";
import { type Call, found, resource, type Scene } from "./call.ts";
import { isProtected } from "./branches.ts";
import { changes } from "./databases.ts";
import { environmentOf } from "./environments.ts";
import { readWrite } from "./outside.ts";
import type { ActionName, Found, ResourceType } from "../vocabulary.ts";
import { either } from "./either.ts";

/** Tools of MCP servers, by the words of their names. Servers name them as they like; the verbs are always the same. */
type McpCall = Extract<ToolCall, { kind: "mcp" }>;

const looking = either(
  /^(get|list|search|read|show|describe|view|find|fetch|query_docs|explain|inspect|status)(_|$)/,
  /^(check|count|diff|compare|resolve|suggest|validate|preview|browser|navigate|download)(_|$)/,
  /^(watch|tail|lookup|analyze|summari[sz]e|is|has|can)(_|$)/,
);

const rules: readonly (readonly [RegExp, ActionName, ResourceType])[] = [
  [
    either(
      /(^|_)(merge|accept)_(pull_request|merge_request|pr|mr|branch)\b/,
      /(^|_)(pull_request|pr|mr|git|branch)_merge(_|$)|(^|_)cherry_pick(_|$)/,
    ),
    "merge",
    "branch",
  ],
  [/(^|_)enable_auto_?merge|(^|_)update_pull_request_branch/, "merge", "branch"],
  [
    either(
      /(^|_)(git_push|push_files|push_to|push_branch|push_commits?|force_push|update_ref)(_|$)/,
      /(^|_)(commit_files|create_commit)(_|$)|(^|_)git_push$|^push$/,
    ),
    "push",
    "branch",
  ],
  [/(^|_)(create_or_update_file|create_file|update_file|delete_file|upload_file)(_contents?)?$/, "push", "branch"],
  [/(^|_)create_tag(_|$)|^push_tag/, "push", "branch"],
  [
    either(
      /(^|_)(create|publish|update|upload)_release(_|$)|(^|_)release_create/,
      /(^|_)publish(_package|_version|_extension)?(_|$)|(^|_)docker_push|(^|_)push_image/,
    ),
    "publish",
    "package",
  ],
  [
    either(
      /(^|_)(apply_migration|run_migrations?|migrate|execute_migration|rollback_migration)(_|$)/,
      /(^|_)(reset_database|restore_database|reset_branch|merge_migration)(_|$)/,
      /(^|_)(complete_database_migration)(_|$)/,
    ),
    "migrate",
    "database",
  ],
  [
    either(
      /(^|_)(refund|charge|payout|transfer|invoice|subscription|payment)(_create|_update|_cancel|$)/,
      /(^|_)(payment_intent|payment_link|coupon|price)(_create|_update|_cancel|$)/,
      /(^|_)create_(refund|charge|payout|payment\w*|invoice|subscription|transfer|price)/,
    ),
    "spend",
    "service",
  ],
  [
    either(
      /(^|_)(create|launch|provision|purchase|buy|order|scale|resize)_(project|instance)(_|$)/,
      /(^|_)(create|launch|provision|purchase|buy|order|scale|resize)_(instances|server)(_|$)/,
      /(^|_)(create|launch|provision|purchase|buy|order|scale|resize)_(droplet|vm|cluster)(_|$)/,
      /(^|_)(create|launch|provision|purchase|buy|order|scale|resize)_(database|domain|number)(_|$)/,
      /(^|_)(create|launch|provision|purchase|buy|order|scale|resize)_(phone_number|codespace)(_|$)/,
      /(^|_)(create|launch|provision|purchase|buy|order|scale|resize)_(pod|machine|gpu)(_|$)/,
      /(^|_)(buy|purchase)(_|$)/,
    ),
    "spend",
    "service",
  ],
  [
    either(
      /(^|_)(delete|destroy|drop|remove|terminate|purge|wipe|truncate)(_|$)/,
      /(_delete|_destroy|_remove|_terminate)$|kubectl_delete|helm_uninstall/,
    ),
    "delete",
    "service",
  ],
  [
    either(
      /(^|_)(deploy|redeploy|rollback|promote|rollout|restart|apply|helm_install|helm_upgrade)(_|$)/,
      /(^|_)(helm_rollback|scale|kubectl_(apply|create|patch|scale|rollout|generic))(_|$)/,
      /(^|_)(exec_in_pod|run_workflow|trigger_workflow|dispatch\w*workflow|rerun_workflow_run)(_|$)/,
      /(^|_)(run_pipeline|trigger_pipeline|trigger_build|terraform_apply|pulumi_up|set_env)(_|$)/,
      /(^|_)(env_set|update_secret|put_secret)(_|$)|(_deploy|_apply|_restart|_rollback)$/,
      /worker_(deploy|put)|deployment_create|deploy_services_updater/,
    ),
    "deploy",
    "environment",
  ],
];

/** Fields that hold a shell command, SQL or paths, whatever the tool is called. */
const commands = /^(command|cmd|script|shell|input|keys|line|bash|commandLine|command_line|commands|cmds|argv)$/;
const paths = either(
  /^(path|file_path|filePath|filename|file|destination|source|target|new_path|newPath)$/,
  /^(relative_path|notebook_path|uri)$/,
);
const writers = either(
  /(^|_)(write|edit|create|update|move|rename|delete|remove|append|replace|insert|patch)(_|$)/,
  /(^|_)(copy|save)(_|$)|(^|_)(multi)?edit(_|$)/,
);
const codes = /^(code|function|expression|javascript|js|python|source|cell|snippet)$/;
const code_runners = /exec|eval|run|code|notebook|cell|repl|python|javascript/;
const programs = /^(command|cmd|executable|program|binary|bin|file|path)$/;
const operands = /^(args|arguments|argv|params|parameters|options)$/;
const runners = /shell|bash|terminal|exec|run|process|command|tmux|send_keys|script|spawn|console/;
const operators = either(
  /^(consent_(give|revoke)|approval_decide|manifest_decide|policy_(propose|activate))$/,
  /^(token_issue|seat_adopt|rung_set|route_set|role_deputize)$/,
);

export function readMcp(mcp: McpCall, call: Call, scene: Scene): Found[] {
  const tool = mcp.tool
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .replace(/[-.\s]+/g, "_")
    .toLowerCase();
  const fields = fieldsOf(mcp.input);
  const own: Call = { ...call, text: `${mcp.server} ${mcp.tool} ${JSON.stringify(mcp.input ?? {})}` };
  if (/longwatch|fleet/.test(mcp.server) || operators.test(tool))
    return operators.test(tool)
      ? [found(own, "reconfigure_guard", resource("guard", "longwatch"), `longwatch ${tool}`)]
      : [];
  if (/git$|^git/.test(mcp.server) && /^git_(push|merge|cherry_pick|rebase|reset|checkout)$/.test(tool))
    return ofGit(tool, fields, own, scene);
  return [...texts(tool, fields, own, scene), ...ofName(mcp, tool, fields, own, scene)];
}

type Field = readonly [name: string, value: string];

/** Deeper than any tool's input; what hides below it is looked at as one text. */
const DEPTH_MAX = 12;
const DEEP_CHARACTERS_MAX = 10_000;

function fieldsOf(input: unknown, depth = 0): Field[] {
  if (typeof input !== "object" || input === null) return [];
  if (depth > DEPTH_MAX) return [["command", JSON.stringify(input).slice(0, DEEP_CHARACTERS_MAX)]];
  return Object.entries(input).flatMap(([name, value]): Field[] => {
    if (typeof value === "string") return [[name, value]];
    if (Array.isArray(value) && value.every((one) => typeof one === "string"))
      return [[name, value.join(" ")], ...value.map((one): Field => [name, one])];
    return fieldsOf(value, depth + 1);
  });
}

/** A git server's tool is the command of the same name. */
function ofGit(tool: string, fields: readonly Field[], call: Call, scene: Scene): Found[] {
  const field = (...names: string[]) => fields.find(([name]) => names.includes(name))?.[1];
  const cwd = field("repo_path", "repoPath", "path", "cwd", "directory") ?? call.cwd;
  const operands = [field("remote"), field("branch", "branch_name", "ref", "commit", "target", "refspec")].filter(
    (one) => one !== undefined,
  );
  return scene.run(["git", tool.slice(4).replaceAll("_", "-"), ...operands], { ...call, cwd });
}

function texts(tool: string, fields: readonly Field[], call: Call, scene: Scene): Found[] {
  const founds: Found[] = [];
  for (const [name, value] of fields) {
    if (commands.test(name) && runners.test(tool))
      founds.push(
        ...scene.shell(value, {
          ...call,
          cwd:
            fields.find(([one]) => /^(cwd|workdir|directory|working_directory|workingDirectory)$/.test(one))?.[1] ??
            call.cwd,
        }),
      );
    // A program and its words in fields of their own.
    if (operands.test(name) && runners.test(tool)) {
      const program = fields.find(([one, text]) => programs.test(one) && text !== "")?.[1];
      if (program !== undefined) founds.push(...scene.shell(`${program} ${value}`, call));
    }
    if (codes.test(name) && code_runners.test(tool)) founds.push(...codeIn(value, call, scene));
    if (paths.test(name) && writers.test(tool)) founds.push(...readWrite(value.replace(/^file:\/\//, ""), call, scene));
    if (
      /^(sql|query|statement|queries)$/.test(name) &&
      /sql|query|execute|statement|database|db|run|transaction/.test(tool) &&
      /^\s*(\/\*|--|\w+)/.test(value) &&
      isSql(value) &&
      changes(value)
    )
      founds.push(found(call, "migrate", resource("database", "unknown"), `${tool} that changes rows or the schema`));
  }
  return founds.slice(0, 3);
}

/** Code for a notebook, a browser or an interpreter, whichever language it is in. */
function codeIn(code: string, call: Call, scene: Scene): Found[] {
  const quoted = quotedForShell(code);
  const lines = [...code.matchAll(/^\s*(?:!|%%?(?:bash|sh|system)\b)(.*)$/gm)].map(([, line]) => line!);
  return [`python -c ${quoted}`, `node -e ${quoted}`, ...lines]
    .flatMap((text) => scene.shell(text, call))
    .map((one) => ({ ...one, certain: false }));
}

const isSql = (text: string) =>
  either(
    /\b(select|insert|update|delete|drop|alter|create|truncate|grant|revoke|merge|replace|copy)\b/i,
    /\b(call|do|vacuum|with|explain|show|set|begin)\b/i,
  ).test(text);

function ofName(mcp: McpCall, tool: string, fields: readonly Field[], call: Call, scene: Scene): Found[] {
  const bare = tool.replace(new RegExp(`^${mcp.server.toLowerCase().replace(/[^a-z0-9]/g, ".")}_`), "");
  const isLooking = looking.test(bare);
  const rule = rules.find(([pattern]) => pattern.test(bare));
  const operation = fields.find(([name]) => /^(operation|action|verb)$/.test(name))?.[1];
  if (rule === undefined || isLooking || isFiles(mcp.server)) return [];
  const [, action, type] = rule;
  const branch = fields.find(([name]) => /^(branch|ref|base|target_branch|branch_name)$/.test(name))?.[1];
  // A branch of one's own is pushed every day. Without a branch, hosts take the default one.
  if (action === "push" && branch !== undefined && !isProtected(branch, scene)) return [];
  if (
    action === "push" &&
    branch === undefined &&
    /(create|update|delete|upload)_file/.test(bare) &&
    !/git/.test(mcp.server)
  )
    return [];
  if (action === "deploy" && operation !== undefined && looking.test(operation)) return [];
  if (
    action === "delete" &&
    either(
      /(comment|label|reaction|file|memory|entit|observation|relation|message|draft)s?(_|$)/,
      /(bookmark|node|todo|task|note|page|block|event)s?(_|$)/,
    ).test(bare) &&
    !/repo/.test(bare)
  )
    return [];
  const environment = environmentOf(
    [],
    new Map(),
    fields.filter(([name]) => /env|target|stage|namespace|context|channel/.test(name)).map(([, value]) => value),
  );
  if (action === "deploy" && environment.isHere) return [];
  const id =
    action === "push" || action === "merge"
      ? (branch ?? "default branch")
      : environment.production
        ? `${mcp.server} ${bare}`
        : environment.id;
  return [found(call, action, resource(type, id, environment.production), `${mcp.server}'s tool ${mcp.tool}`)];
}

/** Servers of this machine's own files and thoughts. */
const isFiles = (server: string) =>
  /file|memory|sequential|context7|playwright|puppeteer|browser|notion|obsidian/i.test(server);
