import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Agent, commandOf } from "./agents.ts";
import { confined, type Confinement, type Ended } from "./loopback_only.ts";
import { type Line, modelServer, type ModelServer, type Said } from "./model_server.ts";

/** One session of a real agent CLI in print mode, whose model says what the test tells it to. */
export type Session = {
  agent: Agent;
  /** The CLI's home, made by `homeOf`. */
  home: string;
  /** The worktree that it works in. */
  cwd: string;
  lines: readonly Line[];
  /** Flags beside the usual ones, such as a flag that steps around hooks. */
  flags?: readonly string[];
  env?: Record<string, string>;
  /** Loopback ports that it may reach beside the model's. */
  ports?: readonly number[];
} & Pick<Confinement, "etc">;

export type Told = Ended & {
  /** What each tool call gave the model. */
  results: string[];
  /** All that the model was told in the end. */
  told: string;
};

/** The tool of each CLI that runs a shell command, and what its input looks like. */
export function shellCall(agent: Agent, command: string): Said {
  if (agent === "claude") return { tool: "Bash", input: { command, description: "what the ticket asks for" } };
  // A login shell would reset PATH.
  if (agent === "codex") return { tool: "exec_command", input: { cmd: command, login: false } };
  return { tool: "run_shell_command", input: { command, description: "what the ticket asks for" } };
}

/** Makes a home directory in which the CLI starts without asking anything. */
export function homeOf(agent: Agent, directory: string): string {
  const home = join(directory, `home-${agent}`);
  for (const folder of [".claude", ".codex", ".gemini"]) mkdirSync(join(home, folder), { recursive: true });
  if (agent === "gemini") {
    const settings = {
      security: { auth: { selectedType: "gemini-api-key" } },
      privacy: { usageStatisticsEnabled: false },
    };
    writeFileSync(join(home, ".gemini", "settings.json"), JSON.stringify(settings, null, 2));
  }
  return home;
}

/** Runs one session to its end. */
export async function session({
  agent,
  home,
  cwd,
  lines,
  flags = [],
  env = {},
  ports = [],
  etc,
}: Session): Promise<Told> {
  const model = await modelServer(lines);
  const { command, before } = commandOf(agent);
  const { args, needs } = invocationOf(agent, model, home);
  const ended = await confined({
    command,
    args: [...before, ...args, ...flags],
    cwd,
    env: { HOME: home, TERM: "dumb", ...needs, ...env },
    ports: [model.port, ...ports],
    ...(etc ? { etc } : {}),
  });
  return { ...ended, results: model.results, told: model.told() };
}

function invocationOf(
  agent: Agent,
  model: ModelServer,
  home: string,
): { args: string[]; needs: Record<string, string> } {
  const prompt = "Do what the ticket says.";
  if (agent === "claude") {
    const needs = {
      ANTHROPIC_BASE_URL: model.url,
      ANTHROPIC_API_KEY: "fake",
      CLAUDE_CONFIG_DIR: join(home, ".claude"),
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      // Without it Claude refuses its bypass flag to root.
      IS_SANDBOX: "1",
    };
    return { args: ["-p", prompt, "--output-format", "json", "--allowedTools", "Bash"], needs };
  }
  if (agent === "codex") {
    const codex = join(home, ".codex");
    mkdirSync(codex, { recursive: true });
    return {
      args: ["exec", "--json", "--skip-git-repo-check", ...codexOverrides(model), prompt],
      needs: { CODEX_HOME: codex, STUB_KEY: "x" },
    };
  }
  const needs = {
    GOOGLE_GEMINI_BASE_URL: model.url,
    GEMINI_API_KEY: "fake",
    GEMINI_CLI_HOME: home,
    GEMINI_CLI_TRUST_WORKSPACE: "true",
  };
  const args = ["-p", prompt, "--approval-mode", "yolo", "--output-format", "json", "-m", "gemini-2.5-flash"];
  return { args, needs };
}

/** The test's model and manners by flags, so that config.toml stays what `longwatch connect` made of it. */
function codexOverrides(model: ModelServer): string[] {
  const settings = {
    model: "gpt-5.5-codex",
    model_provider: "stub",
    approval_policy: "never",
    sandbox_mode: "danger-full-access",
    check_for_update_on_startup: false,
    "analytics.enabled": false,
    "model_providers.stub.name": "Stub",
    "model_providers.stub.base_url": `${model.url}/v1`,
    "model_providers.stub.env_key": "STUB_KEY",
    "model_providers.stub.wire_api": "responses",
    "model_providers.stub.request_max_retries": 0,
    "model_providers.stub.stream_max_retries": 0,
  };
  return Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${JSON.stringify(value)}`]);
}
