import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, describe, test } from "node:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agents, whyNot } from "./agents.ts";
import { connected, fleet, IDLE, LEADER, longwatch, tries } from "./fleet.ts";

/**
 * The founding incident, tried by the real agent CLIs: a leader's model calls for a deploy and a push, each is denied
 * before it runs, and what the model reads leads to an idle implementer.
 */
for (const agent of agents) {
  const missing = whyNot(agent);
  describe(`The real ${agent}:`, { skip: missing ?? false }, () => {
    test("a leader's deploy and push are denied, and the printed command makes an idle seat's ticket", async () => {
      const here = await fleet();
      const at = await connected(here, agent, { token: here.tokens[LEADER]!, name: "leader" });
      const deploy = await tries(here, agent, at, "vercel deploy --prod");
      assert.deepEqual(here.programs.ran(), [], "the deploy did not run");
      const told = deploy.results.join("\n");
      for (const seat of IDLE) assert.match(told, new RegExp(seat), `the model reads of ${seat}:\n${told}`);
      const command = /longwatch ticket dispatch [^\n"\\]*--to [\w-]+/.exec(told)?.[0];
      assert.ok(command, `the model reads the next command:\n${told}\n${deploy.stderr}`);

      const push = await tries(here, agent, at, "git push origin main");
      assert.match(push.results.join("\n"), /ticket dispatch/);
      assert.equal(at.pushed(), "CMB-0001: first page", "nothing reached the remote's main");

      const words = command.split(" ").slice(1);
      const dispatched = await longwatch([...words, "--json"], { cwd: at.tree, env: at.env });
      assert.equal(dispatched.code, 0, dispatched.stderr + dispatched.stdout);
      const queue = await here.ask(here.operator, "ticket.list", {});
      const [ticket] = queue.tickets;
      const shown = await here.ask(here.operator, "ticket.show", { id: ticket.id });
      assert.equal(shown.owner, IDLE[0]);
      assert.match(shown.title, /vercel deploy --prod/);

      const harmless = await tries(here, agent, at, "git status --short");
      assert.doesNotMatch(harmless.results.join("\n"), /Longwatch|dispatch/i, "what is nobody's business runs");
    });

    test("an implementer with the claim passes", async () => {
      const here = await fleet();
      const [seat] = IDLE;
      const token = here.tokens[seat]!;
      const at = await connected(here, agent, { token, name: "implementer" });
      const without = await tries(here, agent, at, "vercel deploy --prod");
      assert.match(without.results.join("\n"), /longwatch ticket claim/, without.stderr);
      assert.deepEqual(here.programs.ran(), []);
      await here.say(token, "ticket.file", { namespace: "CMB", title: "Ship the cards" });
      await here.say(token, "ticket.claim", { lane: "CAMBER" });
      const passed = await tries(here, agent, at, "vercel deploy --prod");
      assert.match(passed.results.join("\n"), /deployed/, passed.results.join("\n"));
      assert.deepEqual(here.programs.ran(), ["vercel deploy --prod"]);
    });

    test("with the server down, hung or answering garbage the deploy is denied, and the rest goes on", async () => {
      const here = await fleet();
      const at = await connected(here, agent, { token: here.tokens[LEADER]!, name: "alone" });
      for (const [name, port] of await brokenServers()) {
        pointAt(at.tree, port);
        const denied = await tries(here, agent, at, "vercel deploy --prod", { ports: [port] });
        assert.deepEqual(here.programs.ran(), [], `${name}: the deploy did not run`);
        assert.match(denied.results.join("\n"), /Longwatch/, `${name}: ${denied.results.join("\n")}`);
        const harmless = await tries(here, agent, at, "echo unharmed", { ports: [port] });
        assert.match(harmless.results.join("\n"), /unharmed/, `${name}: ${harmless.stderr}`);
      }
    });
  });
}

/** Servers that are no decision point any more: nobody there, one that says nothing, one that says nonsense. */
async function brokenServers(): Promise<[string, number][]> {
  const listening = async (answer: Parameters<typeof createServer>[1]) => {
    const server = createServer(answer!);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    after(() => {
      server.closeAllConnections();
      server.close();
    });
    return { server, port: (server.address() as AddressInfo).port };
  };
  const gone = await listening(() => {});
  await new Promise((done) => gone.server.close(done));
  const hung = await listening(() => {});
  const garbage = await listening((_, response) => void response.end("<html>It works!</html>"));
  return [
    ["down", gone.port],
    ["hung", hung.port],
    ["garbage", garbage.port],
  ];
}

/** Lets the seat's settings name another server, as if the right one had become that. */
function pointAt(tree: string, port: number): void {
  const path = join(tree, ".longwatch", "guard.json");
  const settings = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, JSON.stringify({ ...settings, url: `http://127.0.0.1:${port}` }));
}
