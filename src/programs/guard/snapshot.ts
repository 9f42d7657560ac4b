import { dirname, join } from "node:path";
import { denied } from "../../guard/clis/index.ts";
import { guard } from "../../guard/guard.ts";
import {
  become,
  besideServer,
  endNow,
  fromSnapshot,
  type Start,
  writeWhole,
} from "../../surfaces/cli/snapshot_process.ts";
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
  // A process that runs out of things to wait for ends by itself, and must not have agreed by that.
  process.exitCode = 1;
  end(await answerHook(argv, process.env));
}

function end({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }): never {
  if (stdout) writeWhole(1, stdout);
  if (stderr) writeWhole(2, stderr);
  endNow(code);
}

/** A call that only reads, one that runs a package's script, and one with protected acts, which are denied. */
async function rehearse(): Promise<void> {
  const nowhere = "/nonexistent";
  const calls = [
    { tool_name: "Read", tool_input: { file_path: "src/main.ts" } },
    { tool_name: "Bash", tool_input: { command: "npm test" } },
    { tool_name: "Bash", tool_input: { command: 'cd web && CI=1 vercel deploy --prod 2>&1 | tee "$LOG"; git push' } },
  ];
  const offer = { seat: "CODEX-CLI-HOST-CMB-01", role: "implementer", lane: "CMB", idle_seconds: 60, command: "" };
  const protocol = { do: "", via: "dispatch", command: "", offers: [offer] };
  const denial = { decision: false, context: { id: "1", reasons: [""], protocol } };
  const answer = (asked: string) => ({
    evaluations: asked
      .split('"certain"')
      .slice(1)
      .map(() => denial),
  });
  await besideServer(answer, async (url) => {
    for (const call of calls) {
      const said = { hook_event_name: "PreToolUse", cwd: nowhere, tool_use_id: "toolu_1", ...call };
      const env = { LONGWATCH_URL: url, LONGWATCH_TOKEN: "none" };
      await guard("claude", Buffer.from(JSON.stringify(said)), { env });
    }
  });
}

const fail = (error: unknown) => end(denied(`Longwatch refused this call: its guard failed (${error}).`));

fromSnapshot(main, fail, rehearse);
