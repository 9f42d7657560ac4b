import { Client } from "./client/client.ts";
import { catalogue } from "./kernel/catalogue.ts";
import { operations } from "./rooms/rooms.ts";
import { connectionOf } from "./surfaces/cli/connection.ts";
import { type Program, run } from "./surfaces/cli/run.ts";
import { version } from "./version.ts";

/** The only file that reads the environment and wires the world. */
const { env } = process;

// Who reads us may have read enough (`longwatch feed read | head`): no accident, and no reason to stop a server.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });

const stdout = (text: string) => void process.stdout.write(text);
const stderr = (text: string) => void process.stderr.write(text);
const client = () => new Client({ ...connectionOf({}, env), retryFor_seconds: 5 });
const terminal = { stdout, stderr, interactive: process.stderr.isTTY ?? false };

const programs: Record<string, Program> = {
  serve: {
    summary: "Start the server: the database, the API and the clock.",
    load: async () => {
      const { main } = await import("./programs/serve.ts");
      const settings = {
        data: env.LONGWATCH_DATA || undefined,
        xdg_data_home: env.XDG_DATA_HOME || undefined,
        port: Number(env.LONGWATCH_PORT || 4780),
        database_url: env.DATABASE_URL || undefined,
        log_level: env.LONGWATCH_LOG || "warn",
        stdout,
        stderr,
      };
      return { main: (argv) => main(argv, settings) };
    },
  },
  "sign-in": {
    summary: "Print a new one-time sign-in link for the operator.",
    load: async () => {
      const { main } = await import("./programs/sign_in.ts");
      return { main: (argv) => main(argv, client(), stdout, stderr) };
    },
  },
  mcp: {
    summary: "Serve MCP over stdio, for an agent on this machine.",
    load: async () => {
      const { main } = await import("./surfaces/mcp/stdio.ts");
      return { main: async () => main(connectionOf({}, env)).then(() => 0) };
    },
  },
  import: {
    summary: "Bring in the record of another tracker: beads FILE, gastown DIR.",
    load: async () => {
      const { main } = await import("./programs/import/import.ts");
      return { main: (argv) => main(argv, client, terminal) };
    },
  },
  demo: {
    summary: "Let a fleet of 31 seats live its week again, to watch.",
    load: async () => {
      const { main } = await import("./programs/demo/demo.ts");
      return { main: (argv) => main(argv, client, terminal) };
    },
  },
};

process.exitCode = await run(process.argv.slice(2), {
  catalogue: catalogue(operations, version),
  env,
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: () => process.stdin,
  programs,
  calledAs: env.LONGWATCH_CALLED_AS,
});
