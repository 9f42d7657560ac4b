import type { ParameterExpansionPart, Word } from "unbash";
import type { Expansion } from "./expansion.ts";
import type { Sink } from "./fields.ts";
import { recased, removed, replaced, searchCost, sliced, transformed } from "./operations.ts";
import { DEFAULT_IFS, lookUp, valueOf, type Parameter } from "./parameters.ts";
import { suspectIndex } from "./subscripts.ts";
import { HOLE, isKnown } from "./values.ts";

/** `${…}` in all its forms. */
export function expandParameter(on: Expansion, part: ParameterExpansionPart, sink: Sink, isQuoted: boolean): void {
  const index = part.index && on.index(part.parameter, part.index);
  const { operation } = part;
  if (operation?.type === "Default") return defaulted(on, part, index, sink, isQuoted);
  if (operation?.type === "Unknown" || operation?.type === "Names") {
    on.sweep(part);
    return on.add(HOLE, sink, isQuoted);
  }
  const found = part.prefix === "!" ? indirect(on, part.parameter, index) : look(on, part.parameter, index);
  if (part.prefix === "#") return on.add(lengthOf(found), sink, isQuoted);
  put(on, operated(on, part, found), isStar(part, index), sink, isQuoted);
}

/** `$x` */
export function expandName(on: Expansion, name: string, sink: Sink, isQuoted: boolean): void {
  put(on, look(on, name, undefined), name === "*", sink, isQuoted);
}

function isStar(part: ParameterExpansionPart, index: string | undefined): boolean {
  return part.parameter === "*" || index === "*";
}

function put(on: Expansion, { items, isList }: Parameter, joins: boolean, sink: Sink, isQuoted: boolean): void {
  if (isList && joins && isQuoted) {
    const separator = (valueOf("IFS", on.state, on.shell.around) ?? DEFAULT_IFS).slice(0, 1);
    return on.add(items.join(separator), sink, true);
  }
  if (!isList && items.length === 0 && isQuoted) return sink.quoted("");
  for (const [at, item] of items.entries()) {
    if (at > 0) sink.next();
    on.add(item, sink, isQuoted);
  }
}

function look(on: Expansion, name: string, index: string | undefined): Parameter {
  const found = lookUp(name, index, on.state, on.shell.around);
  if (!found.isAbsent) return found;
  on.sawAbsent = true;
  return { ...found, items: on.absent === "" ? [] : [on.absent] };
}

function lengthOf(found: Parameter): string {
  if (!found.items.every(isKnown)) return HOLE;
  return String(found.isList ? found.items.length : [...(found.items[0] ?? "")].length);
}

