import { entry, type Call, found, known, optionOf, positionals, type Reader, resource } from "./call.ts";
import { environmentOf } from "./environments.ts";
import { byName } from "./runners.ts";
import { asksForHelp, hasFlag } from "./patterns.ts";
import type { Found } from "../vocabulary.ts";
import { either } from "./either.ts";

/** Programs whose grammar a line of a table does not hold. */
const deploy = (call: Call, because: string, certain = true): Found[] => [
  found(call, "deploy", resource("environment", "production"), because, certain),
];

const special: Readonly<Record<string, (call: Call) => Found[]>> = {
  vercel,
  vc: vercel,
  now: vercel,
  gradle,
  gradlew: gradle,
  docker: build,
  podman: build,
  buildx: build,
  stripe: (call) =>
    hasFlag(call, ["--live"]) && !/^(list|retrieve|get)$/.test(positionals(call)[1] ?? "")
      ? [found(call, "spend", resource("service", "stripe"), "stripe with the live account")]
      : [],
  npm: settings,
  pnpm: settings,
  yarn: settings,
  act: (call) => jobs(call),
  rails: inProduction,
  "manage.py": inProduction,
  python: inProduction,
  crontab: (call) => {
    const isRead = known(call).some((arg) => /^-[lr]$/.test(arg));
    return isRead ? [] : [found(call, "write_outside", resource("path", "crontab", false), "a crontab of one's own")];
  },
};

export const readSpellings: Reader = (call) => (asksForHelp(call) ? [] : (entry(special, call.name)?.(call) ?? []));

/** A bare `vercel` deploys, and `--prod` or a target make it production's. */
function vercel(call: Call): Found[] {
  const words = positionals(
    call,
    new Set(
      `--cwd -A --local-config -Q --global-config -t --token -S --scope -T --team -e --env -b --build-env
  -m --meta --regions --target`.split(/\s+/),
    ),
  );
  const target = optionOf(call, "--target");
  const isProduction =
    hasFlag(call, ["--prod", "--production"], true) || target === "production" || target === "prod" || target === null;
  const verb = words[0]?.startsWith("-") ? undefined : words[0];
  if (verb === null || (verb === undefined && call.args.includes(null)))
    return deploy(call, "vercel with words that are not known", false);
  const deploys = verb === undefined || verb === "deploy" || /[./]/.test(verb);
  return isProduction && deploys ? deploy(call, `${call.name} deploy --prod`) : [];
}

/** Gradle's tasks, of any subproject and by any beginning that is clear: `:shop:publish`, `pub`. */
function gradle(call: Call): Found[] {
  if (hasFlag(call, ["--dry-run", "-m"])) return [];
  const task = known(call).find((arg) =>
    either(
      /(^|:)(publish(?!.*ToMavenLocal)\w*|uploadArchives|closeAndRelease\w*|release|bintrayUpload)$/,
      /(^|:)(jreleaser\w*|appDistributionUpload\w*)$/,
    ).test(arg),
  );
  return task === undefined ? [] : [found(call, "publish", resource("package", `maven:${task}`), `gradle ${task}`)];
}

/** An image may be pushed by its build. */
function build(call: Call): Found[] {
  const outputs = known(call).filter(
    (arg, index) => /^(--output|-o)=?/.test(arg) || /^(--output|-o)$/.test(call.args[index - 1] ?? ""),
  );
  const pushes = outputs.some((output) => /type=registry|push=true/.test(output));
  return pushes
    ? [
        found(
          call,
          "publish",
          resource("package", `image:${optionOf(call, "-t", "--tag") ?? "unknown"}`),
          `${call.name} build that pushes`,
        ),
      ]
    : [];
}

/** A package manager's settings of the user lie outside. */
function settings(call: Call): Found[] {
  const words = positionals(call, new Set(["--location", "-L"]));
  const [verb, key] = words[0] === "config" ? words.slice(1) : words[0] === "set" ? words : [];
  // Nothing is set without a key; in code that is a function's name and its argument: `npm(set)`.
  const isSet = /^(edit|fix)$/.test(verb ?? "") || (/^(set|delete)$/.test(verb ?? "") && key !== undefined);
  const place = optionOf(call, "--location", "-L");
  return isSet && place !== "project" && call.name !== "yarn"
    ? [found(call, "write_outside", resource("path", "~/.npmrc", false), `${call.name} config for every project`)]
    : [];
}

/** A workflow's job that is run here, by its name. */
function jobs(call: Call): Found[] {
  const job = optionOf(call, "-j", "--job");
  return typeof job === "string" ? byName(call, job) : [];
}

const changingCode =
  /\.(delete|update|save|create|destroy|drop|truncate|bulk_\w+|insert\w*)(_all|_or_\w+)?[!(\s]|(delete|destroy|update)_all|\bexecute\b/;

/** Code that a framework runs with its database at hand. */
function inProduction(call: Call): Found[] {
  const words = known(call);
  const verb = words.find((word) => /^(runner|console|c|dbconsole|shell|shell_plus)$/.test(word));
  if (verb === undefined || (call.name === "python" && !words.some((word) => /manage\.py$/.test(word)))) return [];
  const isRails = call.name === "rails";
  const { production } = environmentOf(call.args, call.env);
  const isNamed = production && (call.env.has("RAILS_ENV") || words.some((word) => /^(-e|--environment)/.test(word)));
  const text = `${words.join(" ")} ${call.stdin ?? ""}`;
  return (isRails ? isNamed : production) && changingCode.test(text)
    ? [found(call, "migrate", resource("database", null), `${call.name} ${verb} that changes rows`, false)]
    : [];
}
