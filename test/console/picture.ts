/// <reference lib="dom" />
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Page } from "playwright-core";

/** Pictures of pages, held against those that were accepted. Machines draw letters otherwise, so both are blurred. */

const kept = new URL("../../golden/console/", import.meta.url);
/** A picture is compared as so many fields in a row: a letter's edge vanishes in one, a thing that moved does not. */
const FIELDS = 96;
/** As wide a picture is kept: still to be looked at, and small in a clone. */
const WIDE_MAX = 720;
/** Of 255: as much as another font makes of a line of text. */
const SHADE_MAX = 26;
/** Of the fields that differ by more. */
const SHARE_MAX = 0.02;

/** What no two runs have in common: times, numbers of entries, digests. */
const MASK = "time, canvas, a[href^='/ledger/'], [data-moves], input[type=datetime-local]";

/** Hides what moves, and stops the clockwork. */
async function still(page: Page): Promise<void> {
  await page.evaluate((mask) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(
      `${mask} { visibility: hidden !important } * { animation: none !important; caret-color: transparent }`,
    );
    document.adoptedStyleSheets = [sheet];
    scrollTo({ top: 0 });
  }, MASK);
}

export type Compared = { share: number; isNew: boolean };

/** Takes a picture and answers how much of it is not as it was accepted. GOLDEN=write accepts it. */
export async function compared(page: Page, name: string): Promise<Compared> {
  await still(page);
  const file = new URL(`${name}.png`, kept);
  const whole = (await page.screenshot({ scale: "css" })).toString("base64");
  const shot = await page.evaluate(shrunk, { whole, WIDE_MAX });
  if (process.env.GOLDEN === "write" || !existsSync(file)) {
    mkdirSync(kept, { recursive: true });
    writeFileSync(file, Buffer.from(shot, "base64"));
    return { share: 0, isNew: true };
  }
  const before = readFileSync(file).toString("base64");
  const share = await page.evaluate(difference, { shot, before, FIELDS, SHADE_MAX });
  return { share, isNew: false };
}

export const isSame = ({ share }: Compared): boolean => share <= SHARE_MAX;

/** Runs in the page. */
async function shrunk({ whole, WIDE_MAX: most }: { whole: string; WIDE_MAX: number }): Promise<string> {
  const bytes = Uint8Array.from(atob(whole), (letter) => letter.charCodeAt(0));
  const picture = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const wide = Math.min(most, picture.width);
  const canvas = new OffscreenCanvas(wide, Math.round((wide * picture.height) / picture.width));
  const draw = canvas.getContext("2d")!;
  draw.imageSmoothingQuality = "high";
  draw.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const small = new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer());
  return btoa(Array.from(small, (byte) => String.fromCharCode(byte)).join(""));
}

type Pictures = { shot: string; before: string; FIELDS: number; SHADE_MAX: number };

/** Runs in the page, which can read pictures and draw them smaller. Answers the share of fields that differ. */
async function difference({ shot, before, FIELDS: wide, SHADE_MAX: most }: Pictures): Promise<number> {
  const fields = async (base64: string) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const high = Math.round((wide * picture.height) / picture.width);
    const canvas = new OffscreenCanvas(wide, high);
    const draw = canvas.getContext("2d", { willReadFrequently: true })!;
    draw.imageSmoothingQuality = "high";
    draw.drawImage(picture, 0, 0, wide, high);
    return { pixels: draw.getImageData(0, 0, wide, high).data, high };
  };
  const [now, then] = [await fields(shot), await fields(before)];
  if (now.high !== then.high) return 1;
  let differing = 0;
  for (let at = 0; at < now.pixels.length; at += 4) {
    const apart = [0, 1, 2].map((colour) => Math.abs(now.pixels[at + colour]! - then.pixels[at + colour]!));
    if (Math.max(...apart) > most) differing++;
  }
  return differing / (now.pixels.length / 4);
}
