import { createHash } from "node:crypto";
import type { TestWorld } from "../../../test/harness.ts";

/** A commit id that is the same for the same word. */
export const sha = (word: string) => createHash("sha1").update(word).digest("hex");

export const TOPOLOGY = {
  branch: "codex/hwd-0015-ready",
  command: "npx vercel deploy --prod",
  verify_command: "npm test",
  health_url: "http://127.0.0.1:9/health",
};

/** An environment of its own, which a seat owns that holds a ticket for it. */
export async function landingYard(world: TestWorld, environment: string, seat: string) {
  const { operator, say } = world;
  const owner = await world.seat(seat);
  const namespaces = (await world.ask(operator, "namespace.list")).namespaces as { prefix: string }[];
  if (!namespaces.some(({ prefix }) => prefix === "HWD"))
    await say(operator, "namespace.define", { prefix: "HWD", format: "HWD-NNNN" });
  await say(operator, "environment.define", { environment, ...TOPOLOGY });
  await say(owner, "binding.take", { environment });
  const claimed = async (token = owner): Promise<string> => {
    const { id } = await say(operator, "ticket.file", { namespace: "HWD", title: "Routes" });
    await say(token, "ticket.claim", { id, lease_seconds: 3600 });
    return id;
  };
  const ticket = await claimed();
  let commits = 0;
  const begin = (more: object = {}, token = owner) =>
    say(token, "deploy.begin", { environment, ticket, sha: sha(`${environment} ${++commits}`), ...more });
  /** Brings a deploy to where its command runs. */
  const touch = async (held: { deploy: number; fencing_token: string }, token = owner) => {
    const fence = { deploy: held.deploy, fencing_token: held.fencing_token };
    await say(token, "deploy.report_closure", { ...fence, checked: 3 });
    await say(token, "deploy.report", { ...fence, stage: "deploy" });
    return fence;
  };
  /** A whole deploy that serves what it should. */
  const land = async (more: object = {}) => {
    const held = await begin(more);
    const fence = await touch(held);
    await say(owner, "deploy.settle", { ...fence, outcome: "landed", served_release: held.sha });
    return held as { deploy: number; sha: string };
  };
  /** Lets the lease of the deploy that runs end without waiting for it. */
  const expire = () =>
    world.sql(
      `update landing.deploys set lease_expires_at = clock_timestamp() - interval '1 ms'
       where environment = $1 and state = 'running'`,
      [environment],
    );
  const show = (id: number) => world.ask(operator, "deploy.show", { id });
  const standing = async () => (await world.ask(operator, "environment.show", { environment })).standing;
  return { environment, seat, owner, ticket, claimed, begin, touch, land, expire, show, standing };
}
