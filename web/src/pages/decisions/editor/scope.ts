/** Whom a rule is about: everybody, those of some roles, or all but them. */
export type Who = { mode: "all" | "only" | "except"; roles: readonly string[] };

/** What a rule covers, as one chooses it; what no choice says stays Cedar, in `when` and `unless`. */
export type Scope = {
  who: Who;
  /** The acts; null is every act. */
  what: readonly string[] | null;
  /** A type of things (`Environment`), and one of them by its name; both may be empty. */
  thing: { type: string; id: string };
  isProduction: boolean;
  when: string;
  unless: string;
};

type Effect = "permit" | "forbid";

/** What nobody said to be harmless counts as production. */
const PRODUCTION = "!(resource has production) || resource.production";
const ROLE = String.raw`principal has role && principal\.role == "(\w+)"`;
const ROLES = String.raw`principal has role && \[((?:"\w+"(?:, )?)*)\]\.contains\(principal\.role\)`;

/** The rule in Cedar. */
export function written(effect: Effect, { who, what, thing, isProduction, when, unless }: Scope): string {
  const head = ["principal", `action${actsIn(what)}`, `resource${thingIn(thing)}`].join(", ");
  const holds = [who.mode === "only" ? roleIn(who.roles) : "", isProduction ? PRODUCTION : "", when.trim()];
  const lifts = who.mode === "except" ? who.roles.map((role) => roleIn([role])) : [];
  const body = (kind: string, text: string) => (text === "" ? "" : ` ${kind} { ${text} }`);
  return `${effect} (${head})${body("when", all(holds))}${body("unless", any(lifts, unless.trim()))};`;
}

const text = (words: string) => `"${words.replaceAll(/["\\]/g, "\\$&")}"`;

function actsIn(acts: readonly string[] | null): string {
  if (acts === null) return "";
  const names = acts.map((act) => `Action::${text(act)}`);
  return names.length === 1 ? ` == ${names[0]}` : ` in [${names.join(", ")}]`;
}

function thingIn({ type, id }: Scope["thing"]): string {
  if (type === "") return "";
  return id === "" ? ` is ${type}` : ` == ${type}::${text(id)}`;
}

function roleIn(roles: readonly string[]): string {
  if (roles.length === 1) return `principal has role && principal.role == "${roles[0]}"`;
  return `principal has role && [${roles.map((role) => `"${role}"`).join(", ")}].contains(principal.role)`;
}

function all(parts: readonly string[]): string {
  const said = parts.filter((part) => part !== "");
  return said.length === 1 ? said[0]! : said.map((part) => (isChoice(part) ? `(${part})` : part)).join(" && ");
}

function any(parts: readonly string[], rest: string): string {
  if (parts.length === 1 && rest === "") return parts[0]!;
  return [...parts.map((part) => `(${part})`), ...(rest === "" ? [] : [rest])].join(" || ");
}

/** What a rule in Cedar covers; null where it cannot be said by choices alone, so that nothing of it is lost. */
export function read(cedar: string): Scope | null {
  const head =
    /^\s*(permit|forbid)\s*\(\s*principal\s*,\s*action([^,[]*|\s+in\s*\[[^\]]*\]\s*),\s*resource\s*([^)]*)\)/.exec(
      cedar,
    );
  if (!head) return null;
  const [whole, effect, acts, thing] = head as unknown as [string, Effect, string, string];
  const bodies = bodiesOf(cedar.slice(whole.length));
  if (bodies === null) return null;
  const { who, isProduction, when } = readWhen(bodies.when);
  const lifted = who.mode === "all" ? readUnless(bodies.unless) : { roles: [], unless: bodies.unless };
  const scope: Scope = {
    who: lifted.roles.length > 0 ? { mode: "except", roles: lifted.roles } : who,
    what: acts.trim() === "" ? null : [...acts.matchAll(/Action::"([^"\\]*)"/g)].map(([, name]) => name!),
    thing: readThing(thing),
    isProduction,
    when,
    unless: lifted.unless,
  };
  // Whatever was overlooked shows here: the choices have to say the same rule, word for word.
  return same(written(effect, scope), cedar) ? scope : null;
}

function same(one: string, other: string): boolean {
  const words = (cedar: string) => cedar.match(/"(?:[^"\\]|\\.)*"|\w+|\S/g)?.join(" ");
  return words(one) === words(other);
}

