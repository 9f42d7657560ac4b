import { z } from "zod";
import { command, query, roles, text } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { resolveName } from "../seats/index.ts";
import { WORKERS } from "../tickets/index.ts";
import {
  areSlower,
  cadenceId,
  checkPattern,
  findSchedule,
  Pattern,
  refuseForeign,
  Schedule,
  ScheduleName,
  schedulesOf,
  TimeZone,
  told,
} from "./schedule.ts";

const sql = statements("runtime", "schedule_insert", "cadence_begin");

export const define = command({
  name: "schedule.define",
  summary: "Define what wakes a seat, when, and with which words. It fires once it is armed.",
  input: z.object({
    name: ScheduleName,
    pattern: Pattern,
    timezone: TimeZone.default("UTC"),
    prompt: text(2000).trim().min(1).describe("What the session is told; best to read a protocol's file again."),
    seat: text(120).min(1).optional().describe("The seat that is woken; without it, the caller's."),
    git_writes: z.boolean().default(false).describe("Its runs write into a git repository; arming then looks there."),
    paces: z
      .array(Pattern)
      .max(6)
      .default([])
      .describe("Patterns it changes to by itself, fastest first; the pattern is one of them."),
  }),
  output: z.object({ name: z.string(), seat: z.string(), cadence: z.string() }),
  may: WORKERS,
  said_by: "programs",
  events: ["schedule.defined"],
  refuses: ["schedule.exists", "schedule.not_yours", "seat.unknown", "seat.ambiguous", "seat.not_a_seat"],
  async run(world, { caller, input }) {
    const { name, pattern, timezone, prompt, git_writes, paces } = input;
    const at = await world.at();
    const seat = await resolveName(world.db, input.seat ?? caller.name);
    refuseForeign(caller, seat, name);
    if (seat.kind !== "seat")
      throw new Refusal("conflict", "seat.not_a_seat", `${seat.name} is a ${seat.kind}; a schedule wakes a seat.`, {
        hint: "Say with seat which one.",
      });
    checkPattern("pattern", pattern, timezone, at);
    for (const pace of paces) checkPattern("paces", pace, timezone, at);
    if (paces.length > 0 && !paces.includes(pattern)) throw badPaces(`must name ${pattern} too, which it begins with`);
    if (!areSlower(paces, timezone, at)) throw badPaces("must be in order, the fastest first, and each another");
    const known = await findSchedule(world.db, name).catch(() => null);
    if (known) throw exists(name, known.seat);
    world.db.send(sql.schedule_insert, { name, prompt, seat_id: seat.id, git_writes, paces, at });
    const reason = "it was defined";
    const begun = { number: 1, replaces: null, pattern, timezone, reason, begun_by: caller.principal_id };
    world.db.send(sql.cadence_begin, { name, ...begun, at });
    const output = { name, seat: seat.name, cadence: cadenceId(name, 1) };
    const data = { ...output, pattern, timezone, prompt, git_writes, paces };
    return { output, events: [{ kind: "schedule.defined", subject: name, data }] };
  },
});

function badPaces(message: string): Refusal {
  return new Refusal("invalid", "input.invalid", `paces: ${message}`, { fields: [{ field: "paces", message }] });
}

function exists(name: string, seat: string): Refusal {
  return new Refusal("conflict", "schedule.exists", `There is a schedule ${name}; it wakes ${seat}.`, {
    hint: "schedule.swap changes its pattern. For other words or another seat, define another name.",
    facts: { schedule: name, seat },
  });
}

export const list = query({
  name: "schedule.list",
  summary: "List the schedules: whom they wake, how often, whether they are armed, and what waits.",
  input: z.object({
    after: text(60).default("").describe("Only those whose name comes after this one."),
    limit: z.int().min(1).max(500).default(100).describe("At most this many."),
  }),
  output: z.object({ schedules: z.array(Schedule) }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }, page) {
    return { schedules: (await schedulesOf(db, page)).map(told) };
  },
});
