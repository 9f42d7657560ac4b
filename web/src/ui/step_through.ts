import type { KeyboardEvent } from "react";

const steps: Readonly<Record<string, number>> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

/** j and k, or the arrows, go from line to line: to the first thing that can be pressed in the next `li`. */
export function stepThrough(event: KeyboardEvent<HTMLElement>): void {
  const step = steps[event.key];
  const target = event.target as HTMLElement;
  const isTyping = target.closest("input:not([type=checkbox]), textarea, select") !== null;
  if (step === undefined || isTyping || !event.currentTarget.contains(target)) return;
  const lines = [...event.currentTarget.querySelectorAll<HTMLElement>(":scope > li")];
  const at = lines.findIndex((line) => line.contains(target));
  const next = lines[at + step]?.querySelector<HTMLElement>("button, a, input");
  if (!next) return;
  event.preventDefault();
  next.focus();
}
