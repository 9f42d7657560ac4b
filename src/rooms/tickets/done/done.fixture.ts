import type { TestWorld } from "../../../../test/harness.ts";

export const DELIVERABLE = "path: src/x.ts; branch: codex/x; sha: 1a2b3c4; verify: npm test";
export const work_proof = "commit 1a2b3c4";

/** A namespace with two seats, and a ticket's way to its end. */
export async function doneYard(world: TestWorld, prefix = "CMB") {
  const { operator, say, refused } = world;
  await say(operator, "namespace.define", { prefix, format: `${prefix}-NNNN` });
  const alice = await world.seat("Alice");
  const bob = await world.seat("Bob");
  const file = async (input: object = {}): Promise<string> =>
    (await say(alice, "ticket.file", { namespace: prefix, title: "Work", ...input })).id;
  const claimed = async (input: object = {}, token = alice) => {
    const id = await file(input);
    const { claim_token } = await say(token, "ticket.claim", { id });
    return { id, claim_token: claim_token as string };
  };
  const finish = async (proofs: object, input: object = {}, token = alice): Promise<string> => {
    const claim = await claimed(input, token);
    await say(token, "ticket.finish", { ...claim, ...proofs });
    return claim.id;
  };
  /** The fields that a finish is refused for; the claim then still holds. */
  const unproven = async (proofs: object, input: object = {}) => {
    const claim = await claimed(input);
    const refusal = await refused(alice, "ticket.finish", { ...claim, ...proofs });
    await say(alice, "ticket.renew", claim);
    return { code: refusal.code, fields: refusal.fields, named: refusal.fields.map(({ field }) => field) };
  };
  const show = (id: string) => world.ask(operator, "ticket.show", { id });
  const stages = async (id: string): Promise<string[]> =>
    (await show(id)).receipts.map(({ stage }: { stage: string }) => stage);
  const told = async (about: string): Promise<{ kind: string; data: any }[]> =>
    (await world.ask(operator, "feed.read", { about, limit: 1000 })).entries;
  const require = (input: object) => say(operator, "proof.require", input);
  /** What the ledger and the tables say differently. */
  const drift = async () => (await world.ask(operator, "ticket.drift")).found;
  return { alice, bob, file, claimed, finish, unproven, show, stages, told, require, drift };
}
