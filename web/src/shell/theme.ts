import { useSyncExternalStore } from "react";

/** What the reader chose; `system` follows the machine. */
export type Theme = "system" | "light" | "dark";

const KEY = "longwatch.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
const told = new Set<() => void>();

function chosen(): Theme {
  const theme = localStorage.getItem(KEY);
  return theme === "light" || theme === "dark" ? theme : "system";
}

/** Puts the theme on the page, now and whenever the machine's changes. */
export function applyTheme(): void {
  const theme = chosen();
  document.documentElement.dataset.theme = theme === "system" ? (dark.matches ? "dark" : "light") : theme;
  for (const one of told) one();
}
dark.addEventListener("change", applyTheme);

export function chooseTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  applyTheme();
}

export function useTheme(): Theme {
  return useSyncExternalStore((one) => {
    told.add(one);
    return () => told.delete(one);
  }, chosen);
}
