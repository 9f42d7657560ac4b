import { z } from "zod";
import { query, roles, text } from "../../kernel/operation.ts";
import { resolveSeen } from "./labels.ts";

export const find = query({
  name: "seat.find",
  summary: "Find the one seat that any name or window label means.",
  input: z.object({ name: text(120).min(1).describe("Any form of a name.") }),
  output: z.object({ name: z.string(), kind: z.string(), role: z.string(), lane: z.string().nullable() }),
  may: roles,
  refuses: ["seat.unknown", "seat.ambiguous"],
  async read({ db }, input) {
    const { name, kind, role, lane } = await resolveSeen(db, input.name);
    return { name, kind, role, lane };
  },
});
