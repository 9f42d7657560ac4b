import { after } from "node:test";
import { Door } from "../../kernel/door.ts";
import type { Journal } from "../../kernel/ports.ts";
import { testWorld } from "../../../test/harness.ts";
import { journal } from "../ledger/index.ts";
import { operations } from "../rooms.ts";
import { rememberingAuthority } from "../seats/index.ts";
import { rememberingGuidance } from "./guidance.ts";

const DAY_MS = 86_400_000;

/**
 * A world whose days pass when the test says so: its ledger is the real one, in PostgreSQL, but for the instant at
 * which the head was locked. Every gate counts by that instant and by the entries that were written under it.
 */
export async function passingDays() {
  const world = await testWorld();
  const { database, home_tenant_id } = world;
  let passed_ms = 0;
  const later = (at: Date) => new Date(at.getTime() + passed_ms);
  const shifted: Journal = {
    ...journal,
    lock: async (tx) => {
      const head = await journal.lock(tx);
      return { ...head, at: later(head.at) };
    },
  };
  const guidance = rememberingGuidance();
  const doorOptions = { database, journal: shifted, authority: rememberingAuthority(), guidance, strict: true };
  const door = new Door({ ...doorOptions, operations });
  after(() => door.close());
  const inside = async (command: string, input: object = {}) =>
    (await door.sayInside(home_tenant_id, "longwatch", command, input)).output as any;
  return {
    ...world,
    days: (count: number) => void (passed_ms += count * DAY_MS),
    now: () => later(new Date()),
    survey: () => inside("doctrine.survey"),
    /** Says it as the operator, at the instant that it is by now. */
    say: async (name: string, input: object = {}) =>
      (await door.sayInside(home_tenant_id, "operator", name, input)).output as any,
    ask: (name: string, input: object = {}) => door.askInside(home_tenant_id, "operator", name, input) as Promise<any>,
    door,
    doorOptions,
  };
}

/** The events about a record, in order. */
export async function toldOf(world: { ask(name: string, input?: object): Promise<any> }, id: string): Promise<any[]> {
  const { entries } = await world.ask("feed.read", { about: id, after: 0, limit: 500 });
  return entries;
}
