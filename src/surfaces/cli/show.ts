/** An answer for people. Programs use --json, which keeps every field, in UTC. */
export type Look = { columns: number | undefined; color: boolean };

type Row = Record<string, unknown>;

const COLUMN_LEAST = 8;
const GAP = "  ";

export function show(output: unknown, look: Look): string {
  if (!isRow(output)) return Array.isArray(output) ? section("", output, look, false) : `${scalar(output)}\n`;
  const entries = Object.entries(output);
  const lists = entries.filter(([, value]) => Array.isArray(value) && (value.length === 0 || value.some(isRow)));
  const rest = entries.filter((entry) => !lists.includes(entry));
  if (lists.length === 0) return rest.length === 0 ? "done\n" : lines(rest, look);
  // Beside tables, a null such as `next` tells nothing.
  const told = lines(
    rest.filter(([, value]) => value !== null),
    look,
  );
  const alone = lists.length === 1 && told === "";
  const sections = lists.map(([name, rows]) => section(name, rows as unknown[], look, !alone));
  return [told, ...sections].filter((part) => part !== "").join("\n");
}

function section(name: string, rows: unknown[], look: Look, headed: boolean): string {
  const title = name.replaceAll("_", " ");
  if (rows.length === 0) return `no ${title || "rows"}\n`;
  const body = rows.every(isRow) ? table(rows, look) : `${rows.map((row) => scalar(row)).join("\n")}\n`;
  return headed ? `${strong(`${title} (${rows.length})`, look)}\n${body}` : body;
}

function lines(entries: [string, unknown][], look: Look): string {
  const width = Math.max(0, ...entries.map(([name]) => name.length)) + 1;
  return entries
    .map(([name, value]) => {
      const label = `${name}:`;
      if (isRow(value)) return `${strong(label, look)}\n${indent(lines(Object.entries(value), look))}`;
      const text = Array.isArray(value) ? value.map((one) => scalar(one)).join(", ") || "-" : scalar(value, true);
      if (text.includes("\n")) return `${strong(label, look)}\n${indent(`${text}\n`)}`;
      return `${strong(label.padEnd(width), look)} ${text}\n`;
    })
    .join("");
}

const indent = (text: string) => text.replace(/^(?=.)/gm, "  ");

function table(rows: Row[], look: Look): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => names.map((name) => flat(scalar(row[name]))));
  const widths = names.map((name, at) => Math.max(widthOf(name), ...cells.map((row) => widthOf(row[at]!))));
  if (look.columns !== undefined) fit(widths, look.columns);
  const right = names.map((name) => rows.every((row) => typeof row[name] === "number"));
  const line = (words: string[]) =>
    words
      .map((word, at) => aligned(word, widths[at]!, right[at]!))
      .join(GAP)
      .trimEnd();
  return [strong(line(names), look), ...cells.map(line)].map((each) => `${each}\n`).join("");
}

/** Takes from the widest columns until the table fits the terminal, but leaves each enough to recognise. */
function fit(widths: number[], columns: number): void {
  const total = () => widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1);
  for (let over = total() - columns; over > 0; over = total() - columns) {
    const widest = Math.max(...widths);
    if (widest <= COLUMN_LEAST) return;
    const next = Math.max(COLUMN_LEAST, ...widths.filter((width) => width < widest));
    widths[widths.indexOf(widest)] = Math.max(widest - over, Math.min(next, widest - 1));
  }
}

function aligned(word: string, width: number, right: boolean): string {
  const text = widthOf(word) > width ? cut(word, width) : word;
  const space = " ".repeat(Math.max(0, width - widthOf(text)));
  return right ? space + text : text + space;
}

function cut(word: string, width: number): string {
  let kept = "";
  let used = 0;
  for (const character of word) {
    used += widthOf(character);
    if (used > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Terminal columns: East Asian letters and emoji take two, combining marks none. */
function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += /\p{M}|[\u200b-\u200d]/u.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}
const WIDE = new RegExp(
  "[\\u1100-\\u115f\\u2e80-\\ua4cf\\uac00-\\ud7a3\\uf900-\\ufaff\\ufe30-\\ufe6f\\uff00-\\uff60\\uffe0-\\uffe6" +
    "\\u{1f300}-\\u{1faff}\\u{20000}-\\u{3fffd}]",
  "u",
);

function scalar(value: unknown, zoned = false): string {
  if (value === null || value === undefined || value === "") return "-";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return INSTANT.test(value) ? localTime(value, zoned) : harmless(value);
  if (Array.isArray(value) && !value.some((one) => typeof one === "object"))
    return value.map((one) => scalar(one)).join(", ");
  return harmless(typeof value === "object" ? JSON.stringify(value) : String(value));
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

function localTime(instant: string, zoned: boolean): string {
  const at = new Date(instant);
  const two = (number: number) => String(number).padStart(2, "0");
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  if (!zoned) return `${day} ${time}`;
  const east = -at.getTimezoneOffset();
  const zone = `${east < 0 ? "-" : "+"}${two(Math.floor(Math.abs(east) / 60))}:${two(Math.abs(east) % 60)}`;
  return `${day} ${time} ${zone}`;
}

/** Strangers write titles and posts: what they write must not move the cursor, hide text or change the terminal. */
export function harmless(text: string): string {
  // control characters are what it is about.
  return text.replace(/\r\n/g, "\n").replace(/[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}

const flat = (text: string) => text.replace(/\s*[\n\t]\s*/g, " ");
const isRow = (value: unknown): value is Row => typeof value === "object" && value !== null && !Array.isArray(value);
const strong = (text: string, { color }: Look) => (color ? `\x1b[1m${text}\x1b[22m` : text);
