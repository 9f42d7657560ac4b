import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Client } from "../../client/client.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { harmless } from "../../surfaces/cli/show.ts";
import { type Repository, repositoryAt } from "../git_hook/commits.ts";
import type { Terminal } from "../import/telling.ts";
import { sayRefusal } from "../../surfaces/cli/refused.ts";
import { baseOf, type Naming, namingsIn, type Read } from "./naming.ts";

const USAGE = `usage: longwatch scan git [--repository DIR] [--since WHEN] [--base REF] [--report]

Looks in a repository who names which tickets, in commits and in branches, and tells those who never claimed what they
name. A commit's author is meant, or the seat that its trailer Longwatch-Seat names; actor.settle says who an author is.
A merge is nobody's work of its own: what it brings in is looked at.

  --repository DIR   the repository (else the working directory)
  --since WHEN       only commits since then, as git reads it ("2 weeks ago", 2026-04-01)
  --base REF         what branches are measured against (else origin's HEAD, main or master)
  --report           record what is found and post it, each once; a number that another works on opens a collision
  --json             print the outcome as one line of JSON

Exit code: 0 when nothing is found, 1 when something is, 2 for a wrong call, else as every command's.
`;

const options = {
  repository: { type: "string" },
  since: { type: "string" },
  base: { type: "string" },
  report: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

type Place = { client(): Client; env: Record<string, string | undefined>; cwd: string } & Terminal;
type Stray = Naming & { seat: string | null; state: string | null; known: boolean; collision: number | null };
type Found = Pick<Read, "commits" | "branches" | "more"> & { strays: Stray[]; reported: boolean };

/** `longwatch scan git`. Answers the exit code. */
export async function main(argv: string[], place: Place, json = false): Promise<number> {
  const { stdout, stderr } = place;
  const client = place.client();
  try {
    const said = parseArgs({ args: argv, options }).values;
    json ||= said.json === true;
    if (said.help) {
      stdout(USAGE);
      return 0;
    }
    const directory = resolve(place.cwd, said.repository ?? ".");
    const git = opened(directory, place.env);
    const { namespaces } = await client.ask<{ namespaces: { prefix: string }[] }>("namespace.list");
    const prefixes = namespaces.map(({ prefix }) => prefix);
    const repository = basename(
      git.git("rev-parse", "--path-format=absolute", "--git-common-dir").replace(/\/\.git$/, ""),
    );
    const read = namingsIn(git, prefixes, { since: said.since, base: baseOf(git, said.base) });
    const found = await strays(client, read, { repository, reports: said.report === true });
    stdout(json ? `${JSON.stringify(found)}\n` : told(found));
    return found.strays.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Refusal)) {
      stderr(`${harmless((error as Error).message)}\n\n${USAGE}`);
      return 2;
    }
    return sayRefusal(error, json, { write: stderr });
  } finally {
    client.close();
  }
}

function opened(directory: string, env: Place["env"]): Repository {
  if (!existsSync(directory)) throw new Error(`There is no directory ${directory}.`);
  const repository = repositoryAt(directory, env);
  try {
    repository.git("rev-parse", "--git-dir");
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new Error(`${directory} is not a git repository that can be read. ${(stderr ?? message).trim()}`, {
      cause: error,
    });
  }
  return repository;
}

type Checked = { seat: string | null; state: string | null; known: boolean; rightly: boolean };

/** Those of the namings that nobody had a right to; with `reports` they are posted and recorded. */
async function strays(
  client: Client,
  { namings, commits, branches, more }: Read,
  { repository, reports }: { repository: string; reports: boolean },
): Promise<Found> {
  const found: Stray[] = [];
  for (const one of namings) {
    const { actor, ticket } = one;
    const { rightly, ...about } = await client.ask<Checked>("sighting.check", { actor, ticket });
    if (rightly) continue;
    const tells = reports && !about.known;
    const collision = tells ? await reported(client, one, about.state, `git ${repository}`) : null;
    found.push({ ...one, ...about, collision });
  }
  return { commits, branches, more, strays: found, reported: reports };
}

/**
 * Posts it, then records it. Under the same key for the same naming: a scan that was cut off between the two posts it
 * once all the same.
 */
async function reported(client: Client, one: Naming, state: string | null, source: string): Promise<number | null> {
  const { actor, ticket, evidence, at, title } = one;
  const subject = `EXTERNAL_DISCOVERED: ${actor} committed under ${ticket}`.slice(0, 500).toWellFormed();
  const body = `${source}, ${evidence}, ${at}: ${title}\n${actor} never claimed ${ticket}.`;
  const key = createHash("sha256")
    .update(JSON.stringify([source, one]))
    .digest("hex");
  await client.say("post.append", { subject, body, ...(state === null ? {} : { item: ticket }) }, { key });
  const said = { ...one, act: "committed", source };
  return (await client.say<{ collision: number | null }>("sighting.report", said)).collision;
}

function told({ strays, commits, branches, more, reported }: Found): string {
  const lines = strays.map(({ ticket, actor, seat, state, evidence, title, known, collision }) => {
    const who = seat === null ? `${actor} (not registered)` : seat;
    const what = state === null ? "no such ticket" : state;
    const news = known ? " (known)" : reported ? " (posted)" : "";
    const clash = collision ? `, collision ${collision}` : "";
    return `${ticket} (${what}): ${who} never claimed it; ${evidence}: ${title}${news}${clash}\n`;
  });
  const read = `${commits} commits and ${branches} branches read${more ? "; there are more: say --since" : ""}`;
  const next = strays.length > 0 && !reported ? "Record and post them: longwatch scan git --report\n" : "";
  return harmless(`${lines.join("")}${strays.length} named what they never claimed; ${read}.\n${next}`);
}
