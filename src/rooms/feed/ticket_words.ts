import type { Reader } from "../../kernel/database.ts";
import { findTickets, idsIn, readMarkers, type Row } from "../tickets/index.ts";

/** Owners that are no seat (origins A2): a lane, or a pool of a lane's idle seats. */
const LANE_OWNER = /^(?:any-idle-(.+)-[^-]+|(.+)-lane)$/;
/** lane:family:artifact, as long as ticket.file takes it; `none` and the like are no key. */
const SURFACE_KEY = /^(?=\S{1,200}(?:\s|$))[^\s:]+:[^\s:]+:\S+/;

type Content = { owner?: string | undefined; lane?: string | undefined; parent?: string; surface_key?: string };

/** What a filing post says of its ticket beside subject and body, as the founding fleets write it (origins A2). */
export async function contentOf(
  db: Reader,
  { body, owner, lane }: { body: string; owner?: string | undefined; lane?: string | undefined },
): Promise<{ content: Content; warnings: string[] }> {
  const markers = readMarkers(body);
  const said = (name: string) => markers.find(({ marker }) => marker === name)?.value ?? "";
  const [, pool, queue] = LANE_OWNER.exec(owner ?? "") ?? [];
  const of = pool ?? queue;
  const content: Content = of === undefined ? { owner: owner === "UNCLAIMED" ? undefined : owner, lane } : { lane: of };
  const warnings =
    of === undefined ? [] : [`${owner} is no seat: it waits in lane ${of}, for whoever claims it first.`];
  const surface_key = SURFACE_KEY.exec(said("SURFACE_KEY"))?.[0];
  if (surface_key !== undefined) content.surface_key = surface_key;
  const [parent] = idsIn(said("PARENT"));
  if (parent !== undefined && (await findTickets(db, [parent])).has(parent)) content.parent = parent;
  else if (parent !== undefined) warnings.push(`PARENT: there is no ticket ${parent}; it was filed without a parent.`);
  return { content, warnings };
}

/** A post of a ticket that is there moves its state alone; its author is told what else it said and left as it was. */
export function leftAlone(
  row: Row,
  { state, owner, lane }: { state: string; owner?: string | undefined; lane?: string | undefined },
): string[] {
  // Who claims or finishes it is its owner in the fleets' words, whatever was said of it before.
  if (["CLAIMED", "IN_PROGRESS", "DONE"].includes(state)) return [];
  const fields = [
    ...(owner === undefined || owner === (row.owner ?? "UNCLAIMED") ? [] : ["owner"]),
    ...(lane === undefined || lane === row.lane ? [] : ["lane"]),
  ];
  if (fields.length === 0) return [];
  const assign = `ticket.assign {id, ${fields.join(", ")}, reason} does`;
  return [`A post does not change the ${fields.join(" and ")} of a ticket that is there: ${assign}.`];
}
