import { optionWord, readOptions } from "./options.ts";
import { nothingRun, runInput, runText, runWords } from "./running.ts";
import type { Call, Handler, Shell } from "./shell.ts";
import type { State } from "./state.ts";
import { certainly } from "./values.ts";

/** Programs that run a command in a container, a pod or on another machine. */
export const containers = new Map<string, Handler>([
  ...["docker", "podman", "nerdctl", "finch", "docker-compose", "podman-compose"].map(
    (name) => [name, container] as const,
  ),
  ...["kubectl", "oc", "k3s", "microk8s", "lxc", "incus", "multipass", "distrobox", "toolbox", "limactl", "colima"].map(
    (name) => [name, afterDashes] as const,
  ),
  ...["fly", "flyctl", "heroku", "gcloud", "vagrant", "railway", "az"].map((name) => [name, remoteText] as const),
]);

const OF_DOCKER = {
  short: "Hlc",
  long: ["host", "context", "log-level", "config", "file", "project-name", "project-directory", "profile", "env-file"],
};
/** Options of `run` that take no word; every other long one does. */
const FLAGS_OF_RUN =
  /^--(rm|init|privileged|read-only|detach|interactive|tty|publish-all|no-healthcheck|oom-kill-disable|sig-proxy|quiet|help|no-deps|service-ports|build|remove-orphans|use-aliases|no-TTY|tls|replace)$/;

function container(shell: Shell, call: Call, state: State): State[] {
  const via = certainly(call.argv[0]!).replace(/^.*\//s, "");
  let at = readOptions(call.argv, 1, { ...OF_DOCKER, short: via.endsWith("compose") ? "fp" : OF_DOCKER.short }).at;
  if (/^(compose|container|buildx|machine)$/.test(call.argv[at]?.value ?? ""))
    at = readOptions(call.argv, at + 1, { ...OF_DOCKER, short: "fp" }).at;
  const verb = call.argv[at]?.value;
  const how = { via, isElsewhere: true };
  if (verb !== "exec" && verb !== "run" && verb !== "create") return nothingRun(state);
  const { start, entrypoint } = ofContainer(call, at + 1, verb);
  const command = call.argv.slice(start + 1);
  const words = entrypoint ? [entrypoint, ...command] : command;
  if (words.length > 0) return runWords(shell, call, state, words, how);
  // An image's own program may well be a shell, which reads what is piped in.
  return state.input === undefined ? nothingRun(state) : runInput(shell, call, state, how);
}

/** The place of the image or container. */
function ofContainer(call: Call, from: number, verb: string) {
  const short = verb === "exec" ? "euw" : "aceglmnpuvwh";
  const long =
    verb === "exec" ? ["env", "user", "workdir", "env-file", "detach-keys", "index"] : longOptions(call, from);
  const options = readOptions(call.argv, from, { short, long });
  return { start: options.at, entrypoint: optionWord(options, "entrypoint") };
}

function longOptions(call: Call, from: number): string[] {
  const words = call.argv.slice(from).map(({ value }) => value);
  return words
    .filter((word) => /^--[a-zA-Z][\w-]*$/.test(word) && !FLAGS_OF_RUN.test(word))
    .map((word) => word.slice(2));
}

function afterDashes(shell: Shell, call: Call, state: State): State[] {
  const words = call.argv.map(certainly);
  const verb = words.findIndex((word, at) => at > 0 && /^(exec|run|debug|enter|shell|ssh)$/.test(word));
  if (verb < 0) return nothingRun(state);
  const how = { via: words[0]!.replace(/^.*\//s, ""), isElsewhere: true };
  const dashes = words.indexOf("--", verb);
  if (dashes >= 0 && dashes < words.length - 1) return runWords(shell, call, state, call.argv.slice(dashes + 1), how);
  // The old form has the command right after the pod.
  const options = readOptions(call.argv, verb + 1, {
    short: "cnf",
    long: ["container", "namespace", "filename", "context"],
  });
  const after = readOptions(call.argv, options.at + 1, { short: "cnf", long: ["container", "namespace"] });
  const rest = call.argv.slice(after.at);
  if (rest.length > 0 && words[verb] !== "run") return runWords(shell, call, state, rest, how);
  return state.input === undefined ? nothingRun(state) : runInput(shell, call, state, how);
}

/** `fly ssh console -C 'cmd'`, `heroku run cmd`, `gcloud compute ssh --command=cmd`, `vagrant ssh -c cmd`. */
function remoteText(shell: Shell, call: Call, state: State): State[] {
  const words = call.argv.map(certainly);
  const how = { via: words[0]!.replace(/^.*\//s, ""), isElsewhere: true };
  if (!words.some((word, at) => at > 0 && /^(ssh|run|exec|run-command|console)$/.test(word))) return nothingRun(state);
  for (const [at, word] of words.entries()) {
    const [, text] = /^(?:--command|--scripts?)=(.*)$/s.exec(word) ?? [];
    const given = text ?? (/^(-c|-C|--command|--scripts?)$/.test(word) ? words[at + 1] : undefined);
    if (given !== undefined) return runText(shell, call, state, given, how);
  }
  const verb = words.findIndex((word) => /^(run|exec|ssh)(:detached)?$/.test(word));
  const options = readOptions(call.argv, verb + 1, { short: "aes", long: ["app", "env", "size", "remote"] });
  const rest = call.argv.slice(options.at);
  const isCommand = words[0]!.endsWith("heroku") || words[0]!.endsWith("railway");
  return isCommand && rest.length > 0
    ? runText(shell, call, state, rest.map(certainly).join(" "), how)
    : nothingRun(state);
}
