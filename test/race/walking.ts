import { anotherDoor } from "../../src/kernel/door.fixture.ts";
import { Refusal } from "../../src/kernel/refusal.ts";
import type { TestWorld } from "../harness.ts";

/** Says commands by turns over two nodes and answers their outputs, null for what was refused. */
export function sayingOver(world: TestWorld) {
  const doors = [world.door, anotherDoor(world).door];
  let turn = 0;
  return async (by: { token: string } | "longwatch", name: string, input: object): Promise<any> => {
    const door = doors[turn++ % doors.length]!;
    try {
      const { output } =
        by === "longwatch"
          ? await door.sayInside(world.home_tenant_id, by, name, input)
          : await door.say(by.token, name, input);
      return output;
    } catch (error) {
      // A refusal is an answer; what is thrown besides, or is our bug by its kind, is not.
      if (error instanceof Refusal && error.kind !== "internal") return null;
      throw error;
    }
  };
}

const END_LEASE =
  "update tickets.tickets set lease_expires_at = clock_timestamp() where id = $1 and state = 'in_progress'";

/** Ends the lease on a ticket, if there is one: one after the other, since all share a connection. */
export function endingLeases({ sql }: TestWorld): (id: string) => Promise<void> {
  let ending: Promise<unknown> = Promise.resolve();
  return async (id) => void (await (ending = ending.then(() => sql(END_LEASE, [id]))));
}
