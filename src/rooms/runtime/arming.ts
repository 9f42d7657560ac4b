import { z } from "zod";
import { ticketsNamed } from "../../guard/vocabulary.ts";
import type { Reader } from "../../kernel/database.ts";
import { command, text } from "../../kernel/operation.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { statements } from "../../kernel/sql.ts";
import { findTickets, namespacesOf, WORKERS } from "../tickets/index.ts";
import { findSchedule, nextOf, refuseForeign, type Row, ScheduleName } from "./schedule.ts";

const sql = statements("runtime", "arm", "armed_there", "disarm");

/** How many lines of `git status` an entry keeps. */
const PORCELAIN_LINES_MAX = 50;

const Looked = {
  machine: text(120).min(1).optional().describe("The machine's name."),
  worktree: text(1000).min(1).optional().describe("The working tree's path there."),
  porcelain: z
    .array(text(500))
    .max(PORCELAIN_LINES_MAX)
    .default([])
    .describe("What git status --porcelain says, at most so many lines."),
  changed: z.int().min(0).default(0).describe("How many lines that were."),
  branch: text(300).optional().describe("The branch; absent where no branch is checked out."),
  head: text(64).optional().describe("The commit."),
  index_lock: z.boolean().default(false).describe("Whether git is at work there: .git/index.lock is there."),
  worktree_seat: text(120).optional().describe("The seat that is at home in it, by its connection."),
};

export const arm = command({
  name: "schedule.arm",
  summary: "Let a schedule fire. With git writes, only on a tree that was looked at: clean, and nobody else's.",
  input: z.object({ name: ScheduleName, ...Looked }),
  output: z.object({ name: z.string(), cadence: z.int(), next_at: z.iso.datetime() }),
  may: WORKERS,
  said_by: "programs",
  events: ["schedule.armed"],
  refuses: [
    "schedule.unknown",
    "schedule.not_yours",
    "schedule.armed",
    "schedule.over",
    "worktree.unseen",
    "worktree.dirty",
    "worktree.locked",
    "worktree.occupied",
  ],
  async run(world, { caller, input }) {
    const row = await findSchedule(world.db, input.name);
    refuseForeign(caller, { id: row.seat_id, name: row.seat }, row.name);
    if (row.armed_at !== null)
      throw new Refusal("conflict", "schedule.armed", `${row.name} is armed by ${row.arms}.`, {
        hint: `To have its place looked at again, disarm it first: longwatch schedule disarm --name ${row.name}`,
        facts: { schedule: row.name, next_at: row.next_at?.toISOString() },
      });
    if (row.git_writes) await refuseBadPlace(world.db, row, input);
    const at = await world.at();
    const next_at = nextOf(row.pattern, row.timezone, at);
    if (next_at === null)
      throw new Refusal("conflict", "schedule.over", `${row.pattern} never fires again.`, { hint: "schedule.swap." });
    const { name: _, ...seen } = input;
    const place = row.git_writes ? { machine: input.machine!, worktree: input.worktree! } : NOWHERE;
    world.db.send(sql.arm, { name: row.name, at, armed_by: caller.principal_id, next_at, ...place });
    const output = { name: row.name, cadence: row.cadence, next_at: next_at.toISOString() };
    const data = { ...output, seat: row.seat, ...(row.git_writes ? seen : {}) };
    return { output, events: [{ kind: "schedule.armed", subject: row.name, data }] };
  },
});

const NOWHERE = { machine: null, worktree: null };

type Place = Omit<z.output<typeof arm.input>, "name">;

/** A loop that writes begins in a tree that nobody else is at, with nothing of anybody's in it (J41). */
async function refuseBadPlace(db: Reader, row: Row, place: Place): Promise<void> {
  const { machine, worktree, porcelain, changed, branch, head, index_lock } = place;
  if (machine === undefined || worktree === undefined || head === undefined)
    throw new Refusal("conflict", "worktree.unseen", `${row.name} writes into a repository; nobody looked at it.`, {
      hint: `On the machine where it writes: longwatch schedule arm ${row.name} --worktree DIR`,
    });
  const facts = { machine, worktree, branch: branch ?? null, head };
  const lines = Math.max(changed, porcelain.length);
  if (lines > 0)
    throw new Refusal("conflict", "worktree.dirty", `${worktree} has ${lines} changes that are not committed.`, {
      hint: "Have their author commit them, or give the schedule a tree of its own: git worktree add DIR",
      facts: { ...facts, porcelain },
    });
  if (index_lock)
    throw new Refusal("conflict", "worktree.locked", `git is at work in ${worktree} (index.lock).`, {
      hint: "Wait until it ends; if no git runs there, its lock was left behind: remove it.",
      facts,
    });
  const occupant = await occupantOf(db, row, place);
  if (occupant)
    throw new Refusal("conflict", "worktree.occupied", `${worktree} is ${occupant}.`, {
      hint: "Give the schedule a working tree of its own: git worktree add DIR",
      facts,
    });
}

/** Whose tree it is, if another's: by its connection, by the ticket that its branch names, or by another loop. */
async function occupantOf(db: Reader, row: Row, place: Place): Promise<string | null> {
  const { machine, worktree, branch, worktree_seat } = place;
  if (worktree_seat !== undefined && worktree_seat !== row.seat) return `the home of ${worktree_seat}`;
  const prefixes = (await namespacesOf(db)).map(({ prefix }) => prefix);
  const tickets = await findTickets(db, ticketsNamed(branch ?? "", prefixes, "anyhow"));
  for (const { id, state, holder, lease_expires_at, now } of tickets.values())
    // Whose lease has ended holds nothing, whether the clock has said so already or not.
    if (state === "in_progress" && holder !== row.seat && lease_expires_at! > now)
      return `on ${branch}, the branch of ${id}, which ${holder} holds`;
  const [other] = await db.all<{ name: string }>(sql.armed_there, { machine, worktree });
  return other ? `where ${other.name} writes` : null;
}

export const disarm = command({
  name: "schedule.disarm",
  summary: "Let a schedule fire no more. What waits of it waits until it is armed again.",
  input: z.object({ name: ScheduleName, reason: text(2000).trim().min(1).describe("Why.") }),
  output: z.object({ name: z.string() }),
  may: WORKERS,
  said_by: "programs",
  events: ["schedule.disarmed"],
  refuses: ["schedule.unknown", "schedule.not_yours", "schedule.disarmed"],
  async run(world, { caller, input: { name, reason } }) {
    const row = await findSchedule(world.db, name);
    refuseForeign(caller, { id: row.seat_id, name: row.seat }, name);
    if (row.armed_at === null)
      throw new Refusal("conflict", "schedule.disarmed", `${name} is not armed.`, { hint: "There is nothing to do." });
    world.db.send(sql.disarm, { name });
    const data = { name, reason, machine: row.machine, worktree: row.worktree };
    return { output: { name }, events: [{ kind: "schedule.disarmed", subject: name, data }] };
  },
});
