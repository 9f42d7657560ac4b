import type { Client } from "../../client/client.ts";
import { Refusal } from "../../kernel/refusal.ts";

/** A command to say, and what to do with its answer. A refusal of a row is an answer. */
export type Job = {
  command: string;
  input: { body?: string };
  // each command answers its own shape, which its caller knows.
  done(answer: any | Refusal): void;
};

/** The server commits up to 128 commands at once; more in flight would only wait. */
const WINDOW_SIZE_MAX = 64;
/** Long texts go in smaller windows: a request that needs several reads could be overtaken by the next. */
const WINDOW_CHARACTERS_MAX = 128 * 1024;

/** Refusals that are about one row; any other ends the import. */
const ABOUT_A_ROW = new Set(["invalid", "conflict", "missing", "oversized", "mismatch", "internal"]);

/**
 * Says commands in their order, a window at a time. The next window is sent when the last is answered whole, so that
 * numbers and entries follow the order of the file: a server reads connections that fell silent in the order in which
 * they speak again.
 */
export async function sayAll(
  client: Client,
  jobs: AsyncIterable<Job> | Iterable<Job>,
  said: (count: number) => void,
): Promise<void> {
  let window: Job[] = [];
  let characters = 0;
  const flush = async () => {
    await sayWindow(client, window);
    said(window.length);
    window = [];
    characters = 0;
  };
  for await (const job of jobs) {
    const length = job.input.body?.length ?? 0;
    if (window.length === WINDOW_SIZE_MAX || (window.length > 0 && characters + length > WINDOW_CHARACTERS_MAX))
      await flush();
    window.push(job);
    characters += length;
  }
  if (window.length > 0) await flush();
}

async function sayWindow(client: Client, window: readonly Job[]): Promise<void> {
  const answers = await Promise.allSettled(window.map(({ command, input }) => client.say(command, input)));
  // What went in is counted even when the server went away in the middle of the window.
  for (const [index, answer] of answers.entries()) {
    if (answer.status === "fulfilled") window[index]!.done(answer.value);
    else if (isAboutRow(answer.reason)) window[index]!.done(answer.reason);
  }
  for (const answer of answers) if (answer.status === "rejected" && !isAboutRow(answer.reason)) throw answer.reason;
}

function isAboutRow(error: unknown): boolean {
  return error instanceof Refusal && ABOUT_A_ROW.has(error.kind);
}
