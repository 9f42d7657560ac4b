// Runs another program in the foreground, as bootstrap.mjs does with everything it starts. Plain JavaScript without
// dependencies, since nothing is installed yet.
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { constants } from "node:os";

/** What a person is told in one line; everything else that is thrown is our bug. */
export class Halt extends Error {
  constructor(message, code = 1) {
    super(message);
    this.code = code;
  }
}

/** 128 + n once somebody sent us signal n. */
export let interrupted = 0;

/**
 * In the foreground of a terminal, Ctrl-C reaches the child from the terminal itself: a second SIGINT from us
 * would look like an impatient user.
 */
function terminalSignals() {
  try {
    const stat = fs.readFileSync("/proc/self/stat", "utf8");
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return group === foreground;
  } catch {
    return Boolean(process.stdin.isTTY);
  }
}

/** Runs a program to its end, passing signals on, and answers its exit code (128 + n for signal n). */
export function run(program, args, options, started = () => {}) {
  return new Promise((done, fail) => {
    const child = spawn(program, args, options);
    const sent = {};
    if (child.pid) started(child.pid);
    const forward = (signal) => {
      interrupted = 128 + constants.signals[signal];
      // npm repeats a signal that the terminal or an init system has already sent to the whole group.
      if (Date.now() - (sent[signal] ?? 0) < 1000) return;
      sent[signal] = Date.now();
      if (signal === "SIGINT" && terminalSignals()) return;
      child.kill(signal);
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.on(signal, forward);
    child.on("error", (error) => fail(new Halt(`cannot run ${program}: ${error.message}`)));
    child.on("exit", (code, signal) => {
      for (const each of signals) process.off(each, forward);
      done(signal ? 128 + constants.signals[signal] : code);
    });
  });
}
