import { check, type Around } from "./check.ts";
import { answerHook } from "./hook.ts";

const USAGE = `Usage: longwatch guard <claude|codex|gemini|opencode> [--settings FILE]
       longwatch guard check [--settings FILE] COMMAND

The first is what \`longwatch connect\` writes into an agent's configuration: it reads one tool call from standard
input, and exits with 0 to let it happen or with 2 and a reason to forbid it.
The second tells you what the guard sees in a command. Nothing is run, and nothing is recorded.
`;

/** `longwatch guard`, from the sources or as part of the whole program. */
export async function main(argv: readonly string[], around: Around): Promise<number> {
  const { env, stdout, stderr } = around;
  const [first, ...rest] = argv;
  if (first === "--help" || first === "-h") {
    stdout.write(USAGE);
    return 0;
  }
  if (first === "check") {
    const settings = rest[0] === "--settings" ? rest.splice(0, 2)[1] : undefined;
    const command = rest.join(" ");
    if (command !== "" && !command.startsWith("--")) return check(command, settings, around);
  }
  if (first === undefined || first === "check") {
    stderr.write(USAGE);
    return 2;
  }
  const answer = await answerHook(argv, env);
  if (answer.stdout) stdout.write(answer.stdout);
  if (answer.stderr) stderr.write(answer.stderr);
  return answer.code;
}
