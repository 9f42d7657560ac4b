import type { TestWorld } from "../../../../test/harness.ts";

/**
 * In how many rows of which tables a text is, whatever the column: a row as text shows bytes in hexadecimal. A
 * superuser looks, behind every wall.
 */
export async function placesOf(world: Pick<TestWorld, "sql">, text: string): Promise<{ [table: string]: number }> {
  const tables = await world.sql(`select c.oid::regclass::text as name from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`);
  const places: { [table: string]: number } = {};
  for (const { name } of tables) {
    const found = `select count(*)::int as count from ${name} t
      where strpos(t::text, $1) > 0 or strpos(t::text, $2) > 0 or strpos(t::text, $3) > 0`;
    const bytes = Buffer.from(text);
    const [{ count }] = await world.sql(found, [text, bytes.toString("hex"), bytes.toString("base64url")]);
    if (count > 0) places[name] = count;
  }
  return places;
}

/** The first entries that the stream gives after a number. */
export async function streamed(
  world: { url: string; operator: string },
  after: number,
  count: number,
): Promise<unknown[]> {
  const over = new AbortController();
  const headers = { authorization: `Bearer ${world.operator}` };
  const response = await fetch(`${world.url}/v1/ledger/stream?after=${after}`, { headers, signal: over.signal });
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const whole = text.slice(0, text.lastIndexOf("\n\n"));
    const entries = [...whole.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data!));
    if (entries.length < count) continue;
    over.abort();
    return entries.slice(0, count);
  }
  throw new Error(`the stream ended after: ${text}`);
}
