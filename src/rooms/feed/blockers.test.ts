import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { computingTime } from "../../../test/computing.ts";
import { testWorld } from "../../../test/harness.ts";
import { isOfAuth, withoutSecretValues } from "../tickets/index.ts";

const world = await testWorld();
const { operator, say, ask, refused, sql } = world;
const alice = await world.seat("Alice");
await say(operator, "namespace.define", { prefix: "CMB", format: "CMB-NNNN" });

const file = async (): Promise<string> => (await say(alice, "ticket.file", { namespace: "CMB", title: "Work" })).id;
const block: Record<string, string> = {
  AUTH_BLOCKER_CLASS: "stale_secret",
  PRODUCT_LANE: "CAMBER",
  SERVICE: "mail",
  ACCOUNT: "bot at example.org",
  SOURCE_SURFACE: "the keychain of the build machine",
  STATE_OF_GRANT: "granted once, refused since noon",
  LAST_VALIDATED: "2026-05-01T10:00Z",
  NEXT_SAFE_ACTION: "the operator rotates it",
};
const linesOf = (fields: Record<string, string>) =>
  Object.entries(fields)
    .map(([field, value]) => `${field}: ${value}`)
    .join("\n");
const reason = `the login of the mail account fails\n${linesOf(block)}`;
/** Everything that the database of this file keeps, as text. */
async function everything(): Promise<string> {
  const tables = await sql(`select format('%I.%I', table_schema, table_name) as name from information_schema.tables
    where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'`);
  const parts: string[] = [];
  for (const { name } of tables) parts.push(JSON.stringify(await sql(`select t::text from ${name} t`)));
  const leaves = await sql("select convert_from(leaf, 'UTF8') as leaf from ledger.entries");
  return [...parts, ...leaves.map(({ leaf }) => leaf)].join("\n");
}

describe("A ticket that is blocked on access", () => {
  it("J34: without the whole block of fields is refused, with those that are missing and the classes", async () => {
    const id = await file();
    const refusals = [
      await refused(alice, "ticket.block", { id, reason: "the API key has expired" }),
      await refused(alice, "post.append", { kind: "actionable", item: id, state: "BLOCKED", subject: "auth" }),
      await refused(alice, "post.append", {
        ...{ kind: "actionable", item: id, state: "BLOCKED", subject: "waiting" },
        body: "We get a 403 from the mail service.",
      }),
    ];
    for (const [n, { code, kind, fields, facts, hint }] of refusals.entries()) {
      const field = n === 0 ? "reason" : "body";
      assert.deepEqual([code, kind, fields[0]!.field], ["blocker.unclassified", "invalid", field]);
      assert.deepEqual(facts.missing, Object.keys(block));
      assert.match(hint!, new RegExp(`lines in ${field}, .*missing_grant.*auth_present_wrong_scope`));
    }
    const { LAST_VALIDATED: _, ...incomplete } = block;
    const almost = await refused(alice, "ticket.block", { id, reason: linesOf(incomplete) });
    assert.deepEqual(almost.facts.missing, ["LAST_VALIDATED"]);
    const unknown = { ...block, AUTH_BLOCKER_CLASS: "no_luck" };
    assert.match(
      (await refused(alice, "ticket.block", { id, reason: linesOf(unknown) })).message,
      /is none of missing_gr/,
    );
    assert.equal((await ask(operator, "ticket.show", { id })).state, "awaiting_claim");
  });

  it("with the block is blocked: by the command, by a held claim's release, and by a post's body", async () => {
    const [one, two, three] = [await file(), await file(), await file()];
    await say(alice, "ticket.block", { id: one, reason });
    const { claim_token } = await say(alice, "ticket.claim", { id: two });
    const release = { id: two, claim_token, state: "blocked" };
    assert.equal(
      (await refused(alice, "ticket.release", { ...release, reason: "no password" })).code,
      "blocker.unclassified",
    );
    await say(alice, "ticket.release", { ...release, reason });
    const body = `What I saw.\n\n${linesOf(block)}`;
    await say(alice, "post.append", { kind: "actionable", item: three, state: "BLOCKED", subject: "no login", body });
    for (const id of [one, two, three]) {
      const shown = await ask(operator, "ticket.show", { id });
      assert.equal(shown.state, "blocked", id);
      assert.match(shown.blocked_reason, /NEXT_SAFE_ACTION: the operator rotates it/);
    }
  });

  it("with a block that is too long for the ticket's reason is told so of the field that it stood in", async () => {
    const id = await file();
    const body = linesOf({ ...block, STATE_OF_GRANT: "refused ".repeat(300) });
    const post = { kind: "actionable", item: id, state: "BLOCKED", subject: "no login" };
    const { code, fields, message } = await refused(alice, "post.append", { ...post, body });
    assert.deepEqual([code, fields[0]!.field], ["input.invalid", "body"]);
    assert.match(message, /^body: makes a reason of 2\d{3} characters.*holds 2000$/);
  });

  it("one of a batch that lacks the block does not keep the others from being released", async () => {
    const ids = [await file(), await file()];
    const claims = await Promise.all(ids.map((id) => say(alice, "ticket.claim", { id })));
    const said = claims.map(({ id, claim_token }, n) =>
      say(alice, "ticket.release", { id, claim_token, state: "blocked", reason: n === 0 ? "no password" : "no milk" }),
    );
    assert.deepEqual(
      (await Promise.allSettled(said)).map(({ status }) => status),
      ["rejected", "fulfilled"],
    );
    assert.equal((await ask(operator, "ticket.show", { id: ids[0] })).state, "in_progress");
  });

  it("J34: keeps no secret's value, wherever in the words it stood", async () => {
    const secrets = [
      ...["ghp_0123456789abcdefABCDEF0123456789abcd", "hunter2-and-more", "AKIAIOSFODNN7EXAMPLE", "Tr0ub4dor"],
      "Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZmdoaWprbG0",
    ];
    const leaking = {
      ...block,
      SOURCE_SURFACE: `env MAIL_TOKEN=${secrets[0]}, password: ${secrets[1]}`,
      STATE_OF_GRANT: `the password is ${secrets[3]}; header "Authorization: Bearer ${secrets[4]}"`,
      NEXT_SAFE_ACTION: `rotate ${secrets[2]} and ${secrets[4]}`,
    };
    const [one, two] = [await file(), await file()];
    await say(alice, "ticket.block", { id: one, reason: `no login\n${linesOf(leaking)}` });
    await say(alice, "post.append", {
      ...{ kind: "actionable", item: two, state: "BLOCKED", subject: `auth: token=${secrets[0]}` },
      body: `https://bot:${secrets[1]}@example.org\n${linesOf(leaking)}`,
    });
    await say(alice, "post.append", { subject: "for the record", body: linesOf(leaking) });
    const refusedWith = { id: await file(), reason: `the password is ${secrets[3]}` };
    await refused(alice, "ticket.block", refusedWith, "a-key");
    const kept = await everything();
    for (const secret of secrets) assert.ok(!kept.includes(secret), secret);
    assert.match(kept, /rotate … and …/);
  });

  it("that only sounds like it says so, with a reason", async () => {
    const id = await file();
    const sounds = "the design of the login page is not decided";
    assert.equal((await refused(alice, "ticket.block", { id, reason: sounds })).code, "blocker.unclassified");
    await say(alice, "ticket.block", { id, reason: `${sounds}\nAUTH_BLOCKER_CLASS: none - it is a drawing` });
    assert.equal((await ask(operator, "ticket.show", { id })).state, "blocked");
  });
});

