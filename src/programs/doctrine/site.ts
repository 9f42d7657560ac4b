import markdownIt from "markdown-it";
import type { Told } from "./markdown.ts";

export { STYLE } from "./style.ts";

type Sighting = { kind: string; at: string; by: string | null; evidence: string; entry: number | null };
type Review = {
  because: string;
  ticket: string | null;
  opened_at: string;
  settled_at: string | null;
  note: string | null;
};
type Bypass = {
  at: string;
  by: string;
  reason: string;
  consent: number | null;
  decision: number | null;
  entry: number;
};

/** A record as doctrine.show tells it. */
export type Shown = Told & {
  type: string;
  title: string;
  rule: string;
  body: string;
  dated: string;
  maturity: string;
  proposed: string | null;
  held_by: string;
  mode: string;
  mechanisms: { name: string; exists: boolean; fired: number; last_fired_at: string | null }[];
  last_fired_at: string | null;
  last_violated_at: string | null;
  readers: number;
  observations: number;
  shipped: boolean;
  superseded_by: string | null;
  sunset_on: string | null;
  past_sunset: boolean;
  review_on: string | null;
  linked_from: { id: string; relation: string }[];
  sightings: Sighting[];
  bypasses: Bypass[];
  reviews: Review[];
};

/** What others wrote is text: no HTML of theirs, and no address but a plain link. */
const markdown = markdownIt({ html: false, linkify: false, typographer: false }).disable("image");
const ID = /ORA-\d{4}-\d{4,9}/g;

/** What each level means (docs/decisions, 0023). */
const LEVELS: { readonly [level: string]: string } = {
  M0: "noted",
  M1: "seen",
  M2: "understood",
  M3: "held for a while",
  M4: "cannot be gone past",
};
const TYPES = "doctrine decision pattern synthesis hypothesis experiment observation failure".split(" ");

/** The first page: what there is, and how each is really held. */
export function indexPage(records: readonly Shown[], tenant: string, at: string): string {
  const live = records.filter(({ superseded_by }) => superseded_by === null);
  const count = (held_by: string) => live.filter((one) => one.held_by === held_by).length;
  const missing = count("a mechanism that is not there");
  const figures = [
    [live.length, "records"],
    [count("a running mechanism"), "held by a mechanism"],
    [count("text only"), "text only"],
    ...(missing > 0 ? [[missing, "whose mechanism is not there"] as const] : []),
  ] as const;
  const groups = TYPES.flatMap((type) => {
    const those = live.filter((one) => one.type === type);
    return those.length === 0 ? [] : [table(`${plural(type)} (${those.length})`, type, those)];
  });
  const gone = records.filter(({ superseded_by }) => superseded_by !== null);
  const history = gone.length === 0 ? [] : [table(`Superseded (${gone.length})`, "superseded", gone)];
  const main = `<h1>What ${escape(tenant)} has learned</h1>
<ul class="figures">${figures.map(([n, what]) => `<li><b>${n}</b> ${escape(what)}</li>`).join("")}</ul>
${[...groups, ...history].join("\n")}`;
  return page(`Doctrine of ${tenant}`, ".", main, `Written by Longwatch on ${day(at)}.`);
}

function table(caption: string, id: string, records: readonly Shown[]): string {
  const heads = ["Record", "Maturity", "Held by", "Last fired", "Last broken", "Read by"];
  const rows = records.map((one) => {
    const cells = [
      `<a href="${one.id}.html">${escape(one.title)}</a> <span class="id">${one.id}</span>`,
      level(one),
      held(one),
      day(one.last_fired_at),
      day(one.last_violated_at),
      String(one.readers),
    ];
    const told = cells.map((cell, index) =>
      index === 0 ? `<th scope="row">${cell}</th>` : `<td data-label="${heads[index]}">${cell}</td>`,
    );
    return `<tr>${told.join("")}</tr>`;
  });
  const head = heads.map((words) => `<th scope="col">${words}</th>`).join("");
  return `<section aria-labelledby="${id}"><h2 id="${id}">${escape(caption)}</h2>
<table><thead><tr>${head}</tr></thead>
<tbody>${rows.join("\n")}</tbody></table></section>`;
}

/** One record, whole. */
export function recordPage(record: Shown, records: readonly Shown[], tenant: string): string {
  const known = new Set(records.map(({ id }) => id));
  const link = (text: string) => linked(escape(text), known);
  const code = (text: string) => `<code>${escape(text)}</code>`;
  const part = (title: string, field: string, say = link) => {
    const value = record[field];
    const list = Array.isArray(value) ? (value as string[]) : [];
    if (list.length > 0) return `<h2>${title}</h2><ul>${list.map((one) => `<li>${say(one)}</li>`).join("")}</ul>`;
    return typeof value === "string" && value !== "" ? `<h2>${title}</h2><p>${link(value)}</p>` : "";
  };
  const body = record.body === "" ? "" : `<div class="body">${linked(markdown.render(record.body), known)}</div>`;
  const parts = [
    part("When it applies now", "activation_test") + part("Applies", "applies") + part("Does not apply", "applies_not"),
    part("Why", "rationale") + part("What would show it wrong", "hypothesis_test"),
    part("Evidence", "evidence") + part("Known exceptions", "exceptions"),
    part("Gates of its levels", "gates", code) + part("What opens a review", "review_triggers", code),
    part("Supersedes", "supersedes") + part("Amends", "amends") + part("References", "refs"),
    ...[body, seen(record), relations(record, known)],
  ];
  const gone = record.superseded_by;
  const notice = gone === null ? "" : `<p class="notice">Superseded by ${linked(gone, known)}.</p>`;
  const rule = record.rule === "" ? "" : `<p class="rule">${link(record.rule)}</p>`;
  const main = `<p class="kind">${escape(record.type)} <span class="id">${record.id}</span></p>
<h1>${escape(record.title)}</h1>
${notice}${rule}
${facts(record)}
${parts.filter((one) => one !== "").join("\n")}`;
  const foot = `<a href="${record.id}.md">${record.id} as Markdown</a>`;
  return page(`${record.title} (${record.id})`, tenant, main, foot, true);
}

