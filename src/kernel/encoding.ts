/** How deep a value may be nested: deeper ones would exhaust the stack of whoever reads them. */
const DEPTH_MAX = 64;

/**
 * Why a value cannot stand in a ledger entry, or null when it can: RFC 8785 has no infinite number and no lone
 * surrogate, and PostgreSQL's JSON holds no NUL (hazards 0.5). `1E400` arrives here as Infinity.
 */
export function unencodable(value: unknown, depth = 0): string | null {
  if (depth > DEPTH_MAX) return `is nested deeper than ${DEPTH_MAX} levels`;
  if (value === null || typeof value === "boolean") return null;
  if (typeof value === "number") return Number.isFinite(value) ? null : "holds a number that is not finite";
  if (typeof value === "string") return textProblem(value);
  if (typeof value !== "object") return `holds a ${typeof value}, which JSON has not`;
  if ("toJSON" in value && typeof value.toJSON === "function") return unencodable(value.toJSON(), depth + 1);
  for (const [name, inner] of Object.entries(value)) {
    // As in JSON.stringify, a field without a value is no field.
    if (inner === undefined && !Array.isArray(value)) continue;
    const problem = textProblem(name) ?? unencodable(inner, depth + 1);
    if (problem) return problem;
  }
  return null;
}

function textProblem(text: string): string | null {
  if (text.includes("\0")) return "holds a NUL, which the ledger cannot hold";
  return text.isWellFormed() ? null : "holds half of a surrogate pair, which the ledger cannot hold";
}
