import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Coverage, ledgerFindings } from "./ledger_checks.ts";
import { clockFinding } from "./server_checks.ts";

const AT = "2026-01-02T00:00:00.000Z";
const ago = (seconds: number) => new Date(Date.parse(AT) - seconds * 1000).toISOString();
const signer = { state: "signing" as const, origin: "log/home", size: 1200, refused: null, witnesses: [], s3: null };
const coverage: Coverage = {
  entries: 1204,
  covered: 1200 / 1204,
  oldest: ago(3 * 3_600),
  last_whole_at: ago(3 * 3_600),
  broken: null,
  anchored: { size: 1200, lag_entries: 4, lag_seconds: 3.2 },
  signer,
  at: AT,
};
const DAY = 86_400;

function said(change: Partial<Coverage>, up_seconds = DAY): string[] {
  return ledgerFindings({ ...coverage, ...change }, "home", up_seconds).map(
    ({ check, state, told, next }) => `${state} ${check}: ${told}${next === null ? "" : ` > ${next}`}`,
  );
}

describe("What the doctor says of a ledger", () => {
  it("that is well has figures and no next step", () => {
    assert.deepEqual(said({}), [
      "ok ledger: 1,204 entries, 99.6 % of them hashed anew in the last 24 h, the whole 3 h ago",
      "ok signing: as log/home: 1,200 entries; 4 have no checkpoint so far, the oldest for 3 s",
    ]);
    const [all] = said({ covered: 1 });
    assert.match(all!, /100 % of them/);
  });

  it("never rounds up to the whole", () => {
    assert.match(said({ covered: 999_999 / 1_000_000 })[0]!, / 99\.9 %/);
  });

  it("names a broken entry, or where it lies", () => {
    const broken = { first_broken: 7, first_broken_max: 7, reason: "its hash", found_at: AT };
    assert.equal(
      said({ broken })[0],
      `problem ledger: entry 7 is broken: its hash; found ${AT} > docs/operating.md, "A broken ledger"`,
    );
    assert.match(said({ broken: { ...broken, first_broken_max: 9 } })[0]!, /one of the entries 7 to 9 is broken/);
  });

  it("minds a whole check that is late, but not in the first minutes", () => {
    assert.match(said({ last_whole_at: ago(26 * 3_600) })[0]!, /^problem .*the whole 26 h ago/);
    assert.match(said({ last_whole_at: null })[0]!, /^problem .*never the whole/);
    assert.match(said({ last_whole_at: null }, 30)[0]!, /^ok/);
  });

  it("tells a signer that refuses, is elsewhere or late, with the way out of each", () => {
    const refused = (code: string) =>
      said({ signer: { ...signer, state: "refused", refused: { code, reason: "why" } } });
    assert.equal(
      refused("ledger.restored")[1],
      'problem signing: refused (ledger.restored): why > docs/operating.md, "After a restored backup"',
    );
    assert.match(refused("ledger.broken")[1]!, /> docs\/operating\.md, "A broken ledger"$/);
    const late = { size: 1200, lag_entries: 4, lag_seconds: 61 };
    assert.match(said({ anchored: late })[1]!, /^problem signing: .*60 s are allowed > The server's log/);
    const elsewhere = { ...signer, state: "elsewhere" as const };
    assert.match(
      said({ signer: elsewhere, anchored: late })[1]!,
      /^problem signing: the key .* > .*signer\/home\.\*\.keys/,
    );
    assert.match(said({ signer: elsewhere })[1]!, /^ok signing: another server signs/);
    assert.match(said({ signer: null })[1]!, /^ok signing: another server signs/);
    assert.match(said({ signer: null, anchored: late })[1]!, /^problem signing/);
  });

  it("tells of witnesses and of the bucket, each by itself", () => {
    const witness = { name: "w.example", size: 1200, since: null, reason: null };
    const behind = { ...witness, since: ago(60), reason: "409" };
    const s3 = { behind: 2, since: null, reason: null };
    assert.deepEqual(said({ signer: { ...signer, witnesses: [witness, { ...witness, size: null }], s3 } }).slice(2), [
      "ok witness: w.example cosigned 1,200 entries",
      "ok witness: w.example cosigned nothing so far",
      "ok bucket: has a copy of every checkpoint but 2",
    ]);
    const away = said({
      signer: { ...signer, witnesses: [behind], s3: { ...s3, since: ago(60), reason: "ENOTFOUND" } },
    });
    assert.match(away[2]!, /^problem witness: w\.example does not cosign since .*: 409 > .*LONGWATCH_WITNESSES/);
    assert.match(away[3]!, /^problem bucket: does not answer since .*: ENOTFOUND > .*LONGWATCH_S3/);
  });
});

describe("The doctor's look at the clocks", () => {
  it("counts only what the way there and back cannot explain", () => {
    const [sent, got] = [100_000, 102_000];
    for (const at of [95_000, 100_000, 101_000, 102_000, 107_000])
      assert.equal(clockFinding(at, sent, got).state, "ok", String(at));
    assert.match(clockFinding(107_001, sent, got).told, /is 5\.0 s ahead of this machine's/);
    assert.match(clockFinding(40_000, sent, got).told, /is 60\.0 s behind this machine's/);
  });
});