function readThing(words: string): Scope["thing"] {
  // A field of one line would leave a line's end out.
  const one = /^==\s*(\w+)::"((?:[^"\\\r\n]|\\["\\])*)"\s*$/.exec(words);
  if (one) return { type: one[1]!, id: one[2]!.replaceAll(/\\(["\\])/g, "$1") };
  return { type: /^is\s+(\w+)\s*$/.exec(words)?.[1] ?? "", id: "" };
}

function readWhen(body: string): { who: Who; isProduction: boolean; when: string } {
  const nobody: Who = { mode: "all", roles: [] };
  if (body === PRODUCTION) return { who: nobody, isProduction: true, when: "" };
  if (isChoice(body)) return { who: nobody, isProduction: false, when: body };
  const [after, roles] = taken(body, new RegExp(`^(?:${ROLE}|${ROLES})(?: && |$)`));
  const isProduction = after.startsWith(`(${PRODUCTION})`);
  const rest = isProduction ? after.slice(PRODUCTION.length + 2).replace(/^ && /, "") : after;
  const isPart = roles !== null || isProduction;
  return { who: roles ? { mode: "only", roles } : nobody, isProduction, when: isPart ? bare(rest) : rest };
}

function readUnless(body: string): { roles: string[]; unless: string } {
  const [after, alone] = taken(body, new RegExp(`^${ROLE}$`));
  if (alone) return { roles: alone, unless: after };
  const [rest, roles] = taken(body, new RegExp(String.raw`^\(${ROLE}\)(?: \|\| |$)`));
  if (!roles) return { roles: [], unless: body };
  const more = readUnless(rest);
  return { roles: [...roles, ...more.roles], unless: more.unless };
}

/** A text without the roles that it begins with, and those. */
function taken(body: string, beginning: RegExp): [rest: string, roles: string[] | null] {
  const found = beginning.exec(body);
  if (!found) return [body, null];
  const [whole, one, several] = found;
  const roles = one === undefined ? [...(several ?? "").matchAll(/\w+/g)].map(([role]) => role) : [one];
  return [body.slice(whole.length), roles];
}

/** A choice between conditions without the brackets that it stands in beside others. */
function bare(condition: string): string {
  const inner = condition.slice(1, -1);
  return condition.startsWith("(") && closing(condition, 0) === condition.length - 1 && isChoice(inner)
    ? inner
    : condition;
}

/** Whether a condition is a choice (`a || b`) that has to stand in brackets beside others. */
function isChoice(condition: string): boolean {
  for (let at = 0; at < condition.length; at++) {
    if (condition.startsWith("||", at)) return true;
    if (`"([{`.includes(condition[at]!)) at = closing(condition, at);
  }
  return false;
}

/** What holds and what lifts it; null where it is more than one of each, or has comments. */
function bodiesOf(cedar: string): { when: string; unless: string } | null {
  const bodies = { when: "", unless: "" };
  let rest = cedar.trim();
  for (const kind of ["when", "unless"] as const) {
    const open = new RegExp(String.raw`^${kind}\s*\{`).exec(rest);
    if (!open) continue;
    const end = closing(rest, open[0].length - 1);
    bodies[kind] = rest.slice(open[0].length, end).trim();
    rest = rest.slice(end + 1).trim();
  }
  return rest === ";" && !hasComment(cedar) ? bodies : null;
}

/** Whether a condition ends where its field does: one that closes a bracket too much rewrites the rest of the rule. */
export function isWhole(condition: string): boolean {
  return !hasComment(condition) && closing(`{${condition}}`, 0) === condition.length + 1;
}

const hasComment = (cedar: string) => cedar.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""').includes("//");

/** Where what opens at `from` is closed: a text, or a bracket with all that is in it. */
function closing(cedar: string, from: number): number {
  const isText = cedar[from] === '"';
  for (let at = from + 1; at < cedar.length; at++) {
    if (isText && cedar[at] === "\\") at++;
    else if (isText ? cedar[at] === '"' : ")]}".includes(cedar[at]!)) return at;
    else if (!isText && `"([{`.includes(cedar[at]!)) at = closing(cedar, at);
  }
  return cedar.length;
}
