import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, describe, it } from "node:test";
import pg from "pg";
import { pino } from "pino";
import { sqlError, type TestWorld, testWorld } from "../../../test/harness.ts";
import { derivedPassword } from "../../database/migrate.ts";
import { formatVerifier, newSigner } from "../../tlog/note.ts";
import { openWorld } from "../../world.ts";

const world = await testWorld();
await world.seat("Somebody");

/** Another node of the same installation: a door with a memory of its own. */
async function anotherDoor({ admin }: TestWorld) {
  const applicationPassword = derivedPassword(admin.password as string);
  const { door, database } = await openWorld({ admin, applicationPassword, log: pino({ level: "silent" }) });
  after(async () => {
    await door.close();
    await database.end();
  });
  return door;
}

describe("a token", () => {
  it("is nowhere in the database, the ledger and the kept answers included; only its hash is", async () => {
    const adopted = await world.say(world.operator, "seat.adopt", { name: "Secretive" }, "adopt-once");
    const issued = await world.say(world.operator, "token.issue", { scope: "sign_in" }, "issue-once");
    const redeemed = await world.say(issued.token, "token.redeem", { token: issued.token }, "redeem-once");
    const opened = await world.say(world.operator, "tenant.open", { name: "secretive" }, "open-once");
    const secrets = [adopted.token, issued.token, redeemed.token, opened.token, world.operator];
    const columns = await world.sql(`select n.nspname, c.relname, a.attname from pg_attribute a
      join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
        and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`);
    assert.ok(columns.length > 60);
    for (const { nspname, relname, attname } of columns)
      for (const [index, secret] of secrets.entries()) {
        // Text of any kind as it stands; bytes as text and as hexadecimal of the token without its prefix.
        const [{ found }] = await world.sql(
          `select count(*)::int as found from "${nspname}"."${relname}"
           where strpos("${attname}"::text, $1) > 0 or strpos("${attname}"::text, $2) > 0`,
          [secret, Buffer.from(secret.slice(3)).toString("hex")],
        );
        assert.equal(found, 0, `secret ${index} stands in ${nspname}.${relname}.${attname}`);
      }
    const hash = createHash("sha256").update(adopted.token).digest();
    assert.equal((await world.sql("select from seats.tokens where token_hash = $1", [hash])).length, 1);
    const leaves = await world.sql("select convert_from(leaf, 'UTF8') as leaf from ledger.entries");
    for (const { leaf } of leaves) for (const secret of secrets) assert.ok(!leaf.includes(secret.slice(3)));
  });

  it("that a repeated key would have to show again is refused: it was shown once", async () => {
    const refusal = await world.refused(world.operator, "seat.adopt", { name: "Secretive" }, "adopt-once");
    assert.equal(refusal.code, "secret.gone");
  });

  it("dies at its expiry although the process remembers it", async () => {
    const { token } = await world.say(world.operator, "token.issue", { token_days: 1 });
    await world.ask(token, "seat.whoami");
    const hash = createHash("sha256").update(token).digest();
    await world.sql("update seats.tokens set expires_at = clock_timestamp() - interval '1 s' where token_hash = $1", [
      hash,
    ]);
    await world.seat("Somebody-else");
    await assert.rejects(world.door.ask(token, "seat.whoami", {}), { code: "token.unknown" });
    await assert.rejects(world.door.say(token, "seat.beat", {}), { code: "token.unknown" });
  });

  it("that is not remembered any more keeps the order of those who come at once", async () => {
    const token = await world.seat("Orderly");
    await world.say(world.operator, "namespace.define", { prefix: "ORD", format: "ORD-NNNN" });
    for (let round = 0; round < 10; round++) {
      await world.say(token, "seat.beat", {});
      await world.seat(`Newcomer-${round}`);
      // Behind another's change the first to speak finds that what was remembered is old, and it is forgotten.
      await world.say(token, "seat.beat", {});
      const titles = Array.from({ length: 12 }, (_, n) => `${round}-${n}`);
      const filed = await Promise.all(
        titles.map((title) => world.say(token, "ticket.file", { namespace: "ORD", title })),
      );
      const ids = filed.map(({ id }) => id);
      assert.deepEqual(ids, ids.toSorted());
    }
  });

  it("that was revoked is worth nothing at once, on this node and on any other", async () => {
    const token = await world.seat("Revoked");
    await world.say(token, "seat.beat", {});
    const other = await anotherDoor(world);
    await other.ask(token, "seat.whoami", {});
    await world.say(world.operator, "token.revoke", { name: "Revoked" });
    for (const door of [other, world.door]) {
      await assert.rejects(door.say(token, "seat.beat", {}), { code: "token.unknown" });
      await assert.rejects(door.ask(token, "seat.whoami", {}), { code: "token.unknown" });
    }
  });

  it("of a retired seat is worth nothing, and the seat says that it is retired", async () => {
    const token = await world.seat("Leaving");
    await world.say(world.operator, "seat.retire", { seat: "Leaving" });
    assert.equal((await world.refused(token, "seat.beat", {})).code, "token.unknown");
    assert.equal((await world.refused(world.operator, "seat.retire", { seat: "Leaving" })).code, "seat.retired");
    const { seats } = await world.ask(world.operator, "seat.list", { state: "retired" });
    assert.ok(seats.some(({ name }: { name: string }) => name === "Leaving"));
  });

  it("for signing in is good for one exchange and for nothing else", async () => {
    const { token } = await world.say(world.operator, "token.issue", { scope: "sign_in" });
    assert.equal((await world.refused(token, "seat.adopt", { name: "Nobody" })).code, "scope.too_small");
    await assert.rejects(world.door.ask(token, "seat.whoami", {}), { code: "scope.too_small" });
    const redeem = () => world.say(token, "token.redeem", { token });
    const outcomes = await Promise.allSettled([redeem(), redeem(), redeem()]);
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
  });

  it("that its own act ends is good for that act, although somebody's authority changed on the way", async () => {
    const holder = new pg.Client(world.admin);
    await holder.connect();
    after(() => holder.end());
    /** Says it behind somebody who changes authority and commits when it already waits for the ledger's head. */
    const overtaken = async (token: string, name: string, input: object) => {
      await holder.query("begin");
      await holder.query("select from ledger.heads for update");
      const said = world.say(token, name, input);
      said.catch(() => {});
      for (let waits = 0; waits === 0;)
        waits = (await holder.query("select from pg_locks where not granted and locktype = 'transactionid'")).rowCount!;
      await holder.query("update ledger.heads set authority_revision = authority_revision + 1");
      await holder.query("commit");
      return said;
    };
    const { token: link } = await world.say(world.operator, "token.issue", { scope: "sign_in" });
    const { token } = await overtaken(link, "token.redeem", { token: link });
    assert.equal((await world.ask(token, "seat.whoami")).name, "operator");
    await overtaken(token, "token.end", { token });
    await assert.rejects(world.door.ask(token, "seat.whoami", {}), { code: "token.unknown" });
  });

  it("for signing in is used up itself, whatever token the request names", async () => {
    const [mine, other] = [
      await world.say(world.operator, "token.issue", { scope: "sign_in" }),
      await world.say(world.operator, "token.issue", {}),
    ];
    await world.door.say(mine.token, "token.redeem", { token: other.token }).catch(() => {});
    assert.equal((await world.ask(other.token, "seat.whoami")).name, "operator", "the other token was not touched");
  });

  it("for reading asks and does not say", async () => {
    const { token } = await world.say(world.operator, "token.issue", { scope: "read" });
    assert.equal((await world.ask(token, "seat.whoami")).name, "operator");
    assert.equal((await world.refused(token, "seat.adopt", { name: "Nobody" })).code, "scope.too_small");
  });

  it("can be made for the tenant's own service, and not for a seat", async () => {
    const { token } = await world.say(world.operator, "token.issue", { name: "longwatch" });
    assert.equal((await world.ask(token, "seat.whoami")).role, "steward");
    assert.equal((await world.refused(world.operator, "token.issue", { name: "Somebody" })).code, "token.for_seat");
  });

  it("in the service's name says nothing that only the server itself says", async () => {
    const { token } = await world.say(world.operator, "token.issue", { name: "longwatch" });
    const origin = "longwatch/forged";
    const vkey = formatVerifier(newSigner(origin).signer);
    const body = "old 0\n\nforged\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— forged AAAAAAA=\n";
    const commands: [command: string, input: object][] = [
      ["ledger.open_log", { origin, vkey }],
      ["ledger.add_key", { origin, vkey }],
      ["ledger.anchor", { origin, anchors: [], tiles: [] }],
      ["ledger.refuse_signing", { origin, code: "x", reason: "x" }],
      ["ledger.cosign", { tree_size: 0, origin, name: "x", line: "— x AAAAAAA=" }],
      ["ledger.record_verification", { after: 0, upto: 0, whole: true }],
      ["witness.announce", { vkey }],
      ["witness.consider", { body }],
    ];
    const only = [...world.door.operations.values()].filter(({ refuses }) => refuses.includes("service.only"));
    const told = [...commands.map(([name]) => name), "witness.known"].sort();
    assert.deepEqual(only.map(({ name }) => name).sort(), told);
    for (const [command, input] of commands)
      assert.equal((await world.refused(token, command, input)).code, "service.only", command);
    await assert.rejects(world.ask(token, "witness.known", { body }), { code: "service.only" });
    assert.equal((await world.refused(token, "producer.open", { name: "node/1" })).code, "producer.held");
  });

  it("J81: alone says who acts: a request that names another is refused before any logic", async () => {
    const token = await world.seat("Honest");
    for (const field of ["actor", "principal", "principal_id", "as", "seat", "name", "tenant_id", "incarnation"])
      assert.equal((await world.refused(token, "seat.beat", { [field]: "operator" })).code, "input.invalid", field);
    const { entries } = await world.ask(world.operator, "feed.read", { about: "Honest" });
    assert.ok(entries.every(({ kind }: { kind: string }) => kind !== "seat.changed"));
  });

  it("can be ended by its own holder alone, and its other tokens hold on", async () => {
    const { token } = await world.say(world.operator, "token.issue", {});
    const service = await world.say(world.operator, "token.issue", { name: "longwatch" });
    assert.equal((await world.refused(token, "token.end", { token: service.token })).code, "token.unknown");
    await world.ask(service.token, "seat.whoami");
    await world.say(token, "token.end", { token });
    await assert.rejects(world.door.ask(token, "seat.whoami", {}), { code: "token.unknown" });
    assert.equal((await world.ask(world.operator, "seat.whoami")).name, "operator");
  });

  it("is told by its holder, its scope and its end, as long as it holds", async () => {
    const tokens = async (name: string) =>
      (await world.ask(world.operator, "token.list")).holders.find((one: { name: string }) => one.name === name).tokens;
    await world.say(world.operator, "token.revoke", { name: "longwatch", reason: "it stood in a log" });
    const { entries } = await world.ask(world.operator, "feed.read", { limit: 1 });
    assert.equal(entries[0].data.reason, "it stood in a log");
    assert.deepEqual(await tokens("longwatch"), []);
    const { expires_at } = await world.say(world.operator, "token.issue", { name: "longwatch", scope: "read" });
    const [{ issued_at, ...only }, ...others] = await tokens("longwatch");
    assert.deepEqual([only, others], [{ scope: "read", expires_at }, []]);
    assert.ok(issued_at < expires_at);
    assert.ok((await tokens("operator")).length > 0);
  });

  it("of another tenant is on nobody's list, and only the first tenant sees which tenants there are", async () => {
    const { token } = await world.say(world.operator, "tenant.open", { name: "neighbour" });
    const told = await world.ask(token, "tenant.list");
    assert.deepEqual(told, { tenants: [{ tenant: "neighbour", own: true }], opens: false });
    const { holders } = await world.ask(token, "token.list");
    assert.equal(holders.flatMap((one: { tokens: unknown[] }) => one.tokens).length, 1);
    const { tenants, opens } = await world.ask(world.operator, "tenant.list");
    assert.ok(opens && tenants.some((one: { tenant: string }) => one.tenant === "neighbour"));
  });

  it("that nobody has, or that is not a token, is refused in the same words", async () => {
    for (const token of ["", "lw_", `lw_${"A".repeat(43)}`, "' or 1=1 --", "\u0000"])
      await assert.rejects(world.door.ask(token, "seat.whoami", {}), { code: "token.unknown" });
  });

  it("of the application's own making cannot be read back: its hash has 32 bytes or is refused", async () => {
    const error = await sqlError(
      world.sql(`insert into seats.tokens (tenant_id, token_hash, principal_id, scope, expires_at)
        select tenant_id, 'short', id, 'full', now() from seats.principals limit 1`),
    );
    assert.equal(error.constraint, "token_hash_length");
  });
});
