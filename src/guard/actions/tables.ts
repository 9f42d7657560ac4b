import { type Call, found, optionOf, type Reader, resource } from "./call.ts";
import { deploys, orders, removals } from "./deploy_table.ts";
import { type Environment, environmentOf } from "./environments.ts";
import { asksForHelp, match, tableOf } from "./patterns.ts";
import { publications } from "./publish_table.ts";
import type { Found } from "../vocabulary.ts";

/** What the lines of the tables say of a call. */
type Row = { action: "deploy" | "delete" | "spend" | "publish"; registry: string };
const rows = (lines: readonly string[], action: Row["action"]) =>
  lines.map((line) => [line, { action, registry: "" }] as const);

const table = tableOf<Row>([
  ...rows(deploys, "deploy"),
  ...rows(removals, "delete"),
  ...rows(orders, "spend"),
  ...publications.map(([line, registry]) => [line, { action: "publish" as const, registry }] as const),
]);

export const tabled = new Set(table.keys());

export const readTables: Reader = (call) => {
  const own = table.get(call.name);
  if (own === undefined || asksForHelp(call)) return [];
  const founds = new Map<string, Found>();
  for (const { pattern, value } of own) {
    const hit = match(pattern, call);
    if (hit === undefined) continue;
    // A single unknown word does not make a command of every program that has several.
    if (!hit.certain && pattern.words.every((words) => typeof words === "string")) continue;
    const environment = environmentOf(
      call.args,
      call.env,
      hit.rest.slice(0, 1).filter((word) => word !== null),
    );
    if (isHarmless(call, environment, value)) continue;
    const before = founds.get(value.action);
    if (before === undefined || (hit.certain && !before.certain))
      founds.set(value.action, foundOf(call, value, environment, hit.certain, wordsOf(call)));
  }
  return [...founds.values()];
};

/** A cluster or an emulator on this very machine is everybody's own. */
function isHarmless(call: Call, environment: Environment, { action }: Row): boolean {
  if (action === "publish") return /\b(localhost|127\.0\.0\.1)[:/]/.test(optionOf(call, "--registry") ?? "");
  const endpoint = optionOf(call, "--endpoint-url", "--endpoint", "--server", "-s");
  if (typeof endpoint === "string" && /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:|\/|$)/.test(endpoint))
    return true;
  if (!environment.isHere) return false;
  return /^(kubectl|k|helm|helmfile|oc|kubecolor|skaffold|flux|argocd|kapp|devspace|tk|tanka)$/.test(call.name);
}

/** The words that say what is done, for people: `vercel promote`. */
function wordsOf(call: Call): string {
  const words = call.args.filter((arg) => arg !== null && !arg.startsWith("-")).slice(0, 2);
  return [call.name, ...words].join(" ");
}

function foundOf(
  call: Call,
  { action, registry }: Row,
  environment: Environment,
  certain: boolean,
  words: string,
): Found {
  if (action === "publish")
    return found(call, action, resource("package", `${registry}:${nameIn(call) ?? "unknown"}`), words, certain);
  if (action === "spend") return found(call, action, resource("service", words), words, certain);
  const target = resource("environment", environment.id, environment.production, { tool: call.name });
  return found(call, action, target, words, certain);
}

/** What is published, where the words tell. */
const nameIn = (call: Call) =>
  call.args.findLast((arg) => arg !== null && !arg.startsWith("-") && /[/@:]|\.(gem|tgz|nupkg|whl)$/.test(arg));
