import { asked } from "../../api/queries.ts";

/** A question as one line of the list says it; its age as it is told everywhere: `3m ago`. */
export type Line = { id: number; age: string; text: string; note?: string };

/** Number, age, and the rest: as the server writes it. */
const LINE = /^(\d+)\s{2}(.+?)\s{2}(.*)$/s;
/** Ages stand in the lines: without an entry that tells of a change they would stand still. */
const REFRESH_MS = 60_000;

function read(line: string, note?: string): Line[] {
  const [, id, age, text] = LINE.exec(line) ?? [];
  if (id === undefined || age === undefined || text === undefined) return [];
  return [
    {
      id: Number(id),
      age: `${age.replace(" min", "m").replace(" ", "")} ago`,
      text,
      ...(note === undefined ? {} : { note }),
    },
  ];
}

/** The questions that wait for one who decides, the oldest first. */
export function questionsFor(of: "operator" | "strategist") {
  return {
    ...asked("/v1/question/list", { of, limit: 500 }),
    refetchInterval: REFRESH_MS,
    select: ({ items, unprobed }: { items: string[]; unprobed: string[] }): Line[] =>
      [
        ...items.flatMap((line) => read(line)),
        ...unprobed.flatMap((line) =>
          read(line, "A command can tell whether it is done: npx longwatch question probe"),
        ),
      ].sort((one, other) => one.id - other.id),
  };
}
