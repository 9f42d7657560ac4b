import type { Assignment, Word } from "unbash";
import type { Expansion } from "./expansion.ts";
import { limits } from "./budget.ts";
import { assigned, isInteger, variableOf } from "./parameters.ts";
import type { Shell } from "./shell.ts";
import { suspectInteger } from "./subscripts.ts";
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
    let next = 0;
    for (const key of items.keys()) next = Math.max(next, placeAfter(key, 0));
    for (const element of value.elements) {
      next = addElement(expansion, items, element, next);
      // A list may hold itself, many times over: `a=("${a[@]}" "${a[@]}")`.
      if (items.size > limits.elements) return set(HOLE);
    }
    for (const item of items.values()) suspectInteger(shell, expansion.state, name, item);
    return set(items);
  }
  const text = expansion.text(value, true);
  // Whatever an integer is given, bash reckons, with the commands that stand in it.
  if (isInteger(name, expansion.state)) expansion.reckon(text);
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

/** Places go on from the one before; a key, and what is not known, is no place. */
const placeAfter = (key: string, next: number) => (/^\d{1,15}$/.test(key) ? Number(key) + 1 : next);

/** Adds an element at `next`, or where it says itself, and tells where the one after it goes. */
function addElement(expansion: Expansion, items: Map<string, string>, element: Word, next: number): number {
  const keyed = /^\[([^\]]*)\]\+?=/.exec(element.text);
  if (keyed === null) {
    let place = next;
    for (const field of expansion.fields(element, false)) items.set(String(place++), certainly(field));
    return place;
  }
  expansion.sweep(element);
  const rest = element.text.slice(keyed[0].length);
  const fields = rest === "" ? [] : expansion.apart(rest);
  const isPlain = /^[\w.-]+$/.test(keyed[1]!) || /^(['"])[^'"$`\\]*\1$/.test(keyed[1]!);
  const key = isPlain ? keyed[1]!.replaceAll(/['"]/g, "") : HOLE;
  items.set(key, fields.length > 1 ? HOLE : fields[0] ? certainly(fields[0]) : "");
  return placeAfter(key, next);
}
