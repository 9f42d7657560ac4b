/** What entries begin with, by the word that a person would look for. */
export const kinds = [
  "post",
  "ticket",
  "seat",
  "policy",
  "deploy",
  "collision",
  "question",
  "ledger",
  "command",
] as const;

/** What the feed's address says. */
export type FeedSearch = {
  kind?: string | undefined;
  actor?: string | undefined;
  about?: string | undefined;
  lane?: string | undefined;
  until?: string | undefined;
};

/** Reads an address that anybody may have typed: what is not understood is left out. */
export function feedSearch(said: Record<string, unknown>): FeedSearch {
  const text = (name: string) => (typeof said[name] === "string" && said[name] !== "" ? { [name]: said[name] } : {});
  const { until } = said;
  const isInstant = typeof until === "string" && !Number.isNaN(Date.parse(until));
  return {
    ...text("kind"),
    ...text("actor"),
    ...text("about"),
    ...text("lane"),
    ...(isInstant ? { until: new Date(until).toISOString() } : {}),
  };
}
