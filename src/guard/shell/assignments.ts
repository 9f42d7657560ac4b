import type { Assignment, Word } from "unbash";
import type { Expansion } from "./expansion.ts";
import { assigned, variableOf } from "./parameters.ts";
import type { Shell } from "./shell.ts";
import { HOLE, certainly, isKnown } from "./values.ts";

/** Makes an assignment: `x=v`, `x+=v`, `x[2]=v`, `x=(a b)`. */
export function assign(shell: Shell, expansion: Expansion, { name, value, append, index }: Assignment): void {
  const variable = () => variableOf(name, expansion.state, shell.around)?.value;
  const copied = (items: Iterable<[string, string]>) => {
    const copy = new Map(items);
    shell.budget.spend(copy.size / 16);
    return copy;
  };
  const set = (next: string | ReadonlyMap<string, string>) => {
    expansion.state = assigned(expansion.state, shell.around, name, next);
  };
  if (value.type === "ArrayValue") {
    const items = append ? copied(itemsOf(variable())) : new Map<string, string>();
    for (const element of value.elements) addElement(expansion, items, element);
    return set(items);
  }
  const text = expansion.text(value, true);
  const before = variable();
  if (index) {
    const key = expansion.index(name, index);
    const items = copied(itemsOf(before));
    // An unknown place may be any of them.
    if (!isKnown(key)) for (const one of items.keys()) items.set(one, HOLE);
    items.set(key, (append ? (items.get(key) ?? "") : "") + text);
    return set(items);
  }
  if (before instanceof Map) return set(new Map([...before, ["0", (append ? (before.get("0") ?? "") : "") + text]]));
  set(append ? (before ?? "") + text : text);
}

function itemsOf(value: string | ReadonlyMap<string, string> | undefined): Iterable<[string, string]> {
  return value instanceof Map ? value : value === undefined ? [] : [["0", value as string]];
}

function addElement(expansion: Expansion, items: Map<string, string>, element: Word): void {
  const keyed = /^\[([^\]]*)\]\+?=/.exec(element.text);
  if (keyed === null) {
    let next = Math.max(-1, ...[...items.keys()].map((key) => (isKnown(key) ? Number(key) : 0))) + 1;
    for (const field of expansion.fields(element, false)) items.set(String(next++), certainly(field));
    return;
  }
  expansion.sweep(element);
  const rest = element.text.slice(keyed[0].length);
  const fields = rest === "" ? [] : expansion.apart(rest);
  const isPlain = /^[\w.-]+$/.test(keyed[1]!) || /^(['"])[^'"$`\\]*\1$/.test(keyed[1]!);
  const key = isPlain ? keyed[1]!.replaceAll(/['"]/g, "") : HOLE;
  items.set(key, fields.length > 1 ? HOLE : fields[0] ? certainly(fields[0]) : "");
}
