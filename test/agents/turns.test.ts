import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Agent, agents, whyNot } from "./agents.ts";
import { connected, fleet, type Fleet, IDLE, works } from "./fleet.ts";
import type { Line, Said } from "./model_server.ts";
import { shellCall } from "./sessions.ts";

/**
 * The founding failure, tried by the real agent CLIs: a model files a follow-on and wants to stop beside it. Its Stop
 * hook turns it around with the reason and the command; it says that command, and then may stop.
 */

const SEAT = IDLE[0];
const FILE = "longwatch ticket file --namespace CMB --title 'Playback on the phone'";
/** What the hook's reason tells it to say. */
const CLAIM = /Claim it now: (longwatch ticket claim --id CMB-\d+)/;

/** The model does what the reason says; one that never got to read it says so. */
const obeys =
  (agent: Agent) =>
  (told: string): Said =>
    shellCall(agent, CLAIM.exec(told)?.[1] ?? "echo nobody turned me around");

async function seatOf(here: Fleet, agent: Agent) {
  return connected(here, agent, { token: here.tokens[SEAT]!, name: `${agent}-turns` });
}
const closings = async (here: Fleet) => {
  const { entries } = await here.ask(here.operator, "feed.read", { limit: 1000 });
  return entries.filter(({ kind }: { kind: string }) => /^turn\./.test(kind));
};

for (const agent of agents)
  describe(`The real ${agent}:`, { skip: whyNot(agent) ?? false }, () => {
    test(`J15: ${agent} stops beside its own follow-on, is turned around, claims it, and then may stop`, async () => {
      const here = await fleet();
      const at = await seatOf(here, agent);
      const ended = await works(here, agent, at, [
        shellCall(agent, FILE),
        { text: "Done. One follow-on is left unclaimed." },
        obeys(agent),
        { text: "It is mine now." },
      ]);
      assert.equal(ended.code, 0, ended.stderr);
      const ticket = await here.ask(here.operator, "ticket.show", { id: "CMB-0001" });
      assert.deepEqual([ticket.state, ticket.holder], ["in_progress", SEAT], ended.results.join("\n"));
      assert.match(ended.told, new RegExp(`your session is ${SEAT}|${SEAT}`), "the session began with its brief");
      const told = await closings(here);
      assert.deepEqual(
        told.map(({ kind, data }: { kind: string; data: { left?: string[] } }) => [kind, data.left]),
        [
          ["turn.opened", undefined],
          ["turn.closed", []],
        ],
      );
    });

    test("a model that never obeys is let go after three turnarounds, and the ledger says so", async () => {
      const here = await fleet();
      const at = await seatOf(here, agent);
      const stubborn = Array.from({ length: 8 }, (): Line => ({ text: "I am done." }));
      const ended = await works(here, agent, at, [shellCall(agent, FILE), ...stubborn]);
      assert.equal(ended.code, 0, ended.stderr);
      const last = (await closings(here)).at(-1);
      assert.deepEqual([last.kind, last.data.let_go, last.data.left], ["turn.closed", true, ["CMB-0001"]]);
    });

    test("with nobody at the server's address it stops as it likes", async () => {
      const here = await fleet();
      const at = await seatOf(here, agent);
      await here.say(here.tokens[SEAT]!, "ticket.file", { namespace: "CMB", title: "Left" });
      const ended = await works(here, agent, at, [{ text: "Done." }], { cut: true });
      assert.equal(ended.code, 0, ended.stderr);
      assert.deepEqual(await closings(here), []);
    });
  });

describe("The real claude:", { skip: whyNot("claude") ?? false }, () => {
  test("J38: a sub-agent that begins is told that it is PARENT/suffix", async () => {
    const here = await fleet();
    const at = await seatOf(here, "claude");
    let name: string | undefined;
    const begins: Line = (told) => {
      name ??= /You are the sub-agent (\S+?) of|You are the sub-agent (\S+?)\. /.exec(told)?.[2];
      if (name !== undefined) return { text: "Scouted." };
      const tool = /"name":"(Task|Agent)"/.exec(told)![1]!;
      return { tool, input: { description: "scout", prompt: "Look around.", subagent_type: "general-purpose" } };
    };
    const ended = await works(here, "claude", at, [begins, { text: "That is all." }]);
    assert.equal(ended.code, 0, ended.stderr);
    assert.match(name ?? ended.told.slice(-3000), new RegExp(`^${SEAT}/general-purpose-[A-Za-z0-9-]+$`));
  });
});
