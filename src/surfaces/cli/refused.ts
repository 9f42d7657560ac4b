import { problemOf, type Refusal, refusalKinds } from "../../kernel/refusal.ts";
import { type Flag, spell } from "./flags.ts";
import type { Terminal } from "./run.ts";
import { harmless } from "./show.ts";

/** Says a refusal on standard error, for a person or as the problem document, and gives its exit code. */
export function sayRefusal(refusal: Refusal, json: boolean, stderr: Terminal, flags: readonly Flag[] = []): number {
  stderr.write(json ? `${JSON.stringify(problemOf(refusal))}\n` : harmless(told(refusal, flags)));
  return refusalKinds[refusal.kind].exit;
}

function told({ kind, code, message, fields, hint, rules }: Refusal, flags: readonly Flag[]): string {
  // When the message only strings the fields together, they are told once, one on each line.
  const repeated = fields.length > 0 && fields.every((one) => message.includes(one.message));
  const lines = [`refused (${code}): ${repeated ? `${refusalKinds[kind].title}.` : message}`];
  for (const { field, message } of fields) lines.push(`  ${flagName(field, flags)}: ${message}`);
  if (hint) lines.push(`next: ${hint}`);
  for (const { id, title, rule } of rules) lines.push(`rule ${id}: ${title}. ${rule}`);
  return `${lines.join("\n")}\n`;
}

/** A field as the caller can mend it: `labels.3` is the fourth --labels. */
function flagName(field: string, flags: readonly Flag[]): string {
  const [name, ...rest] = field.split(".");
  const flag = flags.find((one) => one.field === name);
  if (!flag && !/^[a-z][a-z0-9_]*$/.test(name!)) return field;
  return [`--${flag?.spelling ?? spell(name!)}`, ...rest].join(".");
}
