import type { Query, QueryClient } from "@tanstack/react-query";
import type { Entry } from "./stream.ts";

/** What became of denials, which more rooms than the policy's have a part in. */
const AFTERMATH = "/v1/policy/aftermath";

/**
 * Which questions an entry of the ledger may answer differently: those whose path begins with one of these. What is
 * not named here concerns only the feed and the ledger, which every entry does.
 */
const concerned: Readonly<Record<string, readonly string[]>> = {
  ticket: ["/v1/ticket/", "/v1/queue/", "/v1/dispatch/", "/v1/deliverable/", "/v1/debt/", AFTERMATH],
  dispatch: ["/v1/dispatch/", "/v1/ticket/", AFTERMATH],
  substance: ["/v1/ticket/substance"],
  seat: ["/v1/seat/", "/v1/role/"],
  role: ["/v1/role/"],
  policy: ["/v1/policy/", "/v1/approval/"],
  escalation: ["/v1/escalation/", AFTERMATH],
  approval: ["/v1/approval/", "/v1/manifest/", AFTERMATH],
  manifest: ["/v1/manifest/", "/v1/approval/", AFTERMATH],
  consent: ["/v1/consent/", "/v1/approval/"],
  rung: ["/v1/rung/", "/v1/approval/"],
  route: ["/v1/route/"],
  environment: ["/v1/environment/"],
  binding: ["/v1/environment/"],
  deploy: ["/v1/deploy/", "/v1/environment/", "/v1/release/", "/v1/failure/"],
  release: ["/v1/release/", "/v1/environment/", "/v1/credential/"],
  failure: ["/v1/failure/"],
  credential: ["/v1/credential/"],
  guard: ["/v1/credential/"],
  debt: ["/v1/debt/"],
  namespace: ["/v1/namespace/"],
  proof: ["/v1/proof/"],
  token: ["/v1/token/", "/v1/seat/whoami"],
  tenant: ["/v1/tenant/"],
  collision: ["/v1/collision/", "/v1/ticket/"],
  actor: ["/v1/sighting/"],
  question: ["/v1/question/"],
  decisions: ["/v1/question/pace"],
  doctrine: ["/v1/doctrine/", "/v1/brief/"],
  schedule: ["/v1/schedule/"],
};
const always = ["/v1/feed/", "/v1/ledger/"];

/** A page that asks anew more often than this shows no more. */
const GATHER_MS = 400;
/** What is long to answer, or what nobody watches by the second, is asked anew less often. */
const PAUSES_MS: readonly (readonly [string, number])[] = [
  ["/v1/ledger/pace", 30_000],
  ["/v1/ledger/", 5_000],
  ["/v1/feed/page", 2_000],
  ["/v1/seat/list", 2_000],
  ["/v1/ticket/counts", 1_000],
  ["/v1/ticket/flow", 3_000],
  ["/v1/queue/ages", 3_000],
  [AFTERMATH, 2_000],
];

/**
 * Gathers entries, and has what they concern asked anew: one round after the other, never two at once, with a pause
 * that grows with what a round took. A busy fleet makes 50 entries a second, and a slow server must not drown in the
 * pages that watch it.
 */
export function gathered(client: QueryClient): (entries: readonly Entry[]) => void {
  let waiting = new Set<string>();
  let things = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isAsking = false;
  const soon = (pause_ms: number) => {
    if (!isAsking && waiting.size > 0) timer ??= setTimeout(() => void ask(), pause_ms);
  };
  const ask = async () => {
    const [prefixes, about] = [[...waiting], things];
    [waiting, things, timer, isAsking] = [new Set(), new Set(), undefined, true];
    const began = performance.now();
    const predicate = (query: Query) => {
      const [path, input] = query.queryKey as [unknown, { about?: string } | undefined];
      if (typeof path !== "string" || !prefixes.some((prefix) => path.startsWith(prefix))) return false;
      if (path === "/v1/feed/read" && input?.about !== undefined && !about.has(input.about)) return false;
      const { data, dataUpdatedAt, fetchStatus } = query.state;
      const pause_ms = PAUSES_MS.find(([prefix]) => path.startsWith(prefix))?.[1] ?? 0;
      // Its first answer is on its way, and may have been read before the entry: it is asked again after that.
      const isLater = (data === undefined && fetchStatus === "fetching") || dataUpdatedAt + pause_ms > Date.now();
      if (!isLater) return true;
      waiting.add(path);
      for (const thing of about) things.add(thing);
      return false;
    };
    await client.invalidateQueries({ predicate }).catch(() => {});
    isAsking = false;
    soon(Math.max(GATHER_MS, 2 * (performance.now() - began)));
  };
  return (entries) => {
    for (const { kind, subject, actor } of entries) {
      const [room = ""] = kind.split(".", 1);
      for (const prefix of [...always, ...(concerned[room] ?? [])]) waiting.add(prefix);
      things.add(actor);
      if (subject !== null) things.add(subject);
    }
    soon(GATHER_MS);
  };
}
