import { parentPort } from "node:worker_threads";
import { noFacts } from "./facts.ts";
import { readFacts } from "./reading.ts";

/** The thread that reads files. A parser that a text holds up, or that runs out of memory, holds up nobody else. */
parentPort!.on("message", ({ path, text }: { path: string; text: string }) => {
  try {
    parentPort!.postMessage(readFacts(path, text));
  } catch (error) {
    // Text that nests deeper than the stack.
    parentPort!.postMessage(noFacts((error as Error).message));
  }
});
