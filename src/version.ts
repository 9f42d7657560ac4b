import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

// In a clone this file is src/version.ts; in the package it is part of dist/longwatch.js. Both lie one folder deep.
const root = new URL("../", import.meta.url);

export const version: string = JSON.parse(readFileSync(new URL("package.json", root), "utf8")).version;

/** The program as other programs start it. */
export const launcher: string = fileURLToPath(new URL("bin/longwatch", root));

/** Which build this is: the commit that the package was built from, or that of the clone, or "unknown". */
export function build(): string {
  const stamp = new URL("dist/build.json", root);
  if (!import.meta.url.endsWith("/src/version.ts") && existsSync(stamp))
    return JSON.parse(readFileSync(stamp, "utf8")).commit;
  try {
    const head = readFileSync(new URL(".git/HEAD", root), "utf8").trim();
    const ref = /^ref: (.+)$/.exec(head)?.[1];
    return ref === undefined ? head : readFileSync(new URL(`.git/${ref}`, root), "utf8").trim();
  } catch {
    return "unknown";
  }
}
