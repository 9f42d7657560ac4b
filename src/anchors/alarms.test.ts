import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Alarms } from "./alarms.ts";

const PASS = 256 + 65_536;

function alarmsAt() {
  const clock = { seconds: 1_000 };
  const alarms = new Alarms(() => clock.seconds);
  alarms.tenants([{ id: 1, name: "home" }], ["home"]);
  return { alarms, clock };
}

describe("The alarm", () => {
  it("ledger.unanchored comes when an entry waits for more than 60 s", () => {
    const { alarms } = alarmsAt();
    alarms.lag(1, { lag_entries: 1, lag_seconds: 60 });
    assert.deepEqual(alarms.codes, []);
    alarms.lag(1, { lag_entries: 1, lag_seconds: 60.5 });
    assert.deepEqual(alarms.codes, ["ledger.unanchored"]);
    alarms.lag(1, { lag_entries: 0, lag_seconds: 0 });
    assert.deepEqual(alarms.codes, []);
  });

  it("ledger.unanchored comes when more than a pass waits all of 60 s, although no entry does", () => {
    const { alarms, clock } = alarmsAt();
    const look = (seconds: number, lag_entries: number) => {
      clock.seconds += seconds;
      alarms.lag(1, { lag_entries, lag_seconds: 15 });
      return alarms.codes;
    };
    for (const seconds of [0, 30, 30]) assert.deepEqual(look(seconds, PASS + 1), []);
    assert.deepEqual(look(1, PASS + 1), ["ledger.unanchored"]);
    assert.deepEqual(look(15, PASS), []);
    // It begins anew after it was over once.
    assert.deepEqual(look(15, PASS + 1), []);
    assert.deepEqual(look(60, PASS + 1), []);
  });

  it("ledger.unverified comes when a ledger had no turn for ten minutes", () => {
    const { alarms, clock } = alarmsAt();
    clock.seconds += 600;
    assert.deepEqual(alarms.codes, []);
    clock.seconds += 1;
    assert.deepEqual(alarms.codes, ["ledger.unverified"]);
    alarms.verified(1, 700);
    assert.deepEqual(alarms.codes, ["ledger.unverified"]);
    alarms.verified(1, 30);
    assert.deepEqual(alarms.codes, []);
  });

  it("ledger.tenant_vanished comes when one signed that the database does not know, and takes its other alarms", () => {
    const { alarms } = alarmsAt();
    const home = { id: 1, name: "home" };
    alarms.tenants([home, { id: 2, name: "acme" }], ["home"]);
    alarms.broken(2, true);
    assert.deepEqual(alarms.codes, ["ledger.broken"]);
    alarms.tenants([home], ["home", "acme"]);
    assert.deepEqual(alarms.codes, ["ledger.tenant_vanished"]);
    alarms.tenants([home], ["home"]);
    assert.deepEqual(alarms.codes, []);
  });
});
