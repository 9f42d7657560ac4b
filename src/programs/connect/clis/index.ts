import { claude } from "./claude.ts";
import type { Cli } from "./cli.ts";
import { codex } from "./codex.ts";
import { gemini } from "./gemini.ts";
import { opencode } from "./opencode.ts";

/** The agents' programs that can be connected, by the names that people say. */
export const clis = { claude, codex, gemini, opencode } satisfies Record<string, Cli>;
export type CliName = keyof typeof clis;
