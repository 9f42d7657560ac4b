import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testWorld } from "../../../test/harness.ts";

const world = await testWorld();
const { operator } = world;
const alice = await world.seat("CLAUDE-CLI-BOX-CMB-01");
await world.say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN", lane: "web" });
await world.say(operator, "namespace.define", { prefix: "HWD", format: "HWD-NNNN", lane: "ios" });
for (let n = 0; n < 30; n++) {
  const namespace = n % 3 === 0 ? "HWD" : "CMB";
  const { id } = await world.say(alice, "ticket.file", { namespace, title: `Work ${n}` });
  if (n % 2 === 0) await world.say(operator, "post.append", { subject: `About ${id}`, item: id });
}

type Entry = { seq: number; at: string; kind: string; actor: string; subject: string | null };
type Page = { entries: Entry[]; next: number | null; head: number };
const page = (input: object): Promise<Page> => world.ask(operator, "feed.page", input);

/** All pages of a view, one after the other. */
async function whole(input: object): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let before: number | null = Number.MAX_SAFE_INTEGER; before !== null;) {
    const one: Page = await page({ ...input, before, limit: 7 });
    entries.push(...one.entries);
    before = one.next;
  }
  return entries;
}

describe("the feed read backwards", () => {
  it("gives every entry once, the newest first, whatever the size of its pages", async () => {
    const { head } = await page({ limit: 1 });
    const seqs = (await whole({})).map(({ seq }) => seq);
    assert.deepEqual(
      seqs,
      Array.from({ length: head }, (_, index) => head - index),
    );
  });

  it("gives of a kind, an actor, a thing and a lane what a reader of everything would pick", async () => {
    const all = await whole({});
    const picked = async (input: object, wanted: (entry: Entry) => boolean) => {
      const found = (await whole(input)).map(({ seq }) => seq);
      assert.ok(found.length > 0);
      assert.deepEqual(
        found,
        all.filter(wanted).map(({ seq }) => seq),
      );
    };
    await picked({ kind: "post" }, ({ kind }) => kind.startsWith("post."));
    await picked({ kind: "ticket.filed" }, ({ kind }) => kind === "ticket.filed");
    await picked({ actor: "CMB-01" }, ({ actor }) => actor === "CLAUDE-CLI-BOX-CMB-01");
    await picked({ about: "CMB-0003" }, ({ subject }) => subject === "CMB-0003");
    await picked({ lane: "ios" }, ({ subject }) => subject?.startsWith("HWD-") ?? false);
    await picked({ lane: "ios", kind: "post" }, (e) => e.kind.startsWith("post.") && !!e.subject?.startsWith("HWD-"));
  });

  it("jumps to a moment", async () => {
    const all = await whole({});
    const { at } = all[20]!;
    const jumped = (await whole({ until: at })).map(({ seq }) => seq);
    assert.deepEqual(
      jumped,
      all.filter((entry) => entry.at <= at).map(({ seq }) => seq),
    );
    assert.deepEqual((await page({ until: "2000-01-01T00:00:00Z" })).entries, []);
  });

  it("refuses a kind that is none and a seat that nobody is", async () => {
    await assert.rejects(page({ kind: "Ticket Claimed" }), { code: "input.invalid" });
    await assert.rejects(page({ actor: "nobody-at-all" }), { code: "seat.unknown" });
  });
});
