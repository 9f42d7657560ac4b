import { dirname, join } from "node:path";
import { denied } from "../../guard/clis/index.ts";
import { guard } from "../../guard/guard.ts";
import { become, fromSnapshot, type Start, writeWhole } from "../../surfaces/cli/snapshot_process.ts";
import { answerHook } from "./hook.ts";

/**
 * The guard as one file, dist/guard.cjs, which bin/longwatch starts out of a startup snapshot of its own: it is run
 * before each tool call of each agent, and holds nothing that it does not need there. `guard check` and the like
 * become the whole program.
 */

/** What a person types; whatever else it is, it is a hook's. */
const FOR_PEOPLE = [undefined, "check", "--help", "-h"];

async function main({ bundle, words }: Start): Promise<void> {
  const [, ...argv] = words;
  const whole = bundle.endsWith(".ts") ? "../../main.ts" : "longwatch.js";
  if (FOR_PEOPLE.includes(argv[0])) return become(join(dirname(bundle), whole), words);
  end(await answerHook(argv, process.env));
}

function end({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }): never {
  if (stdout) writeWhole(1, stdout);
  if (stderr) writeWhole(2, stderr);
  // Nothing waits for the end of this process, and `process.exit` takes 0.6 ms to ask whether anything does.
  (process as unknown as { reallyExit(code: number): never }).reallyExit(code);
  throw new Error("the process goes on after its end");
}

/** A call that only reads, one that runs a package's script, and one with protected acts; nobody is there to ask. */
async function rehearse(): Promise<void> {
  const nowhere = "/nonexistent";
  const calls = [
    { tool_name: "Read", tool_input: { file_path: "src/main.ts" } },
    { tool_name: "Bash", tool_input: { command: "npm test" } },
    { tool_name: "Bash", tool_input: { command: 'cd web && CI=1 vercel deploy --prod 2>&1 | tee "$LOG"; git push' } },
  ];
  for (const call of calls) {
    const said = { hook_event_name: "PreToolUse", cwd: nowhere, tool_use_id: "toolu_1", ...call };
    await guard("claude", Buffer.from(JSON.stringify(said)), { env: {}, settings: `${nowhere}/guard.json` });
  }
}

const fail = (error: unknown) => end(denied(`Longwatch refused this call: its guard failed (${error}).`));

fromSnapshot(main, fail, rehearse);
