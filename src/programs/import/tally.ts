/** What the summary counts. Every row that was read is one of imported, here already, or refused. */
export const kinds = [
  "seats",
  "issues",
  "labels",
  "dependencies",
  "dependency_posts",
  "comments",
  "events",
  "further_parts",
  "posts",
] as const;
export type Kind = (typeof kinds)[number];

export type Count = { read: number; imported: number; here: number; refused: number };
export type Refused = { file: string; line: number; what: string; reason: string };

/** So many refused rows are listed in the summary; all of them are told while the import runs. */
const LISTED_MAX = 1_000;

export class Tally {
  readonly counts = Object.fromEntries(
    kinds.map((kind) => [kind, { read: 0, imported: 0, here: 0, refused: 0 }]),
  ) as Record<Kind, Count>;
  readonly by_state: Record<string, number> = {};
  readonly by_type: Record<string, number> = {};
  readonly by_dependency_type: Record<string, number> = {};
  readonly by_event_type: Record<string, number> = {};
  readonly left_out: Record<string, number> = {};
  readonly refused: Refused[] = [];
  readonly mended: Refused[] = [];
  readonly namespaces_defined: string[] = [];
  dangling = 0;
  /** Tickets whose number does not follow the one of the row before. */
  out_of_order = 0;
  unlisted = 0;
  #tell: (line: string) => void;

  constructor(tell: (line: string) => void) {
    this.#tell = tell;
  }

  imported(kind: Kind, isNew: boolean, count = 1): void {
    this.counts[kind].read += count;
    this.counts[kind][isNew ? "imported" : "here"] += count;
  }

  refuse(kind: Kind, file: string, line: number, reason: string): void {
    this.refuseSilently(kind, 1);
    this.#tell(`${file}:${line}: refused: ${reason}`);
    this.#list(this.refused, { file, line, what: kind, reason });
  }

  /** What falls with the row that it is a part of. */
  refuseSilently(kind: Kind, count: number): void {
    this.counts[kind].read += count;
    this.counts[kind].refused += count;
  }

  mend(file: string, line: number, what: string, reason: string): void {
    this.#tell(`${file}:${line}: ${what}: ${reason}`);
    this.#list(this.mended, { file, line, what, reason });
  }

  get refused_count(): number {
    return kinds.reduce((sum, kind) => sum + this.counts[kind].refused, 0);
  }

  #list(list: Refused[], one: Refused): void {
    if (list.length < LISTED_MAX) list.push(one);
    else this.unlisted++;
  }
}

export function add(counts: Record<string, number>, name: string): void {
  counts[name] = (Object.hasOwn(counts, name) ? counts[name]! : 0) + 1;
}
