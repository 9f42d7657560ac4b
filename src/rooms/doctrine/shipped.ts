import { landingRules, type Shipped, workRules } from "./shipped_rules.ts";
import { contentOf, digestOf, type DoctrineRecord, Said } from "./record.ts";

/**
 * The records that every tenant begins with: rules of the founding fleets that the rooms of this server hold, in our
 * own words. They are data of this release and cost no tenant a row, until something is first written about one: then
 * its words are kept as they were, so that a later release changes nobody's rules. Their year is 0000, which no record
 * of a tenant has.
 */
const DATED = "2026-05-01";
/** A hard rule ends or is renewed; a review opens by itself then. */
const SUNSET = "2027-06-30";
const REVIEW_DAYS = 90;
/** They were observed, and their mechanisms run (a gate asks): what the ledger has to show is that they hold. */

function whole(given: Shipped, index: number): DoctrineRecord {
  const id = `ORA-0000-${String(index + 1).padStart(4, "0")}`;
  const isHard = given.mechanisms.some((one) => !one.startsWith("event:"));
  const gates = given.gates ?? [
    "M1: observations_at_least n=1",
    ...(given.mechanisms.length > 0 ? ["M2: mechanism_runs"] : []),
    ...(isHard ? ["M3: no_violation window=P7D", "M4: no_bypass window=P7D"] : []),
  ];
  const words = Said.parse({
    ...given.words,
    type: "doctrine",
    source: "The founding fleets",
    review_days: REVIEW_DAYS,
    gates,
    adopts: true,
  });
  return {
    ...words,
    ...{ id, dated: DATED, digest: digestOf({ ...words, id, dated: DATED }, {}), shipped: true, extra: {} },
    ...{
      maturity: given.mechanisms.length > 0 ? 2 : 1,
      maturity_since: null,
      held_down: false,
      watched_since: null,
      proposed: null,
      superseded_by: null,
    },
    ...{ observations: words.evidence.length, review_on: null, reviewed_at: null, mechanisms: given.mechanisms },
    mode: given.mechanisms.length === 0 ? "text" : isHard ? "reject" : "warn",
    sunset_on: isHard ? SUNSET : null,
  };
}

const given = [...workRules, ...landingRules];

export const shipped: readonly DoctrineRecord[] = given.map(whole);

/** What a seat starts with while its tenant has said nothing else, in this order. */
export const shippedPrinciples: readonly string[] = shipped
  .filter((_, index) => given[index]!.principle)
  .map(({ id }) => id);

/** The columns of a record that is kept. */
export function columnsOf(record: DoctrineRecord): { [column: string]: unknown } {
  const { id, type, title, rule, tags, dated, digest, mode, mechanisms, sunset_on, observations } = record;
  const content = JSON.stringify(contentOf(record, record.extra));
  return { id, type, title, rule, tags, dated, digest, mode, mechanisms, sunset_on, observations, content };
}
