import { Client } from "./client/client.ts";
import { catalogue } from "./kernel/catalogue.ts";
import type { TwoWords } from "./programs/names.ts";
import { operations } from "./rooms/rooms.ts";
import { connectionOf, dataDirectory } from "./surfaces/cli/connection.ts";
import { type Globals, type Program, run } from "./surfaces/cli/run.ts";
import { spoolPlace } from "./spool/place.ts";
import { launcher, version } from "./version.ts";

/** The only file that reads the environment and wires the world. */
const { env } = process;

// Who reads us may have read enough (`longwatch feed read | head`): no accident, and no reason to stop a server.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });

const stdout = (text: string) => void process.stdout.write(text);
const stderr = (text: string) => void process.stderr.write(text);
/** In a connected project everything is said as its seat; an unreadable directory is nobody's project. */
const connection = (globals: Globals) => connectionOf(globals, env, process.cwd());
const client = (globals: Globals) => new Client({ ...connection(globals), retryFor_seconds: 5 });
const terminal = { stdout, stderr, interactive: process.stderr.isTTY ?? false };

/** A program that reads its own flags: `--json` is one of them, also where it stands before the program's name. */
type Working = { main(argv: string[], client: () => Client, told: typeof terminal): Promise<number> };
const working =
  (load: () => Promise<Working>): Program["load"] =>
  async () => {
    const { main } = await load();
    const words = (argv: string[], { json }: Globals) => (json ? ["--json", ...argv] : argv);
    return { main: (argv, globals) => main(words(argv, globals), () => client(globals), terminal) };
  };

/** Who connects an agent is its operator, even where another agent's seat is at home. */
const connecting = (globals: Globals) => ({
  ...{ env, cwd: process.cwd(), launcher, stdout, stderr },
  operator: () => connectionOf(globals, env),
});

