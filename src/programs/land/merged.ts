import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Client } from "../../client/client.ts";
import { ticketsNamed } from "../../guard/vocabulary.ts";
import { Remote, repositoryName } from "../../runner/remote.ts";
import { Workspace } from "../../runner/workspace.ts";
import type { Place } from "./land.ts";
import { refusedExit, stoppable, wholeNumber } from "./told.ts";

const USAGE = `usage: longwatch land merged [options]

Asks a repository's remote by git itself which commits its branch has, and gives the tickets that they name their
receipt: merged. It begins where it ended the last time. Where the branch has lost commits, their tickets lose it.
GitHub and GitLab can tell the same as it happens: longwatch webhook open.

  --repository DIR   whose remote it is (else the working directory)
  --remote NAME      another remote than origin, or an address; a repository without one is its own
  --branch NAME      what everything is merged into (main)
  --name NAME        the repository's name in the record (acme/shop, out of the remote's address)
  --commits-max N    look back so far the first time (5000)
  --json             print the outcome as one line of JSON
`;

const options = {
  repository: { type: "string" },
  remote: { type: "string" },
  branch: { type: "string" },
  name: { type: "string" },
  "commits-max": { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** A request holds 256 KiB. */
const PAGE = { commits: 200, characters: 50_000 } as const;
const MESSAGE_CHARACTERS_MAX = 20_000;

type Merge = { ticket: string; commit: string };
type Place_ = { repository: string; branch: string };
type Merged = Place_ & { head: string | null; commits: number; merged: string[]; lost: string[] };

/** `longwatch land merged …`. Answers the exit code. */
export async function main(argv: string[], place: Place, json = false): Promise<number> {
  const { stdout, stderr, cwd } = place;
  let call: { repository: string; remote: string | undefined; branch: string; name: string | undefined; most: number };
  try {
    const { values } = parseArgs({ args: argv, options });
    if (values.help) {
      stdout(USAGE);
      return 0;
    }
    const { remote, branch = "main", name } = values;
    const most = wholeNumber("--commits-max", values["commits-max"], 5000, 1, 1_000_000);
    call = { repository: resolve(cwd, values.repository ?? "."), remote, branch, name, most };
    json ||= values.json === true;
  } catch (error) {
    stderr(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const client = place.connect(30);
  const { stop, over } = stoppable();
  try {
    const found = await looked(call, { client, env: place.env, stop });
    stdout(json ? `${JSON.stringify(found)}\n` : told(found));
    return found.head === null ? 5 : 0;
  } catch (error) {
    return refusedExit(error, json, place);
  } finally {
    over();
    client.close();
  }
}

type Call = { repository: string; remote: string | undefined; branch: string; name: string | undefined; most: number };
type Around = { client: Client; env: Place["env"]; stop: AbortSignal };

async function looked({ branch, most, ...call }: Call, { client, env, stop }: Around): Promise<Merged> {
  const workspace = await Workspace.open(call.repository);
  try {
    const remote = await Remote.of(workspace, call.repository, { name: call.remote, env, stop });
    const at = { repository: call.name ?? repositoryName(remote.address), branch };
    const found: Merged = { ...at, head: await remote.branch(branch), commits: 0, merged: [], lost: [] };
    if (found.head === null) return found;
    const known = await client.ask<{ head: string | null }>("merge.list", { ...at, limit: 1 });
    const before = known.head === null ? null : await remote.find(known.head);
    const goesOn = before !== null && (await remote.isAncestor(before, found.head));
    const { namespaces } = await client.ask<{ namespaces: { prefix: string }[] }>("namespace.list");
    const prefixes = namespaces.map(({ prefix }) => prefix);
    const commits = (await remote.log(found.head, goesOn ? before : null, most))
      .filter(({ message }) => ticketsNamed(message, prefixes, "anyhow").length > 0)
      .map(({ id, message }) => ({ commit: id, message: messageOf(message) }));
    found.commits = commits.length;
    type Reported = { merged: string[]; lost: string[] };
    const say = async (more: object) => {
      const { merged, lost } = await client.say<Reported>("merge.report", { ...at, ...more });
      found.merged.push(...merged);
      found.lost.push(...lost);
    };
    // The oldest first: what is cut off in the middle goes on there.
    for (const page of pagesOf(commits.reverse())) await say({ commits: page });
    if (!goesOn && known.head !== null)
      for (const gone of await goneFrom(remote, found.head, at, client)) await say({ gone });
    if (known.head !== found.head) await say({ head: found.head });
    found.merged = [...new Set(found.merged)].sort();
    return found;
  } finally {
    await workspace.close();
  }
}

/** Commits that the record has of the branch and the branch has not, in pages. */
async function goneFrom(remote: Remote, head: string, at: Place_, client: Client): Promise<string[][]> {
  const gone = new Set<string>();
  for (let after: Merge | null = null; ;) {
    const page: object = after === null ? {} : { after_commit: after.commit, after_ticket: after.ticket };
    const { merges } = await client.ask<{ merges: Merge[] }>("merge.list", { ...at, ...page });
    for (const { commit } of merges) if (!(await has(remote, commit, head))) gone.add(commit);
    if (merges.length === 0) break;
    after = merges.at(-1)!;
  }
  const all = [...gone];
  return Array.from({ length: Math.ceil(all.length / PAGE.commits) }, (_, n) =>
    all.slice(n * PAGE.commits, (n + 1) * PAGE.commits),
  );
}

async function has(remote: Remote, commit: string, head: string): Promise<boolean> {
  return (await remote.find(commit)) !== null && remote.isAncestor(commit, head);
}

function pagesOf<Commit extends { message: string }>(commits: readonly Commit[]): Commit[][] {
  const pages: Commit[][] = [];
  let room = 0;
  for (const commit of commits) {
    const page = pages.at(-1);
    if (page === undefined || page.length === PAGE.commits || room < commit.message.length) {
      pages.push([commit]);
      room = PAGE.characters - commit.message.length;
      continue;
    }
    page.push(commit);
    room -= commit.message.length;
  }
  return pages;
}

const messageOf = (text: string) => text.slice(0, MESSAGE_CHARACTERS_MAX).toWellFormed().replaceAll("\0", "");

function told({ repository, branch, head, commits, merged, lost }: Merged): string {
  if (head === null) return `${repository} has no branch ${branch}\n`;
  const lines = [`${repository} ${branch} at ${head.slice(0, 12)}: ${commits} commits name tickets`];
  if (merged.length > 0) lines.push(`merged: ${merged.join(", ")}`);
  if (lost.length > 0) lines.push(`not merged any more: ${lost.join(", ")}`);
  if (merged.length + lost.length === 0) lines.push("nothing new");
  return `${lines.join("\n")}\n`;
}
