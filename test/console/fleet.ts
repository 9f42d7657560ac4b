import { readWeek, sampleDirectory } from "../../src/programs/demo/week.ts";
import { sha, TOPOLOGY } from "../../src/rooms/landing/landing.fixture.ts";
import type { TestWorld } from "../harness.ts";

/** How the fleet speaks to its server: within this process, or over HTTP. */
export type Server = Pick<TestWorld, "say" | "operator">;

/** A fleet in the middle of its work, the same each time: the demo's titles, and one of all that a page shows. */
export type Yard = { ticket: string; seat: string; tokens: ReadonlyMap<string, string> };

const SEATS: readonly (readonly [string, string])[] = [
  ["CLAUDE-CLI-BOX-STRAT-01", "strategist"],
  ["CODEX-CLI-BOX-WEB-01", "implementer"],
  ["CODEX-CLI-BOX-WEB-02", "implementer"],
  ["CLAUDE-CLI-AIR-SHIP-01", "implementer"],
  ["GEMINI-CLI-AIR-GATE-01", "gatekeeper"],
  ["ORA-OPS", "coordinator"],
];
const LANES = ["WEB", "SHIP", "YARD"];
/** What they are doing, where they do anything. */
const STATUS: Readonly<Record<string, string>> = { "CODEX-CLI-BOX-WEB-01": "busy", "CODEX-CLI-BOX-WEB-02": "blocked" };

export async function yard(server: Server): Promise<Yard> {
  const { say, operator } = server;
  const { titles } = await readWeek(sampleDirectory());
  const tokens = new Map<string, string>();
  for (const [name, role] of SEATS) tokens.set(name, (await say(operator, "seat.adopt", { name, role })).token);
  for (const lane of LANES) await say(operator, "namespace.define", { prefix: lane, format: `${lane}-NNNN`, lane });
  await say(operator, "proof.require", { proofs: [] });
  const [strat, web, web2, ship] = SEATS.map(([name]) => tokens.get(name)!) as [string, string, string, string];
  const ids: string[] = [];
  for (const [index, title] of [...titles.values()].slice(0, 24).entries()) {
    const input = { namespace: LANES[index % 3]!, title, body: `What is wanted: ${title}.`, priority: index % 4 };
    ids.push((await say(strat, "ticket.file", input)).id);
  }
  const claim = async (token: string, id: string) => ({
    id,
    claim_token: (await say(token, "ticket.claim", { id, lease_seconds: 3_600 })).claim_token,
  });
  const ticket = ids[0]!;
  await say(strat, "ticket.link", { id: ids[14]!, target: ticket, type: "blocks" });
  await say(strat, "ticket.link", { id: ids[1]!, target: ticket, type: "blocks" });
  await say(web, "post.append", { subject: "Looked at the crane; its timetable is right", item: ticket });
  await claim(web, ticket);
  for (const id of ids.slice(6, 12))
    await say(web2, "ticket.finish", { ...(await claim(web2, id)), note: "It holds." });
  await say(ship, "ticket.release", { ...(await claim(ship, ids[4]!)), reason: "The tide is low", state: "blocked" });
  await claim(ship, ids[5]!);
  await say(strat, "ticket.park", { id: ids[13]!, reason: "After the regatta" });
  await say(web, "seat.beat", { status: "busy", output: true });
  await say(web2, "seat.beat", { status: "blocked", output: false });
  await decisions(server, { strat, web });
  await landing(server, { web, ticket });
  return { ticket, seat: "CODEX-CLI-BOX-WEB-01", tokens };
}

/** Every seat says again that it is there: whoever was not heard for two minutes looks otherwise. */
export async function heard({ say }: Pick<Server, "say">, { tokens }: Pick<Yard, "tokens">): Promise<void> {
  for (const [name, token] of tokens) await say(token, "seat.beat", { status: STATUS[name] ?? "idle" });
}

async function decisions({ say, operator }: Server, { strat, web }: { strat: string; web: string }): Promise<void> {
  const act = { action: "deploy", resource_type: "environment", resource_id: "production" };
  await say(strat, "policy.decide", act);
  await say(web, "question.ask", { topic: "budget", question: "May the yard buy a second crane?" });
  await say(operator, "post.append", { subject: "The operator is on watch" });
  await bundle({ say, operator }, web);
}

/** What waits for an approval, as a bundle; its number is 1. */
export async function bundle({ say, operator }: Server, token: string): Promise<void> {
  const act = { action: "delete", resource_type: "database", resource_id: "orders" };
  await say(token, "policy.decide", { ...act, resource_properties: { environment: "production" } });
  await say(operator, "manifest.open");
}

/** One environment with a release that landed, and one that a deploy failed for. */
export async function landing(server: Server, given: Landing): Promise<void> {
  const { web: token, ticket, cause = "It answered 502." } = given;
  for (const environment of ["preview", "staging"]) {
    await server.say(server.operator, "environment.define", { environment, ...TOPOLOGY });
    await server.say(token, "binding.take", { environment });
    await deploy(server, { token, ticket, environment, cause: environment === "preview" ? null : cause });
  }
}

type Landing = { web: string; ticket: string; cause?: string };
type Deploy = { token: string; ticket: string; environment: string; cause: string | null };

/** A deploy that lands, or fails for a cause. */
async function deploy({ say }: Pick<Server, "say">, { token, ticket, environment, cause }: Deploy): Promise<void> {
  const commit = sha(environment);
  const { deploy: id, fencing_token } = await say(token, "deploy.begin", { environment, ticket, sha: commit });
  const fence = { deploy: id, fencing_token };
  await say(token, "deploy.report_closure", { ...fence, checked: 3 });
  await say(token, "deploy.report", { ...fence, stage: "deploy" });
  const outcome = cause === null ? { outcome: "landed", served_release: commit } : { outcome: "failed", cause };
  await say(token, "deploy.settle", { ...fence, ...outcome });
}
