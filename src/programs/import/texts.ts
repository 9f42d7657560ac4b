/** Words that an entry of the ledger can hold. What had to be changed is told to `changed`, with the field's name. */
export function clean(text: string, field: string, changed: (field: string) => void): string {
  // The ledger and PostgreSQL can hold neither a NUL nor half of a surrogate pair.
  if (!text.includes("\0") && text.isWellFormed()) return text;
  changed(field);
  return text.replaceAll("\0", "\u2400").toWellFormed();
}

/** One line of at most so many characters. */
export function lineOf(text: string, characters_max: number): string {
  // line ends and tabs are what it is about.
  const line = text.replace(/[\s\u0000-\u001f]+/g, " ").trim();
  if (line.length <= characters_max) return line;
  return `${line.slice(0, characters_max - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** Characters that post.import and ticket.import take for a body, less the line that says that there is more. */
const BODY_CHARACTERS_MAX = 60_000 - 100;
/** An entry's own fields beside the command's input: actor, command, time, ids. */
const ENTRY_OVERHEAD_BYTES = 2_000;
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

/**
 * Cuts a body into parts that each fit an entry beside the rest of their input. Almost always that is one part; a text
 * that is longer goes on in further posts, so that nothing is lost.
 */
export function partsOf(body: string, beside: object, leaf_bytes_max: number): string[] {
  const bytes_max = leaf_bytes_max - ENTRY_OVERHEAD_BYTES - bytesOf(beside);
  // No character takes more than six bytes in JSON.
  if (body.length <= BODY_CHARACTERS_MAX && (body.length * 6 <= bytes_max || bytesOf(body) <= bytes_max)) return [body];
  const parts: string[] = [];
  for (let rest = body; rest.length > 0;) {
    let length = Math.min(rest.length, BODY_CHARACTERS_MAX);
    for (let bytes = bytesOf(rest.slice(0, length)); bytes > bytes_max; bytes = bytesOf(rest.slice(0, length)))
      length = Math.max(1, Math.floor((length * bytes_max) / bytes) - 1);
    if (length < rest.length) length = goodBreak(rest, length);
    parts.push(rest.slice(0, length));
    rest = rest.slice(length);
  }
  return parts;
}

/** Behind a line end if there is one near, and never inside a surrogate pair. */
function goodBreak(text: string, length: number): number {
  const line = text.lastIndexOf("\n", length - 1) + 1;
  if (line > length * 0.8) return line;
  return /[\ud800-\udbff]/.test(text[length - 1]!) && length > 1 ? length - 1 : length;
}