function facts(record: Shown): string {
  const mechanisms = record.mechanisms.map(({ name, exists, fired }) => {
    const times = fired === 0 ? ", never fired" : `, fired ${fired === 1 ? "once" : `${fired} times`}`;
    // A constraint fires without a word.
    const told = exists ? (name.startsWith("constraint:") ? "" : times) : ", not there";
    return `<li><code>${escape(name)}</code>${told}</li>`;
  });
  const rows: [string, string][] = [
    ["Maturity", `${level(record)} ${LEVELS[record.maturity] ?? ""}`],
    ...(record.proposed === null ? [] : [["Proposed", escape(record.proposed)] as [string, string]]),
    ["Held by", held(record)],
    ["Last fired", day(record.last_fired_at)],
    ["Last broken", day(record.last_violated_at)],
    ["Seen", record.observations === 1 ? "once" : `${record.observations} times`],
    ["Read by", String(record.readers)],
    ["Sunset", record.sunset_on === null ? "none" : `${record.sunset_on}${record.past_sunset ? ", past" : ""}`],
    ["Next review", record.review_on ?? "none"],
    ["Date", record.dated],
    ...(mechanisms.length === 0 ? [] : [["Mechanisms", `<ul>${mechanisms.join("")}</ul>`] as [string, string]]),
  ];
  return `<dl>${rows.map(([term, value]) => `<div><dt>${term}</dt><dd>${value}</dd></div>`).join("")}</dl>`;
}

function seen({ sightings, bypasses, reviews }: Shown): string {
  const list = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? "" : `<h2>${title}</h2><ul>${lines.map((one) => `<li>${one}</li>`).join("")}</ul>`;
  const by = (name: string | null) => (name === null ? "" : `, ${escape(name)}`);
  const those = (kind: string) =>
    sightings.filter((one) => one.kind === kind).map((one) => `${day(one.at)}${by(one.by)}: ${escape(one.evidence)}`);
  return [
    list("Broken", those("violation")),
    list(
      "Gone past, with proof",
      bypasses.map((one) => `${day(one.at)}${by(one.by)}: ${escape(one.reason)}`),
    ),
    list(
      "Reviews",
      reviews.map(({ opened_at, because, ticket, note }) => {
        const where = ticket === null ? "" : ` (${escape(ticket)})`;
        return `${day(opened_at)}${where}: ${escape(because)}${note === null ? "" : ` <em>${escape(note)}</em>`}`;
      }),
    ),
  ].join("");
}

function relations({ linked_from }: Shown, known: ReadonlySet<string>): string {
  if (linked_from.length === 0) return "";
  const lines = linked_from.map(({ id, relation }) => `<li>${linked(id, known)} ${escape(relation)} this</li>`);
  return `<h2>Named by</h2><ul>${lines.join("")}</ul>`;
}

const level = ({ maturity }: Shown) =>
  `<span class="level ${escape(maturity.toLowerCase())}" title="${LEVELS[maturity] ?? ""}">${escape(maturity)}</span>`;

function held({ held_by, mode }: Shown): string {
  const kind = { "a running mechanism": "runs", "text only": "text" }[held_by] ?? "missing";
  const how = { reject: "a refusal", warn: "a warning" }[mode] ?? "a mechanism";
  const words = { runs: how, text: "text only", missing: "mechanism missing" }[kind];
  return `<span class="held ${kind}">${words}</span>`;
}

const day = (at: string | null) =>
  at === null ? `<span class="never">never</span>` : `<time datetime="${escape(at)}">${at.slice(0, 10)}</time>`;

const plural = (type: string) =>
  ({ doctrine: "Rules", hypothesis: "Hypotheses", synthesis: "Syntheses" })[type] ??
  `${type[0]!.toUpperCase()}${type.slice(1)}s`;

function page(title: string, tenant: string, main: string, foot: string, isBelow = false): string {
  const back = isBelow
    ? `<nav aria-label="Back"><a href="index.html">All that ${escape(tenant)} has learned</a></nav>`
    : "";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'">
<title>${escape(title)}</title>
<link rel="stylesheet" href="style.css">
</head>
<body>
<a class="skip" href="#main">To the content</a>
${back}
<main id="main">
${main}
</main>
<footer>${foot}</footer>
</body>
</html>
`;
}

function escape(text: string): string {
  const names: { [mark: string]: string } = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replaceAll(/[&<>"']/g, (mark) => names[mark]!);
}

/** Puts links where a record's id stands in text, and leaves tags as they are. */
function linked(html: string, known: ReadonlySet<string>): string {
  let inLink = 0;
  return html.replaceAll(/<[^>]*>|[^<]+/g, (piece) => {
    if (piece.startsWith("<")) {
      if (/^<a[\s>]/i.test(piece)) inLink++;
      else if (/^<\/a>/i.test(piece)) inLink--;
      return piece;
    }
    if (inLink > 0) return piece;
    return piece.replaceAll(ID, (id) => (known.has(id) ? `<a href="${id}.html">${id}</a>` : id));
  });
}
