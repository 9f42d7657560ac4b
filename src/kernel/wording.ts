import { z } from "zod";

/** What a field holds, as whoever fills it in says it. */
const names: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};
const units: Readonly<Record<string, string>> = { string: "character", array: "item" };
const formats: Readonly<Record<string, string>> = {
  datetime: "an instant with its offset, as 2026-01-31T08:00:00Z",
  date: "a day, as 2026-01-31",
  url: "a URL",
  uuid: "a UUID",
};

/** What is wrong with a field, after its name: `reason: must not be empty`. A shape's own words come before these. */
function said(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined ? "is missing" : `must be ${names[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.map(String).join(", ")}`;
    case "too_small":
      if (issue.minimum === 1 && units[issue.origin]) return "must not be empty";
      return `must ${sized(issue.origin, issue.inclusive === false ? "more than" : "at least", issue.minimum)}`;
    case "too_big":
      return `must ${sized(issue.origin, issue.inclusive === false ? "less than" : "at most", issue.maximum)}`;
    case "invalid_format":
      if (issue.format === "regex") return `must match ${issue.pattern}`;
      return `must be ${formats[issue.format] ?? issue.format}`;
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "unrecognized_keys":
      return `has what is not known here: ${issue.keys.join(", ")}`;
    case "invalid_key":
      return `has a name that ${issue.issues[0]?.message ?? "is not allowed"}`;
    default:
      return "is not allowed";
  }
}

function sized(origin: string, bound: string, size: number | bigint): string {
  const unit = units[origin];
  return unit ? `have ${bound} ${size} ${unit}${Number(size) === 1 ? "" : "s"}` : `be ${bound} ${size}`;
}

z.config({ localeError: said });
