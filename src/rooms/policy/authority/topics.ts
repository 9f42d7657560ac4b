/** Who decides: a strategist, the operator only, or the fleet by itself. */
export const deciders = ["strategist", "operator", "fleet"] as const;
export type Decider = (typeof deciders)[number];

export type Topic = { topic: string; goes_to: Decider; about: string };

const shippedTopics: Record<Decider, Record<string, string>> = {
  strategist: {
    source_contract: "What a source promises to those who read it.",
    write_target: "Where something is written to.",
    schema: "The shape of stored data.",
    integration_pattern: "How two systems are put together.",
    delivery_policy: "How and when work or messages are delivered.",
    deployment_strategy: "How a change gets to where it runs.",
    technical_retirement: "Taking a technical thing out of use.",
    merge_strategy: "How branches are cut, merged and kept.",
  },
  operator: {
    product_direction: "What the product is to be.",
    budget: "Budget and billing: what may be spent.",
    credentials: "Which credentials exist and who has them.",
    credential_rotation: "Replacing a credential that is in use.",
    physical_device: "Somebody has to touch a machine.",
    client_visible_policy: "A rule that clients see or feel.",
    personnel: "Who works here.",
    irreversible_destruction: "Destroying what nobody can bring back.",
    account_change: "A change to an account as a whole.",
    brand_visible: "What the public sees under our name.",
    deadline_approval: "An approval that is needed before a date.",
    production_down: "Production is down and the ordinary repair did not help.",
    secret_leak: "A secret got out.",
  },
  fleet: {
    pool_restart: "Restart a connection or worker pool.",
    project_restore: "Pause a project and restore it.",
    function_redeploy: "Deploy a function again as it was.",
    agent_kickstart: "Start an agent that stands still.",
    session_refresh: "Refresh a session that has ended.",
    browser_click: "Click through a dialog that waits.",
    queue_drain: "Drain a queue.",
    cron_rearm: "Arm a schedule again.",
    cache_flush: "Flush a cache.",
    connection_kill: "Kill a connection that is stuck.",
  },
};

/** The routing table that ships (origins C3). A tenant's own rows stand before it. */
export const shippedRoutes: readonly Topic[] = deciders.flatMap((goes_to) =>
  Object.entries(shippedTopics[goes_to]).map(([topic, about]) => ({ topic, goes_to, about })),
);

/**
 * The names that are nearest to one that is not known, best first: those that share a word with it, then those that are
 * few letters away. For a hint; nothing is decided by it.
 */
export function nearest(wanted: string, topics: readonly string[], count = 3): string[] {
  const words = new Set(wanted.toLowerCase().split(/[^a-z0-9]+/));
  const away = (topic: string) => {
    const shared = topic.split("_").filter((word) => words.has(word)).length;
    return distance(wanted.toLowerCase(), topic) - shared * SHARED_WORD_WORTH;
  };
  return topics.toSorted((a, b) => away(a) - away(b) || (a < b ? -1 : 1)).slice(0, count);
}

/** A whole word in common says more than any number of letters: no topic is longer. */
const SHARED_WORD_WORTH = 60;

/** How many letters have to be put in, taken out or changed (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [line, letter] of [...from].entries()) {
    const next = [line + 1];
    for (let column = 1; column <= to.length; column++) {
      const change = row[column - 1]! + (to[column - 1] === letter ? 0 : 1);
      next.push(Math.min(change, row[column]! + 1, next[column - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
