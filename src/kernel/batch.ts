import type { Act, Command, Event, World } from "./operation.ts";
import type { Credential } from "./ports.ts";
import { Refusal } from "./refusal.ts";
import type { KeyedRequest } from "./requests.ts";

/** What a command's caller gets: its output, and the number of the last ledger entry it left. */
export type Accepted = { output: unknown; seq: number | null };

/** A command that waits for its batch. */
export type Pending = {
  command: Command;
  credential: Credential;
  input: unknown;
  request: KeyedRequest | null;
  /** A denial has no act to run; its refusal is recorded and answered. */
  denial: Refusal | null;
  resolve(accepted: Accepted): void;
  reject(error: unknown): void;
};

export type Outcome = Act<unknown> | Refusal;

/**
 * Runs each command's calls together, one command after the other, and puts the outcomes back in order. `begins` is
 * told the place of each group's first call.
 */
export async function runGroups(world: World, batch: Pending[], begins: (at: number) => void): Promise<Outcome[]> {
  const outcomes: Outcome[] = new Array(batch.length);
  const groups = new Map<Command, number[]>();
  for (const [index, { command, denial }] of batch.entries()) {
    if (denial) outcomes[index] = denial;
    else if (groups.has(command)) groups.get(command)!.push(index);
    else groups.set(command, [index]);
  }
  for (const [command, indexes] of groups) {
    begins(indexes[0]!);
    const calls = indexes.map((index) => ({ caller: batch[index]!.credential.caller, input: batch[index]!.input }));
    const results = await command.run(world, calls as never);
    if (results.length !== calls.length)
      throw new Error(`${command.name} answered ${results.length} of ${calls.length}`);
    for (const [n, index] of indexes.entries()) outcomes[index] = results[n]!;
  }
  return outcomes;
}

/** An event that its command lists, be it a call's own or recorded beside the calls. */
export function declared({ name, events }: Command, event: Event): Event {
  if (events.includes(event.kind)) return event;
  throw new Error(`${name} left the undeclared event ${event.kind}`);
}

/** The events of an outcome. A command that leaves an undeclared event, or none, is our bug: nothing is committed. */
export function eventsOf(command: Command, outcome: Outcome): Act<unknown>["events"] {
  if (outcome instanceof Refusal) {
    const kind = { denied: "command.denied", internal: "command.failed" }[outcome.kind as string] ?? "command.refused";
    // It may be cut through a character, or cite a caller's words that were.
    const detail = outcome.message.slice(0, 1000).toWellFormed();
    return [{ kind, subject: null, data: { code: outcome.code, detail } }];
  }
  for (const event of outcome.events) {
    declared(command, event);
    if (event.personal !== undefined && event !== outcome.events.at(-1))
      throw new Error(`${command.name} left a personal event before its last one`);
  }
  if (outcome.events.length === 0 && command.unrecorded === undefined)
    throw new Error(`${command.name} was accepted and left no event`);
  return outcome.events;
}
