import { readFileSync } from "node:fs";
import { Refusal } from "../../kernel/refusal.ts";
import { type Flag, type Given, takesFile } from "./flags.ts";

export type Input = AsyncIterable<string | Uint8Array>;

/** Puts the text of a file or of standard input in the place of `@file` and `-`. */
export async function fillTexts(flags: readonly Flag[], given: Given, stdin: () => Input): Promise<void> {
  let read: string | undefined;
  for (const flag of flags) {
    const raw = given.get(flag.field);
    if (!takesFile(flag) || typeof raw !== "string") continue;
    if (raw === "-" && read !== undefined)
      throw new Refusal("invalid", "flags.invalid", "Only one text can come from standard input.");
    if (raw === "-") {
      read = await drained(stdin());
      given.set(flag.field, read);
    }
    // A text that begins with @ is written @@.
    if (raw.startsWith("@@")) given.set(flag.field, raw.slice(1));
    else if (raw.startsWith("@")) given.set(flag.field, fileText(flag, raw.slice(1)));
  }
}

async function drained(stdin: Input): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of stdin) parts.push(typeof part === "string" ? Buffer.from(part) : part);
  return Buffer.concat(parts).toString();
}

function fileText({ field }: Flag, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const message = `cannot be read from ${path} (${(error as NodeJS.ErrnoException).code})`;
    throw new Refusal("invalid", "input.invalid", `--${field} ${message}`, {
      fields: [{ field, message }],
      hint: "A text that begins with @ is written with @@.",
    });
  }
}
