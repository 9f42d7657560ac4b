import type { TurnEvent } from "../../guard/hook_command.ts";

/** What a hook prints: JSON that its CLI obeys, or nothing. */
export type Outcome = string;
export const SILENT: Outcome = "";

/** How one CLI is answered. All of them take exit code 0 and read standard output as JSON. */
export type Answers = {
  /** Gives the model something to read. */
  context(event: TurnEvent, text: string): Outcome;
  /** Sends the model back to work, with the reason. */
  turnAround(reason: string): Outcome;
  /** The model was turned around often enough: the person is told what it leaves. */
  letGo(left: readonly string[]): Outcome;
  /** Nobody could be asked: the person is told, and the turn goes on. */
  unheard(event: TurnEvent, why: string): Outcome;
};

/** The names that the CLIs have for what happened; Claude Code and Codex share theirs. */
const EVENT_NAMES: Record<TurnEvent, string> = {
  "session-start": "SessionStart",
  stop: "Stop",
  "subagent-start": "SubagentStart",
};

/** What did not happen when nobody could be asked. */
const WITHOUT: Record<TurnEvent, string> = {
  "session-start": "the session begins without its brief",
  stop: "the turn ends without a look at what it leaves",
  "subagent-start": "the sub-agent was not told its name",
};

const json = (value: object): Outcome => `${JSON.stringify(value)}\n`;

function answers(refusal: "block" | "deny"): Answers {
  return {
    context: (event, text) =>
      json({ hookSpecificOutput: { hookEventName: EVENT_NAMES[event], additionalContext: text } }),
    turnAround: (reason) => json({ decision: refusal, reason }),
    letGo: (left) =>
      json({ systemMessage: `Longwatch let this turn end although ${left.join(", ")} lies there unclaimed.` }),
    unheard: (event, why) => json({ systemMessage: `Longwatch could not be asked, so ${WITHOUT[event]}: ${why}` }),
  };
}

/** The CLIs that have hooks for turns. */
export const answersOf = { claude: answers("block"), codex: answers("block"), gemini: answers("deny") };
export type HookCli = keyof typeof answersOf;
export const hookClis = Object.keys(answersOf) as HookCli[];
