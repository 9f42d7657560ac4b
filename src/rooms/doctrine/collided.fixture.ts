import { batchCommand } from "../../kernel/operation.ts";
import { z } from "zod";
import { Door } from "../../kernel/door.ts";
import type { passingDays } from "./doctrine.fixture.ts";

/** What the tickets room writes when two seats filed under one number, or when one was renumbered. */
export async function collided(
  world: Awaited<ReturnType<typeof passingDays>>,
  {
    number,
    pattern,
    kind = "collision.opened",
    times = 1,
  }: { number: string; pattern?: string; kind?: string; times?: number },
): Promise<void> {
  const input = z.object({});
  const said = batchCommand({
    name: "test.collided",
    summary: "A collision that was found.",
    input,
    output: z.object({}),
    may: ["operator"],
    events: [kind],
    refuses: [],
    async run(_, calls) {
      const party = { seat: "Alice", at: world.now().toISOString(), title: "One" };
      const data = { number, pattern, first: party, second: { ...party, seat: "Bob" }, source: "test" };
      const events = Array.from({ length: times }, () => ({ kind, subject: number, data }));
      return calls.map(() => ({ output: {}, events }));
    },
  });
  const door = new Door({ ...world.doorOptions, operations: [said] });
  await door.sayInside(world.home_tenant_id, "operator", said.name, {});
}
