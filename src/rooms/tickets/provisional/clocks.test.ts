import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../../test/harness.ts";
import { cutOff } from "./spool.fixture.ts";

const world = await testWorld();
const { operator, say, ask, sql } = world;
const settle = () => say(operator, "spool.settle", { early: true });

describe("a clock", () => {
  /** Both post, A a minute before B; B's machine has a clock of its own. */
  async function race(prefix: string, skew_ms: number, isRestarted: boolean): Promise<string> {
    const [a, b] = await cutOff(world, prefix);
    const [early, late] = [600_000, 660_000];
    const start = Date.parse(a.contact_at);
    const posted = (elapsed: number, skew: number) => {
      const clock = isRestarted ? { elapsed_ms: null } : { elapsed_ms: elapsed };
      return { contact_at: a.contact_at, posted_at: new Date(start + elapsed + skew).toISOString(), ...clock };
    };
    a.file(`${prefix}-0001~aaaaa`, { namespace: prefix, title: "Earlier" }, posted(early, 0));
    b.file(`${prefix}-0001~bbbbb`, { namespace: prefix, title: "Later" }, posted(late, skew_ms));
    await b.handIn(b.posts, new Date(Date.now() + skew_ms));
    await a.handIn();
    await settle();
    return (await ask(operator, "ticket.show", { id: `${prefix}-0001` })).title;
  }

  for (const [index, hours] of [-30, -1, 1, 30].entries())
    it(`that is ${hours} hours off gains nothing, with and without a restart of its machine`, async () => {
      assert.equal(await race(`CLK${index}`, hours * 3_600_000, false), "Earlier");
      assert.equal(await race(`CLR${index}`, hours * 3_600_000, true), "Earlier");
    });

  it("never puts a post before the spool's contact, before the post ahead of it, or after its receipt", async () => {
    const [a] = await cutOff(world, "BND");
    const { contact_at } = a;
    const instant = (posted_at: number, more: object) => ({ posted_at: new Date(posted_at).toISOString(), ...more });
    const input = { namespace: "BND", title: "Bounded" };
    a.file("BND-?~aaaaa", input, instant(0, { contact_at, elapsed_ms: null }));
    a.file("BND-?~bbbbb", input, instant(0, { contact_at, elapsed_ms: 5_000 }));
    a.file("BND-?~ccccc", input, instant(0, { contact_at, elapsed_ms: 1_000 }));
    a.file("BND-?~ddddd", input, instant(Date.now() + 9e9, { contact_at, elapsed_ms: 9e12 }));
    // A contact that the seat cannot have had.
    a.file("BND-?~eeeee", input, instant(0, { contact_at: "2020-01-01T00:00:00Z", elapsed_ms: 1 }));
    const { answered_at } = await a.handIn();
    await settle();
    const rows = await sql("select effective_at from tickets.spooled where namespace = 'BND' order by n");
    const start = Date.parse(contact_at);
    assert.deepEqual(
      rows.map((row) => row.effective_at.getTime()),
      [start, start + 5_000, start + 5_000, Date.parse(answered_at), Date.parse(answered_at)],
    );
  });
});
