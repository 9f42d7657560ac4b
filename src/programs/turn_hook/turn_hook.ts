import { Client } from "../../client/client.ts";
import { agentOf } from "../../guard/clis/claude.ts";
import { type TurnEvent, turnEvents } from "../../guard/hook_command.ts";
import { type Env, type Settings, settingsFor } from "../../guard/settings.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { heardOn } from "../guard/hook.ts";
import { type Answers, answersOf, type HookCli, hookClis, type Outcome, SILENT } from "./answers.ts";

const USAGE = `usage: longwatch turn-hook <${hookClis.join("|")}> <${turnEvents.join("|")}> [--settings FILE]

What \`longwatch connect\` writes into an agent's configuration beside the guard: a session that begins is told its
brief, a model that stops beside an unclaimed follow-on of its own is turned around, a sub-agent is told its name.
Nothing of this is protected: whatever goes wrong is said, and the turn goes on.
`;
const DONE = 0;
const WRONG = 1;
/** A person or a model waits for it; nothing depends on the answer. */
const WAIT_SECONDS = 5;

type Around = {
  env: Env;
  cwd: string;
  stdout(text: string): void;
  stderr(text: string): void;
};

/** `longwatch turn-hook`: one event of a CLI on standard input, what it obeys on standard output. */
export async function main(argv: readonly string[], { env, cwd, stdout, stderr }: Around): Promise<number> {
  const [cli, event, flag, pinned, ...more] = argv;
  if (cli === "--help" || cli === "-h") return (stdout(USAGE), DONE);
  const answers = hookClis.includes(cli as HookCli) ? answersOf[cli as HookCli] : undefined;
  const known = turnEvents.find((one) => one === event);
  const flags = flag === undefined || (flag === "--settings" && pinned !== undefined && more.length === 0);
  if (!answers || !known || !flags) return (stderr(USAGE), WRONG);
  const said = saidOn(0);
  const settings = settingsFor(typeof said.cwd === "string" ? said.cwd : cwd, env, pinned);
  // A machine's hook runs in projects that nobody connected, too.
  if (settings.state === "absent") return DONE;
  const outcome =
    settings.state === "broken"
      ? answers.unheard(known, `the settings in ${settings.from} are broken: ${settings.why}`)
      : await EVENTS[known](said, answers, settings.settings);
  stdout(outcome);
  return DONE;
}

type Said = Readonly<Record<string, unknown>>;
type Asked = (said: Said, answers: Answers, settings: Settings) => Promise<Outcome>;

const EVENTS: Record<TurnEvent, Asked> = {
  async "session-start"(_, answers, settings) {
    try {
      const { text } = await saying<{ text: string }>(settings, "turn.open", {});
      return answers.context("session-start", text);
    } catch (error) {
      return answers.unheard("session-start", whyNot(error));
    }
  },

  async stop(said, answers, settings) {
    // A CLI that does not say whether it was turned around before is counted by the server.
    const hook = said.stop_hook_active === false ? "first" : "again";
    try {
      const { let_go, left } = await saying<{ let_go: boolean; left: string[] }>(settings, "turn.close", { hook });
      return let_go ? answers.letGo(left) : SILENT;
    } catch (error) {
      if (error instanceof Refusal && error.code === "turn.unfinished")
        return answers.turnAround(`Longwatch: your turn is not over. ${error.message}\n${error.hint ?? ""}`);
      return answers.unheard("stop", whyNot(error));
    }
  },

  async "subagent-start"(said, answers, settings) {
    const suffix = agentOf(said.agent_type, said.agent_id) ?? "sub-agent";
    try {
      const seat = settings.seat ?? (await asking<{ name: string }>(settings, "seat.whoami")).name;
      return answers.context("subagent-start", subAgent(seat, suffix));
    } catch (error) {
      return answers.unheard("subagent-start", whyNot(error));
    }
  },
};

/** Under this name the guard asks for it, and its acts are recorded (J38). */
function subAgent(seat: string, suffix: string): string {
  return [
    `You are the sub-agent ${seat}/${suffix}. Sign what you write with that name; no other is yours.`,
    `You have no ticket number, seat or worktree name of your own, and what you may do is less than ${seat} may.`,
    `Do the part that you were given. What is left over you report to ${seat}, which files it.`,
  ].join("\n");
}

function saying<Output>(settings: Settings, name: string, input: object): Promise<Output> {
  return over(settings, (client, signal) => client.say<Output>(name, input, { signal }));
}

function asking<Output>(settings: Settings, name: string): Promise<Output> {
  return over(settings, (client, signal) => client.ask<Output>(name, {}, { signal }));
}

async function over<Output>(
  { url, token, wait_seconds = WAIT_SECONDS }: Settings,
  ask: (client: Client, signal: AbortSignal) => Promise<Output>,
): Promise<Output> {
  const client = new Client({ url, token });
  const signal = AbortSignal.timeout(wait_seconds * 1000);
  try {
    return await ask(client, signal);
  } catch (error) {
    throw signal.aborted ? new Error(`${url} gave no answer within ${wait_seconds} s.`) : error;
  } finally {
    client.close();
  }
}

function whyNot(error: unknown): string {
  return error instanceof Refusal || error instanceof Error ? error.message : String(error);
}

/** What the CLI said; a hook that cannot read it still answers. */
function saidOn(descriptor: number): Said {
  try {
    const said: unknown = JSON.parse(heardOn(descriptor).toString());
    return typeof said === "object" && said !== null ? (said as Said) : {};
  } catch {
    return {};
  }
}
