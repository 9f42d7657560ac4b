import { look, unsettled } from "../../guard/guard.ts";
import type { Env } from "../../guard/settings.ts";
import type { Found } from "../../guard/vocabulary.ts";

type Told = { write(text: string): unknown };
export type Around = { env: Env; cwd: string; stdout: Told; stderr: Told };

/** Tells a person what the guard sees in a command. Nothing is run. */
export async function check(command: string, settings: string | undefined, around: Around): Promise<number> {
  const { env, cwd, stdout } = around;
  const { known: settled, founds } = look({ kind: "shell", command, cwd }, cwd, { env, settings });
  if (founds.length === 0) {
    stdout.write("Nothing protected: the guard lets it pass without asking the server.\n");
    return 0;
  }
  for (const found of founds) stdout.write(seen(found));
  const known = settled();
  if (known.state === "found") stdout.write(`The server at ${known.settings.url} is asked about it.\n`);
  else stdout.write(`It is refused: ${unsettled(known, "CLI").why}.\n`);
  return 2;
}

function seen({ action, resource, because, certain, text }: Found): string {
  const where = `${resource.type} ${resource.id}${resource.properties.production ? ", production" : ""}`;
  return `${action} of ${where}: ${because}${certain ? "" : " (not certain)"}\n  in: ${text}\n`;
}
