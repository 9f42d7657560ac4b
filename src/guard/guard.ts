import { isUtf8 } from "node:buffer";
import { dirname } from "node:path";
import { classify } from "./actions/classify.ts";
import { denial, postponed, undecided, unreadable } from "./answer.ts";
import { aroundOf, worktreeOf } from "./around.ts";
import { ask, type Decided, type Failure } from "./ask.ts";
import { allowed, type Answer, type Cli, denied, type Heard, type Said, Unclear } from "./clis/cli.ts";
import { type CliName, clis } from "./clis/index.ts";
import { onlyReads } from "./read_only.ts";
import { type Env, type Known, projectSettings, settingsFor } from "./settings.ts";
import type { ToolCall } from "./tool_call.ts";
import type { Found } from "./vocabulary.ts";

/** What the guard may know of where it was started. */
export type Place = {
  env: Env;
  /** A settings file that says which server it is, whatever others say. */
  settings?: string | undefined;
};

/** One answer may cover many actions; a command with more is not looked at in parts, it is to be said in parts. */
const FOUNDS_MAX = 50;

/**
 * The whole of a hook: what the CLI said goes in, what it obeys comes out. What cannot be understood, decided or
 * finished is refused; only what holds nothing protected passes without a question.
 */
export async function guard(name: CliName, bytes: Buffer, place: Place): Promise<Answer> {
  try {
    const heard = clis[name].hear(saidIn(bytes), place.env);
    if (heard.event === "other") return allowed;
    return await answerTo(name, heard, place);
  } catch (error) {
    if (error instanceof Unclear) return denied(unreadable(error.message));
    return denied(unreadable(`the guard failed, which is a bug of ours (${(error as Error)?.message ?? error})`));
  }
}

async function answerTo(name: CliName, heard: Heard & { event: "tool" }, place: Place): Promise<Answer> {
  const { call, agent, call_id } = heard;
  if (call.kind === "other") return allowed;
  const cli: Cli = clis[name];
  const { known: settled, founds } = look(call, heard.cwd, place, cli.project(place.env));
  if (founds.length === 0) return allowed;
  if (founds.length > FOUNDS_MAX)
    return denied(unreadable(`it holds ${founds.length} protected actions, and at most ${FOUNDS_MAX} are looked at`));
  const known = settled();
  if (known.state !== "found") return denied(undecided(founds, unsettled(known, name)));
  const { settings } = known;
  const asked = await ask(founds, settings, { cli: name, tool: toolOf(call), agent, call_id });
  if ("failure" in asked) return denied(undecided(founds, asked.failure));
  if (asked.decided.every((one) => one.allowed)) return allowed;
  const waits = settings.approvals === "defer" && asked.decided.every((one) => one.allowed || waitsForPerson(one));
  const stopped = waits ? cli.wait?.(place.env, call_id, postponed(asked.decided)) : undefined;
  return stopped ?? denied(denial(asked.decided));
}

/** What is protected in a call, and who is to be asked about it: settings are read when something needs them. */
export function look(
  call: ToolCall,
  cwd: string,
  { env, settings: pinned }: Place,
  project?: string,
): { known(): Known; founds: Found[] } {
  let read: Known | undefined;
  const known = () => (read ??= settingsFor(cwd, env, pinned));
  const said = () => {
    const settings = known();
    return settings.state === "found" ? settings.settings : undefined;
  };
  const near = () => {
    const path = projectSettings(cwd);
    return path === undefined ? undefined : dirname(dirname(path));
  };
  const around = {
    ...aroundOf(call.cwd, env),
    get worktree() {
      return said()?.worktree ?? project ?? near() ?? worktreeOf(cwd) ?? cwd;
    },
    get protected_branches() {
      return said()?.protected_branches ?? [];
    },
  };
  const isHarmless = call.kind === "shell" && onlyReads(call.command);
  return { known, founds: isHarmless ? [] : unique(classify(call, around)) };
}

function saidIn(bytes: Buffer): Said {
  // A byte that is replaced could stand for another character than the one that the CLI's shell will see.
  if (!isUtf8(bytes)) throw new Unclear("what the CLI said is not UTF-8");
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    throw new Unclear(bytes.length === 0 ? "the CLI said nothing" : "what the CLI said is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Unclear("what the CLI said is not an object");
  return value as Said;
}

/** One question for each act, however often it stands in the command; the most certain of them counts. */
function unique(founds: readonly Found[]): Found[] {
  const first = new Map<string, Found>();
  for (const found of [...founds].sort((a, b) => Number(b.certain) - Number(a.certain))) {
    const key = JSON.stringify([found.action, found.resource]);
    if (!first.has(key)) first.set(key, found);
  }
  return founds.filter((found) => [...first.values()].includes(found));
}

/** A request that was rejected waits no more: a run that was stopped for it has to hear the reason. */
function waitsForPerson({ protocol }: Decided): boolean {
  return typeof protocol?.approval === "number" && protocol.approval_state === "pending";
}

/** Why there is nobody to ask, and what a person does about it. */
export function unsettled(known: Exclude<Known, { state: "found" }>, cli: string): Failure {
  const remedy = `Ask the operator to connect this agent: \`longwatch connect ${cli}\`.`;
  if (known.state === "broken")
    return { why: `the guard's settings in ${known.from} are broken: ${known.why}`, remedy };
  return { why: `the guard has no settings; it looked at ${known.looked_at.join(", ")}`, remedy };
}

function toolOf(call: ToolCall): string {
  if (call.kind === "mcp") return `${call.server}/${call.tool}`;
  return call.kind === "other" ? call.name : call.kind;
}
