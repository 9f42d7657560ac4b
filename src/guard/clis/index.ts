import { claude } from "./claude.ts";
import type { Cli } from "./cli.ts";
import { codex } from "./codex.ts";
import { gemini } from "./gemini.ts";
import { opencode } from "./opencode.ts";

export { type Answer, denied } from "./cli.ts";

/** The agent CLIs whose tool calls can be refused. */
export const clis = { claude, codex, gemini, opencode } satisfies Record<string, Cli>;
export type CliName = keyof typeof clis;

export function isCliName(name: string | undefined): name is CliName {
  return name !== undefined && Object.hasOwn(clis, name);
}
