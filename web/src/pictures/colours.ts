import { useSyncExternalStore } from "react";

/** The colours of app.css as a canvas needs them: their values, in the theme that is shown. */
export type Colours = Record<"ink" | "ink3" | "line" | "accent" | "good" | "info" | "card", string>;

const names = {
  ink: "--ink",
  ink3: "--ink-3",
  line: "--line",
  accent: "--accent",
  good: "--good",
  info: "--info",
  card: "--card",
} as const;

function read(): Colours {
  const style = getComputedStyle(document.documentElement);
  const values = Object.entries(names).map(([name, variable]) => [name, style.getPropertyValue(variable).trim()]);
  return Object.fromEntries(values) as Colours;
}

let known: { theme: string | null; colours: Colours } | null = null;

function subscribe(told: () => void): () => void {
  const observer = new MutationObserver(told);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  return () => observer.disconnect();
}

function snapshot(): Colours {
  const theme = document.documentElement.getAttribute("data-theme");
  if (known?.theme !== theme) known = { theme, colours: read() };
  return known!.colours;
}

/** The colours of the theme that is shown; a new object when it changes. */
export function useColours(): Colours {
  return useSyncExternalStore(subscribe, snapshot);
}
