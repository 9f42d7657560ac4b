import { execFileSync, spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** The Chromium that the walks through the console use: whichever the machine has, or can get. */

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const elsewhere = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** Where it lies; null where there is none. `LONGWATCH_CHROMIUM` names one of your own. */
export function chromiumPath(): string | null {
  const own = process.env.LONGWATCH_CHROMIUM;
  const places = (process.env.PATH ?? "").split(delimiter).flatMap((place) => names.map((name) => join(place, name)));
  return [...(own ? [own] : []), ...places, ...elsewhere].find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** How one installs it by hand. */
export const REMEDY = "install Chromium (Debian: apt-get install chromium), or name one in LONGWATCH_CHROMIUM";

/**
 * Gets one by the system's package manager, where that may be done without asking anybody: as root, with apt. Says
 * nothing when it cannot; the walks are skipped then, and say so.
 */
export function installChromium(): void {
  if (process.getuid?.() !== 0) return;
  const apt = (...words: string[]) =>
    spawnSync("apt-get", ["-qq", "-y", ...words], {
      stdio: "ignore",
      timeout: 240_000,
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    }).status === 0;
  if (apt("install", "--no-install-recommends", "chromium")) return;
  if (apt("update")) apt("install", "--no-install-recommends", "chromium");
}

/** As root, Chromium refuses to run in its own sandbox. */
export function sandboxFlags(): string[] {
  return process.getuid?.() === 0 || !hasUserNamespaces() ? ["--no-sandbox"] : [];
}

function hasUserNamespaces(): boolean {
  try {
    execFileSync("unshare", ["--user", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return process.platform !== "linux";
  }
}
