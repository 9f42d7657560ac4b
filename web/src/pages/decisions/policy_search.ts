import { numberIn, textIn } from "../../ui/address.ts";

/** Which version of the policy the address means: by its number, or by the digest that a decision names. */
export type PolicySearch = { version?: number | undefined; digest?: string | undefined };

/** Reads an address that anybody may have typed. */
export function policySearch({ version, digest }: Record<string, unknown>): PolicySearch {
  return { version: numberIn(version), digest: textIn(digest) };
}
