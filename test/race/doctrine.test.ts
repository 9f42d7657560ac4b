import assert from "node:assert/strict";
import { after, test } from "node:test";
import pg from "pg";
import { pino } from "pino";
import { derivedPassword } from "../../src/database/migrate.ts";
import { openWorld } from "../../src/world.ts";
import { long, type TestWorld, testWorld } from "../harness.ts";

const rounds = long ? 50 : 4;
const SESSIONS = 12;
const RECORD = "ORA-0000-0002";

/** DOC-REVIEW-ONE: of many surveys at once, on two nodes, one opens the review that is due. */
async function oneReview(world: TestWorld, survey: (session: number) => Promise<unknown>): Promise<void> {
  await world.sql("update doctrine.reviews set settled_at = now(), note = 'looked' where settled_at is null");
  await world.sql("update doctrine.records set reviewed_at = null, review_on = '2020-01-01' where id = $1", [RECORD]);
  await Promise.all(Array.from({ length: SESSIONS }, (_, session) => survey(session)));
  const open = "select ticket_id from doctrine.reviews where record_id = $1 and settled_at is null";
  assert.equal((await world.sql(open, [RECORD])).length, 1, "a review was opened twice");
}

const world = await testWorld();
const { admin, operator } = world;
const applicationPassword = derivedPassword(admin.password as string);
const node = await openWorld({ admin, applicationPassword, log: pino({ level: "silent" }) });
after(async () => {
  await node.door.close();
  await node.database.end();
});
await world.say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });
await world.say(operator, "doctrine.survey");

test("DOC-REVIEW-ONE: many surveys on two nodes open a review once", async () => {
  const doors = [world.door, node.door];
  for (let round = 0; round < rounds; round++)
    await oneReview(world, (session) => doors[session % 2]!.say(operator, "doctrine.survey", {}));
  const tickets = await world.sql("select id from tickets.tickets where type = 'review'");
  assert.equal(tickets.length, rounds);
});

test("a survey that looks and then writes, where nothing in the database minds a second, is found out", async () => {
  const other = await testWorld();
  await other.say(other.operator, "doctrine.survey");
  await other.sql("drop index doctrine.one_open_review");
  const clients = Array.from({ length: SESSIONS }, () => new pg.Client(other.admin));
  for (const client of clients) client.on("error", () => {});
  await Promise.all(clients.map((client) => client.connect()));
  after(() => Promise.all(clients.map((client) => client.end())));
  const lookThenOpen = async (session: number) => {
    const client = clients[session]!;
    const look = "select from doctrine.reviews where record_id = $1 and settled_at is null";
    if ((await client.query(look, [RECORD])).rows.length > 0) return;
    const row = "(tenant_id, record_id, n, because, opened_at) values (1, $1, $2, 'due', now())";
    await client.query(`insert into doctrine.reviews ${row}`, [RECORD, session + 1]);
  };
  await assert.rejects(oneReview(other, lookThenOpen), /opened twice/);
});
