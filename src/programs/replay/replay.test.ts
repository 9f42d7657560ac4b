import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { testServer } from "../../../test/harness.ts";
import { incidentsIn } from "./incident.ts";
import { main, playAll, read, shipped } from "./replay.ts";
import { counted, told } from "./told.ts";

const server = await testServer();
const first = server.client();
after(() => first.close());

describe("the fourteen incidents", async () => {
  const incidents = await read([shipped()]);
  const played = await playAll(incidents, first);

  for (const one of played)
    test(`${one.case} gives the outcome of the policy, and tables and ledger agree`, () => {
      const wrong = one.outcomes.filter(({ as_recorded }) => !as_recorded);
      assert.deepEqual(
        wrong.map(({ line, what, policy }) => `${line}: ${what}: ${policy}`),
        [],
      );
      assert.ok(one.sound);
      assert.ok(one.outcomes.length > 0);
    });

  test("are all there, and four of the five collisions of numbers end otherwise than in history", () => {
    assert.deepEqual(
      played.map((one) => one.case),
      Array.from({ length: 14 }, (_, index) => `COL-${index + 1}`),
    );
    const { number_collisions, number_collisions_that_differ, not_as_recorded } = counted(played);
    assert.deepEqual([number_collisions, number_collisions_that_differ, not_as_recorded], [5, 4, 0]);
    const text = told(played);
    for (const words of ["COL-1  ", "as in history", "DIFFERS from history", "its second is not known"])
      assert.ok(text.includes(words), words);
    assert.match(text, /of 5 collisions of numbers, 4\); all as recorded/);
  });

  test("keep their malformed instants and the three forms of seats' names", () => {
    const steps = incidents.flatMap((one) => one.steps);
    const doubts = new Set(steps.flatMap((step) => step.doubts));
    for (const doubt of ["its second is not known", "it is about then", "it names two time zones", "it has no date"])
      assert.ok(doubts.has(doubt), doubt);
    const seats = new Set(steps.map(({ seat }) => seat));
    for (const seat of ["CLAUDE-CLI-MacBook-Air-CAMBER-01", "CLAUDE-CLI-CAMBER-12", "ORA-01", "CAMBER-wzgh"])
      assert.ok(seats.has(seat), seat);
  });
});

describe("an incident of one's own", () => {
  const header = {
    case: "MINE",
    title: "two file at once",
    kind: "number",
    namespaces: { X: 0 },
    seats: [{ name: "A" }, { name: "B" }],
  };
  const lines = (...rows: object[]) => rows.map((row) => JSON.stringify(row)).join("\n");
  const filing = (seat: string, at: string, more: object = {}) => ({
    at,
    seat,
    file: { number: "X-0001", title: `of ${seat}` },
    ...more,
  });

  test("is decided by who posted first, however it is written down, and told when history went otherwise", async () => {
    const text = lines(
      header,
      filing("A", "2026-01-01T10:00:05Z", { then: "X-0001" }),
      filing("B", "2026-01-01T10:00:00Z"),
    );
    const [played] = await playAll(incidentsIn(text, "mine"), first);
    assert.deepEqual(
      played!.outcomes.map(({ seat, policy, differs }) => [seat, policy, differs]),
      [
        ["B", "X-0001", false],
        ["A", "X-0002", true],
      ],
    );
  });

  test("gives numbers by the order of the instants, however close; a tie goes to the smaller name", async () => {
    const seats = [..."FEDCBA"].map((name) => ({ name }));
    const text = lines(
      { ...header, case: "CLOSE", seats },
      filing("F", "2026-01-01T10:00:00Z", { policy: "X-0001" }),
      filing("E", "2026-01-01T10:00:01Z", { policy: "X-0002" }),
      filing("D", "2026-01-01T10:00:02Z", { policy: "X-0004" }),
      filing("C", "2026-01-01T10:00:02Z", { policy: "X-0003" }),
      filing("B", "2026-01-02T10:00:00Z", { policy: "X-0005" }),
      { ...filing("A", "", { policy: "X-0006" }), at: undefined },
      { file: { number: "X-0001", title: "of the operator" }, policy: "X-0007" },
    );
    const [played] = await playAll(incidentsIn(text, "close"), first);
    assert.deepEqual(
      played!.outcomes.filter(({ as_recorded }) => !as_recorded).map(({ seat, policy }) => `${seat}: ${policy}`),
      [],
    );
  });

  test("that the policy decides otherwise than its file records is named", async () => {
    const text = lines({ ...header, case: "OTHER" }, filing("A", "2026-01-01T10:00:00Z", { policy: "X-0009" }));
    const played = await playAll(incidentsIn(text, "other"), first);
    assert.equal(played[0]!.as_recorded, false);
    assert.match(told(played), /NOT as recorded/);
  });

  test("is played on a server of its own, which is gone afterwards", async () => {
    const directory = mkdtempSync(join(tmpdir(), "longwatch-incident-"));
    after(() => rmSync(directory, { recursive: true, force: true }));
    const file = join(directory, "mine.jsonl");
    writeFileSync(file, lines(header, filing("A", "2026-01-01T10:00:00Z", { policy: "X-0001", then: "X-0002" })));
    // PostgreSQL's account has to come through, where root starts it.
    chmodSync(directory, 0o755);
    const usual = process.env.TMPDIR;
    process.env.TMPDIR = directory;
    after(() => (usual === undefined ? delete process.env.TMPDIR : (process.env.TMPDIR = usual)));
    let [out, errors] = ["", ""];
    const told = { stdout: (words: string) => (out += words), stderr: (words: string) => (errors += words) };
    const code = await main([file, "--json"], told);
    assert.equal(code, 0, errors);
    const [played, counts] = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual([played.case, played.differs, counts.incidents, counts.differ], ["MINE", true, 1, 1]);
    assert.deepEqual(readdirSync(directory), ["mine.jsonl"]);
  });

  test("that cannot be read is refused with its line, before a server is started", async () => {
    const directory = mkdtempSync(join(tmpdir(), "longwatch-incident-"));
    after(() => rmSync(directory, { recursive: true, force: true }));
    const file = join(directory, "mine.jsonl");
    for (const [text, reason] of [
      [lines(filing("A", "2026-01-01T10:00:00Z")), /mine\.jsonl:1: .*header/],
      [lines(header, { at: "10:00Z", seat: "A", post: { subject: "x" } }), /mine\.jsonl:2: .*no date/],
      [lines(header, { at: "2026-01-01T99:00Z", seat: "A", post: {} }), /:2: .*no time of day/],
      [lines(header, { seat: "A" }), /:2: .*exactly one of/],
      [lines(header, { seat: "A", post: {}, sya: "x" }), /:2: .*sya/],
      ["not json", /:1: /],
      ["", /no incident/],
    ] as const) {
      writeFileSync(file, text);
      let errors = "";
      const code = await main([file], { stdout: () => {}, stderr: (words) => (errors += words) });
      assert.equal(code, 2, text);
      assert.match(errors, reason);
    }
    assert.equal(await main(["--help"], { stdout: () => {}, stderr: () => {} }), 0);
  });
});
