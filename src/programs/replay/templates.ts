/**
 * What an input names of the steps before: `{{label.field}}` of an answer, `{{at}}` the step's own instant, and
 * `{{in 2}}` the cron pattern of the moment that many seconds after the play began.
 */
const NAMED = /\{\{([^{}]+)\}\}/g;

type Around = {
  outputs: ReadonlyMap<string, Record<string, unknown>>;
  instant: number | null;
  /** When the play began, in milliseconds of the epoch. */
  began: number;
};

/** An input with everything that it names. Throws an Error for what there is not. */
export function filled(value: unknown, around: Around): unknown {
  if (Array.isArray(value)) return value.map((one) => filled(one, around));
  if (value !== null && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filled(one, around)]));
  if (typeof value !== "string") return value;
  return value.replaceAll(NAMED, (_, name: string) => {
    const words = name.trim();
    const { outputs, instant, began } = around;
    if (words === "at" && instant !== null) return new Date(instant).toISOString();
    if (words === "ITEM_ID") return "{{ITEM_ID}}";
    const seconds = /^in (\d+)$/.exec(words)?.[1];
    if (seconds !== undefined) return patternOf(new Date(began + Number(seconds) * 1000));
    const [label = "", field = ""] = words.split(".");
    const found = outputs.get(label)?.[field];
    if (found === undefined || found === null) throw new Error(`nothing before is {{${words}}}`);
    return String(found);
  });
}

/** One instant of each year, in UTC. */
function patternOf(instant: Date): string {
  const second = [instant.getUTCSeconds(), instant.getUTCMinutes(), instant.getUTCHours()];
  return [...second, instant.getUTCDate(), instant.getUTCMonth() + 1, "*"].join(" ");
}
