import type { QueryClient } from "@tanstack/react-query";

/**
 * Which questions an entry of the ledger may answer differently: those whose path begins with one of these. What is
 * not named here concerns only the feed and the ledger, which every entry does.
 */
const concerned: Readonly<Record<string, readonly string[]>> = {
  ticket: ["/v1/ticket/", "/v1/queue/", "/v1/dispatch/", "/v1/deliverable/", "/v1/debt/"],
  dispatch: ["/v1/dispatch/", "/v1/ticket/"],
  substance: ["/v1/ticket/substance"],
  seat: ["/v1/seat/", "/v1/role/"],
  role: ["/v1/role/"],
  policy: ["/v1/policy/"],
  escalation: ["/v1/escalation/"],
  approval: ["/v1/approval/", "/v1/manifest/"],
  manifest: ["/v1/manifest/", "/v1/approval/"],
  consent: ["/v1/consent/"],
  rung: ["/v1/rung/"],
  route: ["/v1/route/"],
  environment: ["/v1/environment/"],
  binding: ["/v1/environment/"],
  deploy: ["/v1/deploy/", "/v1/environment/", "/v1/release/", "/v1/failure/"],
  release: ["/v1/release/", "/v1/environment/"],
  failure: ["/v1/failure/"],
  credential: ["/v1/credential/"],
  guard: ["/v1/credential/"],
  debt: ["/v1/debt/"],
  namespace: ["/v1/namespace/"],
  collision: ["/v1/collision/", "/v1/ticket/"],
  actor: ["/v1/sighting/"],
  question: ["/v1/question/"],
  doctrine: ["/v1/doctrine/", "/v1/brief/"],
  schedule: ["/v1/schedule/"],
};
const always = ["/v1/feed/", "/v1/ledger/"];

/** A busy fleet posts 50 entries a second; a page that asks anew more often than this shows no more. */
const GATHER_MS = 400;

/** Gathers kinds of entries, and has what they concern asked anew, at most every 400 ms. */
export function gathered(client: QueryClient): (kind: string) => void {
  let waiting = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ask = () => {
    const prefixes = [...waiting];
    waiting = new Set();
    timer = undefined;
    void client.invalidateQueries({
      predicate: ({ queryKey: [path] }) =>
        typeof path === "string" && prefixes.some((prefix) => path.startsWith(prefix)),
    });
  };
  return (kind) => {
    const [room = ""] = kind.split(".", 1);
    for (const prefix of [...always, ...(concerned[room] ?? [])]) waiting.add(prefix);
    timer ??= setTimeout(ask, GATHER_MS);
  };
}
