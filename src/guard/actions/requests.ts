import { type Call, found, known, optionOf, positionals, type Reader, resource, type Scene } from "./call.ts";
import { isProtected } from "./branches.ts";
import type { ActionName, Found, ResourceType } from "../vocabulary.ts";
import { either } from "./either.ts";

/** A request over HTTP to somebody's API, whoever makes it. */
export type Request = { method: string | null; url: string | null; body: string };

type Rule = readonly [pattern: RegExp, methods: RegExp, action: ActionName, type: ResourceType, id: string];
const any = /./;
const writing = /^(POST|PUT|PATCH|DELETE)$/;

/** Paths of hosts' APIs, as their documentation has them. The first that fits counts. */
const rules: readonly Rule[] = [
  [/\/(pulls|merge_requests)\/[^/]+\/(merge|accept)\b/, writing, "merge", "branch", "pull request"],
  [/\/repos\/[^/]+\/[^/]+\/merges\b/, writing, "merge", "branch", "main"],
  [/\/repos\/[^/]+\/[^/]+\/(merge-upstream)\b/, writing, "push", "branch", "main"],
  [/\/git\/refs(\/|$|\b)/, /^DELETE$/, "delete", "branch", "a branch"],
  [/\/git\/refs\/(heads|tags)\//, writing, "push", "branch", "a branch"],
  [/\/git\/refs\b/, writing, "push", "branch", "a branch"],
  [
    /\/(actions\/workflows\/[^/]+\/dispatches|dispatches|deployments)\b(?!.*api\.(vercel|netlify))/,
    writing,
    "deploy",
    "environment",
    "production",
  ],
  [/\/(actions\/runs|actions\/jobs)\/[^/]+\/(rerun|approve)/, writing, "deploy", "environment", "production"],
  [/\/(branches\/[^/]+\/protection|rulesets)\b/, writing, "reconfigure_guard", "guard", "branch rules"],
  [/\/releases\b/, /^(POST|PUT|PATCH)$/, "publish", "package", "release"],
  [
    either(
      /api\.github\.com\/repos\/[^/]+\/[^/]+\/?$|gitlab[^/]*\/api\/v4\/projects\/[^/]+\/?$/,
      /api\.gitlab\.com\/projects\/[^/]+\/?$/,
    ),
    /^DELETE$/,
    "delete",
    "service",
    "repository",
  ],
  [/\/projects\/[^/]+\/repository\/(commits|files|branches)\b/, writing, "push", "branch", "unknown"],
  [/\/projects\/[^/]+\/(trigger\/pipeline|pipeline|pipelines)\b/, writing, "deploy", "environment", "production"],
  [
    either(
      /registry\.npmjs\.org|upload\.pypi\.org|crates\.io\/api\/v1\/crates\/new/,
      /rubygems\.org\/api\/v1\/gems|nuget\.org\/api\/v2\/package|\/v2\/[^?]+\/(manifests|blobs)\//,
    ),
    /^(POST|PUT|DELETE|PATCH)$/,
    "publish",
    "package",
    "registry",
  ],
  [
    /api\.stripe\.com|api\.twilio\.com|api\.paypal\.com|api\.(sandbox\.)?paddle\.com|api\.lemonsqueezy\.com/,
    /^(POST|PUT|PATCH|DELETE)$/,
    "spend",
    "service",
    "payments",
  ],
  [
    either(
      /api\.(cloudflare|vercel|netlify|render|heroku|fly|digitalocean|supabase|neon|railway)\b/,
      /management\.azure\.com|googleapis\.com|amazonaws\.com|api\.machines\.dev|hetzner\.cloud/,
      /linode\.com/,
    ),
    /^DELETE$/,
    "delete",
    "service",
    "a host's resource",
  ],
  [
    /(api\.netlify\.com\/build_hooks|api\.render\.com\/deploy|\/integrations\/deploy\/|deploy[-_]?hooks?)/,
    any,
    "deploy",
    "environment",
    "production",
  ],
  [
    either(
      /api\.(cloudflare|vercel|netlify|render|heroku|fly|digitalocean|supabase|railway)\b/,
      /backboard\.railway|management\.azure\.com|api\.machines\.dev/,
      /googleapis\.com\/(compute|run|cloudfunctions)/,
    ),
    writing,
    "deploy",
    "environment",
    "production",
  ],
  [
    either(
      /\/job\/[^?]*(deploy|release|prod)[^?]*\/build|\/api\/v4\/.*play\b/i,
      /circleci\.com\/api\/.*\/(pipeline|approve)|api\.buildkite\.com\/.*\/(builds|unblock)\b/,
      /api\.travis-ci\.\w+\/repo\/[^/]+\/requests|_apis\/(pipelines|build)\/|bitbucket\.org\/.*\/pipelines\b/,
    ),
    writing,
    "deploy",
    "environment",
    "production",
  ],
  [/(deploy|redeploy|rollout|promote)(\/|$|\?|-)/i, writing, "deploy", "environment", "production"],
];

const mutations: readonly (readonly [RegExp, ActionName, ResourceType, string])[] = [
  [
    /\b(mergePullRequest|enablePullRequestAutoMerge|mergeBranch|enqueuePullRequest|mergeRequestAccept)\b/,
    "merge",
    "branch",
    "pull request",
  ],
  [/\b(createCommitOnBranch|updateRefs?|createRef)\b/, "push", "branch", "unknown"],
  [/\b(deleteRef|deleteRepository)\b/, "delete", "branch", "unknown"],
  [
    /\b(createDeployment|serviceInstanceDeploy|deploymentRedeploy|serviceInstanceRedeploy)\b/,
    "deploy",
    "environment",
    "production",
  ],
  [/\b(volumeDelete|projectDelete|serviceDelete|environmentDelete)\b/, "delete", "service", "a host's resource"],
  [/\b(deleteBranchProtectionRule|updateBranchProtectionRule)\b/, "reconfigure_guard", "guard", "branch rules"],
];

const local = /^(https?:\/\/)?([^@/]*@)?(localhost|127(\.\d+){3}|\[::1\]|0\.0\.0\.0|host\.docker\.internal)([:/]|$)/i;

export function readRequest({ method, url, body }: Request, call: Call, scene: Scene): Found[] {
  if (url !== null && local.test(url)) return [];
  if (url !== null && /graphql/.test(url) && /\bmutation\b/.test(body)) {
    const [, action, type, id] = mutations.find(([pattern]) => pattern.test(body)) ?? [];
    if (action !== undefined) return [found(call, action, resource(type!, id!), `a ${action} over GraphQL`)];
  }
  if (url === null) return [];
  const isContents = /\/repos\/[^/]+\/[^/]+\/contents\//.test(url) && writing.test(method ?? "POST");
  if (isContents) {
    const [, branch = "main"] = /branch["'\s:=]+([\w./-]+)/.exec(body) ?? [];
    return isProtected(branch, scene)
      ? [found(call, "push", resource("branch", branch), `a file written to ${branch}`)]
      : [];
  }
  const isDownload = /\.(html?|md|txt|json|pdf|png|tgz|zip|gz|sh)(\?|$)/.test(url) && method === "GET";
  for (const [pattern, methods, action, type, id] of rules)
    if (pattern.test(url) && methods.test(method ?? "POST") && !isDownload)
      return [
        found(
          call,
          action,
          resource(type, id),
          `${method ?? "a"} request to ${url.split("?")[0]!.slice(0, 80)}`,
          method !== null,
        ),
      ];
  return [];
}

/** curl, wget, HTTPie and their like. */
export const readRequests: Reader = (call, scene) => {
  if (/^(http|https|xh|xhs)$/.test(call.name)) {
    const [first, second] = positionals(call);
    const hasMethod = /^[A-Z]+$/.test(first ?? "");
    const hasFields = known(call).some((arg) => /^[\w.-]+(:?=|@)/.test(arg));
    return readRequest(
      {
        method: hasMethod ? first! : hasFields ? "POST" : "GET",
        url: (hasMethod ? second : first) ?? null,
        body: known(call).join(" "),
      },
      call,
      scene,
    );
  }
  if (!/^(curl|wget|curlie|wget2|aria2c)$/.test(call.name)) return [];
  // Of an address that is not wholly known, the text still says what it is for.
  const words = call.args.map((arg, index) => arg ?? (call.texts[index] ?? "").replace(/^["']|["']$/g, ""));
  const urls = words.flatMap((arg) =>
    /^(--url=)?(https?|ftp|sftp|ftps|scp):\/\//.test(arg) || /^[\w-]+(\.[\w-]+)+\/\S*/.test(arg)
      ? [arg.replace(/^--url=/, "")]
      : [],
  );
  // A file of options may hold any method.
  const isFromFile = words.some((arg) => /^(-K|--config)/.test(arg));
  const sends = words.some(
    (arg) =>
      /^(-d|-F|-T|--data|--form|--json|--upload-file|--post-(data|file)|--body-(data|file))/.test(arg) ||
      /^-[a-zA-Z]*[dFT]$/.test(arg),
  );
  const isGet = words.some((arg) => /^(-G|--get|-I|--head)$/.test(arg));
  const cluster = call.args.findIndex((arg) => /^-[a-zA-Z]+X$/.test(arg ?? ""));
  const given = cluster >= 0 ? call.args[cluster + 1] : optionOf(call, "-X", "--request", "--method");
  const uploads = words.some((arg) => /^(-T|--upload-file)/.test(arg));
  const method =
    given !== undefined
      ? (given?.toUpperCase() ?? null)
      : isGet
        ? "GET"
        : uploads
          ? "PUT"
          : sends
            ? "POST"
            : isFromFile
              ? null
              : "GET";
  const founds = urls.flatMap((url) =>
    readRequest({ method, url, body: `${words.join(" ")} ${call.stdin ?? ""}` }, call, scene),
  );
  const upload = uploads ? urls.find((url) => /^(ftp|sftp|ftps|scp):/.test(url)) : undefined;
  if (upload !== undefined)
    founds.push(
      found(
        call,
        "deploy",
        resource("environment", new URL(upload).hostname || "unknown"),
        `${call.name} that uploads`,
      ),
    );
  return founds.slice(0, 1);
};
