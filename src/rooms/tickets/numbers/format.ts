import { text } from "../../../kernel/operation.ts";

/** `PREFIX-`, then a period of the calendar or none, then the number: `CMB-NNNN`, `FLT-YYYYMMDDNN`, `ORA-YYYY-NNNN`. */
export const FORMAT = /^([A-Z][A-Z0-9]{0,11})-(YYYY(?:MM(?:DD)?)?-?)?(N{1,12})$/;

export const Prefix = text(12)
  .regex(/^[A-Z][A-Z0-9]*$/, "must be capital letters and digits, beginning with a letter")
  .describe("The namespace, for example CMB.");

/** The id of a number. The number is padded to the format's width and grows past it: nothing is ever cut off. */
export function formatId(format: string, period: string, number: number): string {
  const [, prefix, calendar = "", digits] = FORMAT.exec(format)!;
  const hyphen = calendar.endsWith("-") ? "-" : "";
  return `${prefix}-${period}${hyphen}${String(number).padStart(digits!.length, "0")}`;
}

/** No old name makes a counter jump further than this many digits go. */
export const DIGITS_MAX = 12;

/** A number of a period ('' where the format has none). */
export type Named = { period: string; number: number };

/** The number that an id of this format names; null for any other id. */
export function numberIn(format: string, id: string): Named | null {
  const [, prefix, calendar = "", digits] = FORMAT.exec(format)!;
  const hyphen = calendar.endsWith("-") ? "-" : "";
  const form = `^${prefix}-(\\d{${calendar.replace("-", "").length}})${hyphen}(\\d{${digits!.length},${DIGITS_MAX}})$`;
  const [, period = "", counted = ""] = new RegExp(form).exec(id) ?? [];
  const number = Number(counted);
  return number > 0 && formatId(format, period, number) === id ? { period, number } : null;
}
