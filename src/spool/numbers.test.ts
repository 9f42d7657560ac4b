import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { expectedId, nextOf, rememberCounts, rememberFirst } from "./numbers.ts";
import { rememberIds } from "./seen.ts";

const home = mkdtempSync(join(tmpdir(), "longwatch-seen-"));
after(() => rmSync(home, { recursive: true, force: true }));
const server = "http://127.0.0.1:1";

describe("The number that a filing without a server expects", () => {
  test("is one more than the newest that was seen, and one more for each that was expected since", () => {
    const place = join(home, "one");
    assert.equal(expectedId(place, server, "CMB"), "CMB-?");
    rememberFirst(place, server, ["CMB-0009", "CMB-0036", "CMB-0012", null, "CMB-0001~abcde", "nonsense"]);
    assert.equal(expectedId(place, server, "CMB"), "CMB-0037");
    assert.equal(expectedId(place, server, "CMB"), "CMB-0038");
    rememberIds(place, server, ["CMB-0037"]);
    assert.equal(expectedId(place, server, "CMB"), "CMB-0038", "what is real ends what was guessed");
    assert.equal(expectedId(place, "http://127.0.0.1:2", "CMB"), "CMB-?", "another server counts for itself");
  });

  test("is known from what the namespaces have given, too", () => {
    const place = join(home, "two");
    rememberCounts(place, server, [
      { format: "ONE-NNNN", numbers_given: 7 },
      { format: "NEW-NN", numbers_given: 0 },
      { format: "FLT-YYYYMMDDNN", numbers_given: 7 },
    ]);
    assert.deepEqual(
      ["ONE", "NEW", "FLT"].map((namespace) => expectedId(place, server, namespace)),
      ["ONE-0008", "NEW-01", "FLT-?"],
    );
  });

  test("grows past its width, and begins anew with the day, the month and the year that it counts by", () => {
    const [newYear, eve] = [new Date("2027-01-01T00:00:01Z"), new Date("2026-12-31T23:59:59Z")];
    const next = (id: string, now = newYear) => nextOf(id, eve, now);
    assert.equal(next("CMB-9999"), "CMB-10000");
    assert.equal(next("CMB-2026"), "CMB-2027");
    assert.equal(next("FLT-2026123107"), "FLT-2027010101");
    assert.equal(next("DTE-202612-007"), "DTE-202701-001");
    assert.equal(next("ORA-2026-0007"), "ORA-2027-0001");
    assert.equal(next("ORA-2026-0007", eve), "ORA-2026-0008");
    assert.equal(next("NRE-9"), "NRE-10");
  });

  test("is remembered in little, however much was filed", () => {
    const place = join(home, "three");
    rememberFirst(place, server, ["CMB-0"]);
    for (let n = 1; n <= 4000; n++) rememberIds(place, server, [`CMB-${n}`]);
    assert.equal(expectedId(place, server, "CMB"), "CMB-4001");
    const bytes = readdirSync(place).reduce((sum, name) => sum + statSync(join(place, name)).size, 0);
    assert.ok(bytes < 160 * 1024, `${bytes} bytes`);
  });
});
