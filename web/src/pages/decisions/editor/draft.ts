import { useQuery } from "@tanstack/react-query";
import { asked, WHO } from "../../../api/queries.ts";

/** A change of the policy that is not proposed yet: the version that it began from, and how its text stands. */
export type Draft = { version: number; words: string };

const KEPT = "longwatch.policy.change.";

/** Whether a change is kept in this tab, whosever it is. */
export function isDraftKept(): boolean {
  return Object.keys(sessionStorage).some((key) => key.startsWith(KEPT));
}

/**
 * A session that ends takes the page away; what somebody changed on it stays in this tab until they are signed in
 * again, and is shown to nobody else who signs in here. Nobody can change anything before it is known who they are.
 */
export function useDraft() {
  const { data: who } = useQuery(asked(WHO));
  const key = `${KEPT}${who?.tenant}/${who?.name}`;
  return {
    kept: (): Draft | null => JSON.parse(sessionStorage.getItem(key) ?? "null") as Draft | null,
    keep(draft: Draft | null): void {
      if (draft === null) return sessionStorage.removeItem(key);
      try {
        sessionStorage.setItem(key, JSON.stringify(draft));
      } catch {
        // The tab has no room for it. It stands on the page all the same; what was kept before would pass for it.
        sessionStorage.removeItem(key);
      }
    },
  };
}