function indirect(on: Expansion, name: string, index: string | undefined): Parameter {
  const array = on.state.variables.get(name)?.value;
  const unknown: Parameter = { items: [HOLE], isList: index === "@" || index === "*", isSet: true, isAbsent: false };
  if (unknown.isList) return array instanceof Map ? { ...unknown, items: [...array.keys()] } : unknown;
  const target = look(on, name, index).items[0] ?? "";
  suspectIndex(on.shell, target);
  const match = /^([A-Za-z_]\w*|\d+|[@*#?$!_-])(?:\[([^\]$`]*)\])?$/.exec(target);
  return match === null ? unknown : look(on, match[1]!, match[2]);
}

function defaulted(
  on: Expansion,
  part: ParameterExpansionPart,
  index: string | undefined,
  sink: Sink,
  isQuoted: boolean,
): void {
  const { operator, operand } = part.operation as Extract<ParameterExpansionPart["operation"], { type: "Default" }>;
  // What nobody set takes the default here: that is what defaults are written for.
  const found =
    part.prefix === "!"
      ? indirect(on, part.parameter, index)
      : lookUp(part.parameter, index, on.state, on.shell.around);
  const joined = found.items.join(" ");
  const mindsEmpty = operator.startsWith(":");
  if (mindsEmpty && joined.includes(HOLE) && joined.replaceAll(HOLE, "").trim() === "") {
    // Nobody knows whether it is empty.
    on.sweep(operand);
    return on.add(HOLE, sink, isQuoted);
  }
  const isMissing = !found.isSet || (mindsEmpty && joined === "");
  if (operator.endsWith("+") === isMissing && operator.endsWith("+")) return isQuoted ? sink.quoted("") : undefined;
  if (!isMissing && !operator.endsWith("+")) return put(on, found, isStar(part, index), sink, isQuoted);
  if (operator.endsWith("?")) return on.add(on.text(operand) && HOLE, sink, isQuoted);
  if (!operator.endsWith("=")) return alternative(on, operand, sink, isQuoted);
  const value = on.text(operand);
  on.assign(part.parameter, value);
  on.add(value, sink, isQuoted);
}

/** The word in `${x:-word}`: its own quotes count, the rest is split like any result. */
function alternative(on: Expansion, word: Word, sink: Sink, isQuoted: boolean): void {
  if (isQuoted) return sink.quoted(on.text({ ...word, ...withApostrophes(word) }));
  on.walkWord(word, { ...bound(sink), literal: (text) => sink.expanded(text) }, false);
}

/** Between double quotes and in here-documents, a single quote is a character like any other. */
function withApostrophes({ value, text, parts }: Word): Pick<Word, "value" | "text" | "parts"> {
  return {
    value,
    text,
    parts: parts?.map((part) => (part.type === "SingleQuoted" ? { ...part, type: "Literal", value: part.text } : part)),
  };
}

function bound(sink: Sink): Sink {
  return {
    literal: (text) => sink.literal(text),
    quoted: (text) => sink.quoted(text),
    expanded: (text) => sink.expanded(text),
    glob: (pattern) => sink.glob(pattern),
    next: () => sink.next(),
  };
}

function operated(on: Expansion, part: ParameterExpansionPart, found: Parameter): Parameter {
  const { operation } = part;
  if (operation === undefined) return found;
  const each = (change: (value: string) => string) => ({ ...found, items: found.items.map((item) => change(item)) });
  switch (operation.type) {
    case "Remove": {
      const pattern = on.pattern(operation.operand);
      return each((value) => searched(on, value, pattern, () => removed(value, operation.operator, pattern)));
    }
    case "Replace": {
      const [pattern, replacement] = [on.pattern(operation.pattern), on.text(operation.replacement)];
      const { operator } = operation;
      return each((value) => searched(on, value, pattern, () => replaced(value, operator, pattern, replacement)));
    }
    case "Slice":
      return slice(on, part.parameter, found, operation.offset, operation.length);
    case "CaseModification": {
      const isPlain = operation.operand === undefined || operation.operand.text === "";
      if (operation.operand) on.sweep(operation.operand);
      return each((value) => (isPlain ? recased(value, operation.operator) : HOLE));
    }
    case "Transform": {
      const operator = on.text(operation.operand);
      if (operator === "P") return each((value) => on.prompt(value));
      if (operator === "A" && !found.isList && part.prefix !== "!")
        return each((value) => `${part.parameter}=${transformed(value, "Q")}`);
      return each((value) => transformed(value, operator));
    }
    default:
      return { ...found, items: [HOLE] };
  }
}

function searched(on: Expansion, value: string, pattern: string, search: () => string): string {
  on.shell.budget.spend(Math.min(searchCost(value, pattern), 4_000_000) / 1_000);
  return search();
}

function slice(on: Expansion, name: string, found: Parameter, offset: Word, length: Word | undefined): Parameter {
  const number = (word: Word) => {
    const text = on.reckon(on.text(word));
    return text === HOLE ? null : Number(text);
  };
  const [start, size] = [number(offset), length && number(length)];
  if (!found.isList) return { ...found, items: found.items.map((item) => sliced(item, start, size)) };
  const isClear = start !== null && size !== null && start >= 0 && (size ?? 0) >= 0 && found.items.every(isKnown);
  if (!isClear) return { ...found, items: [HOLE] };
  // Positional parameters count from one, and `${@:0}` begins with the program's name.
  const isPositional = name === "@" || name === "*";
  const items = isPositional ? [on.state.positional[0]!, ...found.items] : found.items;
  return { ...found, items: items.slice(start, size === undefined ? undefined : start + size) };
}
