/** Which version of the policy the address means: by its number, or by the digest that a decision names. */
export type PolicySearch = { version?: number | undefined; digest?: string | undefined };

/** Reads an address that anybody may have typed: what is not understood is left out. */
export function policySearch({ version, digest }: Record<string, unknown>): PolicySearch {
  return {
    ...(Number.isSafeInteger(Number(version)) && Number(version) > 0 ? { version: Number(version) } : {}),
    ...(typeof digest === "string" && /^[0-9a-f]{8,64}$/.test(digest) ? { digest } : {}),
  };
}
