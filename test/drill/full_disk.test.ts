import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { Refusal } from "../../src/kernel/refusal.ts";
import { long } from "../harness.ts";
import type { Acknowledgement } from "./filer.ts";
import { reckon } from "./reckoning.ts";
import { dataDirectory, ServerProcess } from "./server_process.ts";

const skip = (!long && "long form only") || (process.getuid?.() !== 0 && "needs root to mount a small file system");

/** Nearly what a ledger entry holds, and nothing that compresses well. */
function largeBody(): string {
  let body = "";
  while (body.length < 40_000) body += Math.random().toString(36).slice(2);
  return body;
}

test(
  "a disk that fills up stops the writing, loses nothing, and space brings the writing back",
  { skip },
  async (t) => {
    const data = dataDirectory();
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=230m", "tmpfs", data], { stdio: "ignore" });
    } catch {
      return t.skip("mounting is not allowed here");
    }
    t.after(() => void execFileSync("umount", ["--lazy", data]));
    const server = await ServerProcess.start({ data });
    const operator = server.client();
    await operator.say("namespace.define", { prefix: "FUL", format: "FUL-NNNN" });
    const acknowledgements: Acknowledgement[] = [];
    const file = async (title: string, body: string) => {
      const { id } = await operator.say<{ id: string }>("ticket.file", { namespace: "FUL", title, body });
      acknowledgements.push({ key: title, act: "file", id, title });
    };
    const fill = async (session: number): Promise<string> => {
      for (let n = 0; n < 5_000; n++) {
        const refusal = await file(`Full ${session} ${n}`, largeBody()).catch((error) => error);
        if (refusal instanceof Refusal) return refusal.code;
      }
      return "it never filled up";
    };
    const told = await Promise.all([1, 2, 3, 4].map(fill));
    assert.deepEqual(
      told,
      told.map(() => "database.full"),
    );
    assert.ok((await operator.ask<{ counts: unknown[] }>("ticket.counts")).counts.length > 0, "reading goes on");
    execFileSync("mount", ["-o", "remount,size=900m", data]);
    await file("There is space again", "");
    await reckon(operator, acknowledgements);
    operator.close();
    assert.equal((await server.terminate()).code, 0);
  },
);
