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