describe("The words of a blocker", () => {
  it("are of access, or they are not", () => {
    for (const words of [
      "no OAuth scope",
      "403 from the registry",
      "Access denied",
      "expired token",
      "2FA is on",
      "sign in",
    ])
      assert.ok(isOfAuth(words), words);
    for (const words of ["the key", "waits for CMB-0401", "author is away", "the claim token", "design of the sign"])
      assert.ok(!isOfAuth(words), words);
  });

  it("lose what may be a secret and keep what tells where things are", () => {
    for (const words of [
      "PRODUCT_LANE: CAMBER",
      "ACCOUNT: CLAUDE-CLI-MacBook-Air-CAMBER-01",
      "commit 6ddcf20a1b2c3d4e5f60718293a4b5c6d7e8f901",
      "LAST_VALIDATED: 2026-05-01T10:00Z by CAMBER-02",
      "NEXT_SAFE_ACTION: /srv/app/config/production/credentials.d/mail.yaml",
      "the secret is stale",
    ])
      assert.equal(withoutSecretValues(words), words);
    assert.equal(withoutSecretValues("api key: abc\nPIN: 1234"), "api key: …\nPIN: …");
    for (const words of ["the token is in CMB-0012", "gh auth token 2>/dev/null", "access token of HWD-0015 is stale"])
      assert.equal(withoutSecretValues(words), words);
  });

  it("lose secrets however they are written down, and those that their issuers made to be known", () => {
    const secrets = [
      "hunter2",
      "correct horse battery",
      "ASIAIOSFODNN7EXAMPLE",
      "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
      "T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
      "MIIEowIBAAKCAQEAxyz",
      "482913",
      "abc%2Bdef%3D",
    ];
    for (const words of [
      'password "hunter2"',
      "the password `hunter2`",
      "machine git login bot password hunter2",
      "client_secret: hunter2",
      "DB_PASS = hunter2",
      "Passwort: hunter2",
      "password：hunter2",
      "passphrase: correct horse battery",
      "with ASIAIOSFODNN7EXAMPLE",
      "key wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY is stale",
      "post to https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
      "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAxyz\nabc/def\n-----END RSA PRIVATE KEY-----",
      "the 2fa code 482913",
      "https://x.blob.example.org/c?sv=2020&sig=abc%2Bdef%3D",
    ]) {
      const kept = withoutSecretValues(words);
      assert.ok(!secrets.some((secret) => kept.includes(secret)) && kept.includes("…"), `${words} -> ${kept}`);
    }
    assert.ok(isOfAuth("it says ghp_1234567890abcdefghij"), "whoever shows one speaks of access");
  });

  it("are read in linear time, however long a line is", () => {
    const texts = ["token ".repeat(10_000), "a".repeat(60_000), "x=".repeat(30_000), "secret: ".repeat(7_500)];
    assert.ok(computingTime(() => texts.forEach((words) => void withoutSecretValues(words))) < 2000);
  });
});

it("after all this the tables and the ledger agree", async () => {
  const { differences, found } = await ask(operator, "ticket.drift");
  assert.equal(differences, 0, JSON.stringify(found));
});
