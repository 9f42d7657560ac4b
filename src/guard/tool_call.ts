import type { Surroundings } from "./shell/index.ts";

/** What an agent is about to do, whatever its CLI calls it. `clis/` makes these from the CLIs' own JSON. */
export type ToolCall =
  | { kind: "shell"; command: string; cwd: string }
  /** An editor's tool or a patch: the files that it would change. */
  | { kind: "write"; paths: string[]; cwd: string }
  | { kind: "mcp"; server: string; tool: string; input: unknown; cwd: string }
  /** A tool that changes nothing but the conversation: reading, searching, planning. */
  | { kind: "other"; name: string; cwd: string };

/** What the classification may know of the machine. It changes nothing and asks nothing but this. */
export type Around = Surroundings & {
  /** The directory that the agent may write in. */
  worktree: string;
  /** Branches that count as protected besides the usual ones; `*` stands for anything. */
  protected_branches: readonly string[];
  /** A read-only question to git; null when it fails. */
  git(args: readonly string[], cwd: string): string | null;
  /** Where an absolute path leads after its links, as far as it exists; without it links are not followed. */
  realPath?(path: string): string | null;
};
