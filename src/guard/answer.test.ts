import assert from "node:assert/strict";
import { test } from "node:test";
import { denial, postponed, undecided, unreadable } from "./answer.ts";
import type { Decided } from "./ask.ts";
import type { Found } from "./vocabulary.ts";

const deploy: Found = {
  action: "deploy",
  resource: { type: "environment", id: "production", properties: { production: true } },
  certain: true,
  text: "vercel deploy --prod",
  because: "vercel deploy --prod",
};
const offers = ["CODEX-CLI-MBP-CAMBER-02", "CODEX-CLI-MBP-CAMBER-03"].map((seat, at) => ({
  seat,
  role: "implementer",
  lane: "CAMBER",
  idle_seconds: 45 + at * 5_000,
}));
const command = "longwatch ticket dispatch --decision 12 --to CODEX-CLI-MBP-CAMBER-02";
const refused: Decided = {
  found: deploy,
  allowed: false,
  id: 12,
  reasons: ["A strategist decides and dispatches, and never executes."],
  rules: [{ id: "ORA-0000-0010", rule: "Split the work and dispatch it." }],
  protocol: { do: "Hand it to an idle implementer.", via: "dispatch", command, offers },
};

test("a denial says what and why, who is idle, what to do and what not to try", () => {
  const text = denial([refused]);
  const order = [
    /deploy of environment production \(vercel deploy --prod\)/,
    /Why: A strategist decides/,
    /Rule ORA-0000-0010: Split the work/,
    /1\. CODEX-CLI-MBP-CAMBER-02 \(implementer, lane CAMBER, idle for 45 s\)/,
    /2\. CODEX-CLI-MBP-CAMBER-03 \(implementer, lane CAMBER, idle for 1 h\)/,
    /What to do: Hand it to an idle implementer\./,
    new RegExp(`Do this now instead: ${command}`),
    /Do not try it another way/,
  ];
  const places = order.map((part) => text.search(part));
  assert.ok(!places.includes(-1), text);
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
    text,
  );
});

test("only what was refused is told, and its protocol is that of the first", () => {
  const push: Found = { ...deploy, action: "push", because: "git push", resource: { ...deploy.resource, id: "main" } };
  const merge: Found = { ...push, action: "merge", because: "git merge" };
  const text = denial([{ ...refused, found: merge, allowed: true }, refused, { ...refused, found: push }]);
  assert.match(text, /^Longwatch refused this call: deploy/);
  assert.match(text, /Refused with it: push of environment main \(git push\)\./);
  assert.doesNotMatch(text, /merge/);
});

test("however much the server says, the text stays short and keeps the command", () => {
  const long = "because ".repeat(500);
  const many = Array.from({ length: 40 }, () => offers[0]!);
  const text = denial([
    { ...refused, reasons: Array(30).fill(long), protocol: { ...refused.protocol!, do: long, offers: many } },
  ]);
  assert.ok(text.length <= 1500, `${text.length}`);
  assert.ok(text.includes(command));
  assert.match(text, /^Longwatch refused this call: deploy/);
});

test("nothing in it moves a terminal's cursor", () => {
  const text = denial([{ ...refused, reasons: ["\u001b[2Jgone\r\n\u202eright", "fine"] }]);
  assert.doesNotMatch(text, /[\u001b\r\u202e]/);
  assert.match(text, /Why: {1}\S*.*gone/);
});

test("an approval that waits is named with how to ask again, and so is an escalation", () => {
  const asks = {
    ...refused,
    protocol: { do: "The operator was asked.", via: "approval", approval: 7, approval_state: "pending" },
  };
  assert.match(denial([asks]), /Request 7 waits for a person\. When it is granted, make the very same call again\./);
  assert.match(postponed([asks]), /waits for approval 7/);
  const no = { ...asks, protocol: { ...asks.protocol, do: "Request 7 was rejected: no.", approval_state: "rejected" } };
  assert.match(denial([no]), /Request 7 was rejected: no\./);
  assert.doesNotMatch(denial([no]), /waits for a person/);
  const stuck = { ...refused, protocol: { do: "Do not do it.", via: "escalate", escalation: 4 } };
  assert.match(denial([stuck]), /Escalation 4 is open about it\./);
});

test("a denial without reasons or protocol still says what to leave alone", () => {
  const text = denial([{ ...refused, reasons: [], protocol: null }]);
  assert.match(text, /gave no reason/);
  assert.match(text, /Do not try it another way/);
});

test("what could not be read whole asks to be said plainly", () => {
  assert.match(denial([{ ...refused, found: { ...deploy, certain: false } }]), /could not be read whole/);
});

test("without a decision it says which trouble it was, and that only what is protected waits", () => {
  const text = undecided([deploy], { why: "there is no server at http://127.0.0.1:9", remedy: "Ask the operator." });
  assert.match(text, /there is no server at http:\/\/127\.0\.0\.1:9/);
  assert.match(text, /other calls still work/);
  assert.match(text, /each way is looked at like this one\.$/, "with nobody there, nothing is recorded");
  assert.match(unreadable("it is not JSON"), /could not read it: it is not JSON/);
});