const programs: Record<string, Program> = {
  serve: {
    summary: "Start the server: the database, the API and the clock.",
    load: async () => {
      const { main } = await import("./programs/serve/serve.ts");
      const settings = {
        data: env.LONGWATCH_DATA || undefined,
        xdg_data_home: env.XDG_DATA_HOME || undefined,
        port: Number(env.LONGWATCH_PORT || 4780),
        anchors: env.LONGWATCH_ANCHORS || undefined,
        witnesses: env.LONGWATCH_WITNESSES || undefined,
        s3: env.LONGWATCH_S3 || undefined,
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
      return { main: (argv, globals) => main(argv, () => client(globals), terminal, globals.json) };
    },
  },
  doctor: {
    summary: "Say what is wrong with this installation, and how to mend it.",
    load: async () => {
      const { main } = await import("./programs/doctor/doctor.ts");
      const place = { data: dataDirectory(env), anchors: env.LONGWATCH_ANCHORS || undefined };
      const spool = spoolPlace(env, process.cwd());
      return { main: (argv, globals) => main(argv, globals, { ...place, spool, connection, stdout, stderr }) };
    },
  },
  mcp: {
    summary: "Serve MCP over stdio, for an agent on this machine.",
    load: async () => {
      const { main } = await import("./programs/mcp.ts");
      const stdio = await import("./surfaces/mcp/stdio.ts");
      const known = catalogue(operations, version);
      const place = spoolPlace(env, process.cwd());
      const serve = (globals: Globals) => stdio.main({ ...connection(globals), place, catalogue: known });
      return { main: (argv, globals) => main(argv, terminal, () => serve(globals)) };
    },
  },
  guard: {
    summary: "Look at an agent's tool call before it happens: the hook of an agent's CLI.",
    load: async () => {
      const { main } = await import("./programs/guard/program.ts");
      const told = { stdout: { write: stdout }, stderr: { write: stderr } };
      return { main: (argv) => main(argv, { env, cwd: process.cwd(), ...told }) };
    },
  },
  "turn-hook": {
    summary: "Begin and end an agent's turns: the hooks of its CLI beside the guard's.",
    load: async () => {
      const { main } = await import("./programs/turn_hook/turn_hook.ts");
      return { main: (argv) => main(argv, { env, cwd: process.cwd(), stdout, stderr }) };
    },
  },
  connect: {
    summary: "Guard an agent's program or a git repository: its hooks, its tools and its seat.",
    load: async () => {
      const { main } = await import("./programs/connect/connect.ts");
      return { main: (argv, globals) => main("connect", argv, globals, connecting(globals)) };
    },
  },
  disconnect: {
    summary: "Take back what connect wrote.",
    load: async () => {
      const { main } = await import("./programs/connect/connect.ts");
      return { main: (argv, globals) => main("disconnect", argv, globals, connecting(globals)) };
    },
  },
  "git-hook": {
    summary: "Decide about a push or a commit: pre-push, pre-commit, or pre-receive where it arrives.",
    load: async () => {
      const { main } = await import("./programs/git_hook/git_hook.ts");
      return { main: (argv) => main(argv, { env, cwd: process.cwd(), stdin: process.stdin, stdout, stderr }) };
    },
  },
  import: {
    summary: "Bring in the record of another tracker: beads FILE, gastown DIR.",
    load: working(() => import("./programs/import/import.ts")),
  },
  replay: {
    summary: "Play incidents again under the rules of today, beside what came of them then.",
    load: async () => {
      const { main } = await import("./programs/replay/replay.ts");
      return { main: (argv, globals) => main(argv, terminal, globals.json) };
    },
  },
  demo: {
    summary: "Let a fleet of 31 seats live its week again, to watch.",
    load: working(() => import("./programs/demo/demo.ts")),
  },
};

/** Where a runner works, and how it speaks to the server. */
const runnerPlace = (globals: Globals) => ({
  connect: (retryFor_seconds: number) => new Client({ ...connection(globals), retryFor_seconds }),
  ...{ env, cwd: process.cwd(), data: dataDirectory(env), stdout, stderr },
});

const landing = (verb: "check" | "run" | "rollback" | "recover", summary: string): Program => ({
  summary,
  load: async () => {
    const { main } = await import("./programs/land/land.ts");
    return { main: (argv, globals) => main(verb, argv, runnerPlace(globals), globals.json) };
  },
});

const questioning = (verb: "list" | "probe", summary: string): Program => ({
  summary,
  load: async () => {
    const { main } = await import("./programs/question/question.ts");
    return { main: (argv, globals) => main(verb, argv, runnerPlace(globals), globals.json) };
  },
});

const spooling = (verb: "status" | "send" | "watch" | "posts", summary: string): Program => ({
  summary,
  load: async () => {
    const { main } = await import("./programs/spool/spool.ts");
    const place = spoolPlace(env, process.cwd());
    return { main: (argv, globals) => main(verb, argv, { place, connection, stdout, stderr }, globals) };
  },
});

/** Programs beside the operations of a noun. */
const ofTwoWords: Record<TwoWords, Program> = {
  "ledger verify": {
    summary: "Prove the ledger whole: the server's, an export's, or a log's at an address.",
    load: async () => {
      const { main } = await import("./programs/verify/verify.ts");
      return {
        main: (argv, globals) => main(argv, (given) => client({ ...globals, ...given }), terminal, globals.json),
      };
    },
  },
  "ledger export": {
    summary: "Write the whole ledger to a file that proves itself without a server.",
    load: async () => {
      const { main } = await import("./programs/export/export.ts");
      return { main: (argv, globals) => main(argv, () => client(globals), terminal, globals.json) };
    },
  },
  "ticket drift": {
    summary: "Compare the queue with the ledger, list what is unsettled, and mend the tables.",
    load: async () => {
      const { main } = await import("./programs/drift/drift.ts");
      return { main: (argv, globals) => main(argv, () => client(globals), terminal, globals.json) };
    },
  },
  "scan git": {
    summary: "Find commits and branches that name tickets their author never claimed.",
    load: async () => {
      const { main } = await import("./programs/scan/scan.ts");
      const place = (globals: Globals) => ({ client: () => client(globals), env, cwd: process.cwd(), ...terminal });
      return { main: (argv, globals) => main(argv, place(globals), globals.json) };
    },
  },
  "feed export": {
    summary: "Write the feed to a file: JSON Lines, or Markdown to read.",
    load: working(() => import("./programs/feed/export.ts")),
  },
  "feed mirror": {
    summary: "Bring in what agents append to a feed file, and halt when the file shrinks.",
    load: working(() => import("./programs/feed/mirror.ts")),
  },
  "feed restore": {
    summary: "Write a feed file anew from the ledger, after it was cut or changed.",
    load: working(() => import("./programs/feed/restore.ts")),
  },
  "doctrine import": {
    summary: "Bring in Markdown records of what a fleet has learned.",
    load: working(() => import("./programs/doctrine/import.ts")),
  },
  "doctrine export": {
    summary: "Write what the fleet has learned as a site to browse, and as Markdown.",
    load: working(() => import("./programs/doctrine/export.ts")),
  },
  "land check": landing("check", "Look what a patch needs and run the verify command; nothing is claimed."),
  "land run": landing("run", "Land a commit, or picked ones: closure, verify, deploy, health, back where it fails."),
  "spool status": spooling("status", "Say what waits on this machine for a server that was away."),
  "spool send": spooling("send", "Hand in what waits on this machine, and wait until it has its numbers."),
  "spool watch": spooling("watch", "Hand in what waits on this machine, now and whenever something does."),
  "spool posts": spooling("posts", "List what was kept on this machine, and what became of it."),
  "land rollback": landing("rollback", "Go back to a release that was good."),
  "land recover": landing("recover", "Settle a deploy whose runner was lost."),
  "land verify": {
    summary: "Run a deliverable's verify command in a clean clone; what fails puts its ticket back.",
    load: async () => {
      const { main } = await import("./programs/land/verify.ts");
      return { main: (argv, globals) => main(argv, runnerPlace(globals), globals.json) };
    },
  },
  "land merged": {
    summary: "Look in git which tickets are merged, and give them their receipts.",
    load: async () => {
      const { main } = await import("./programs/land/merged.ts");
      return { main: (argv, globals) => main(argv, runnerPlace(globals), globals.json) };
    },
  },
  "question list": questioning("list", "Say what is blocked on you, one line each, after its probe was asked."),
  "question probe": questioning("probe", "Show or run, in a jail, the commands by which questions are found done."),
  "schedule arm": {
    summary: "Let a schedule fire; one that writes into git only after its working tree was looked at.",
    load: async () => {
      const { main } = await import("./programs/schedule/arm.ts");
      return { main: (argv, globals) => main(argv, runnerPlace(globals), globals.json) };
    },
  },
  "webhook secret": {
    summary: "Print the secret that GitHub or GitLab signs a webhook's deliveries with, on the server's machine.",
    load: async () => {
      const { main } = await import("./programs/webhook/secret.ts");
      return { main: (argv, globals) => main(argv, runnerPlace(globals), globals.json) };
    },
  },
};

process.exitCode = await run(process.argv.slice(2), {
  catalogue: catalogue(operations, version),
  env,
  cwd: process.cwd(),
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: () => process.stdin,
  programs: { ...programs, ...ofTwoWords },
  calledAs: env.LONGWATCH_CALLED_AS,
  spool: () => import("./spool/through.ts"),
});
