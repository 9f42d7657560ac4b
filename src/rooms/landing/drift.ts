import { z } from "zod";
import { query, roles } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";
import { entriesAfter } from "../ledger/index.ts";

const sql = statements("landing", "standing_of_deploys", "standing_of_merges", "standing_of_the_rest");

type Fields = Record<string, string | null>;
type Entry = { kind: string; subject: string | null; data: Record<string, unknown> };

/** What the ledger alone says of the landing: of each thing, by its sort and name, its fields as text. */
class Told {
  readonly things = new Map<string, Fields>();

  /** The pure fold, one entry after the other. */
  add({ kind, data }: Entry): void {
    const [noun] = kind.split(".");
    if (noun === "deploy" || noun === "release" || noun === "failure") this.#deployed(kind, data);
    else if (noun === "environment" || noun === "binding") this.#placed(kind, data);
    else if (noun === "merge") this.#merged(kind, data);
    else this.#kept(kind, data);
  }

  #set(thing: string, fields: Record<string, unknown>): void {
    const known = this.things.get(thing) ?? {};
    for (const [field, value] of Object.entries(fields)) known[field] = value == null ? null : String(value);
    this.things.set(thing, known);
  }

  #deployed(kind: string, data: Record<string, unknown>): void {
    const deploy = `deploy ${data.deploy}`;
    const environment = `environment ${data.environment}`;
    switch (kind) {
      case "deploy.begun": {
        const begun = { state: "running", stage: "claimed", attempt: 1, withdrawn_by: null };
        return this.#set(deploy, { ...begun, environment: data.environment, ticket: data.ticket, sha: data.sha });
      }
      case "deploy.advanced":
        return this.#set(deploy, { stage: data.stage });
      case "deploy.closure_whole":
      case "deploy.closure_forced":
        return this.#set(deploy, { stage: "closure" });
      case "deploy.refused":
        return this.#set(deploy, { stage: "closure", state: "refused" });
      case "deploy.lapsed":
      case "deploy.abandoned":
        return this.#set(deploy, { state: data.state });
      case "deploy.recovering":
        return this.#set(deploy, { state: "running", stage: "recover", attempt: data.attempt });
      case "deploy.settled":
        return this.#set(deploy, { state: data.outcome });
      case "release.landed":
        return this.#set(environment, { good_deploy: data.deploy });
      case "release.withdrawn":
        return this.#set(`deploy ${data.landed_by}`, { withdrawn_by: data.deploy });
      case "failure.opened":
        return this.#set(`failure ${data.failure}`, { mended_by: null });
      case "failure.mended":
        return this.#set(`failure ${data.failure}`, { mended_by: data.deploy });
    }
  }

  #placed(kind: string, data: Record<string, unknown>): void {
    const environment = `environment ${data.environment}`;
    if (kind === "environment.defined") this.#set(environment, { owner: null, good_deploy: null });
    if (kind.startsWith("environment.")) this.#set(environment, { version: data.version });
    if (kind === "binding.released") this.#set(environment, { owner: null });
    else if (kind.startsWith("binding.")) this.#set(environment, { owner: data.owner });
  }

  #merged(kind: string, { repository, branch, merges }: Record<string, unknown>): void {
    for (const { ticket, commit } of merges as { ticket: string; commit: string }[]) {
      const merge = `merge ${repository} ${branch} ${commit} ${ticket}`;
      if (kind === "merge.seen") this.#set(merge, {});
      else this.things.delete(merge);
    }
  }

  #kept(kind: string, data: Record<string, unknown>): void {
    const credential = `credential ${data.name}`;
    const debt = `debt ${data.repository} ${data.branch}`;
    if (kind === "credential.registered") this.#set(credential, { guarded: true });
    else if (kind === "credential.guarded") this.#set(credential, { guarded: true });
    else if (kind === "credential.unguarded") this.#set(credential, { guarded: false });
    else if (kind === "credential.retired") this.things.delete(credential);
    else if (kind === "debt.raised") this.#set(debt, {});
    else if (kind === "debt.settled") this.things.delete(debt);
    else if (kind === "webhook.opened") this.#set(`webhook ${data.name}`, { round: data.round, open: true });
    else if (kind === "webhook.closed") this.#set(`webhook ${data.name}`, { open: false });
  }
}

/** Rows compared at a time. */
const ROWS_A_READ = 5_000;
const DIFFERENCES_MAX = 1_000;

const Difference = z.object({
  thing: z.string().describe("deploy 7, environment production, merge acme/shop main 1a2b3c4 CMB-0001."),
  field: z.string(),
  ledger: z.string().nullable(),
  table: z.string().nullable(),
});

export const drift = query({
  name: "landing.drift",
  summary: "Fold the whole ledger and compare what it gives of deploys and merges with the tables: they must agree.",
  input: z.object({}),
  output: z.object({
    entries: z.int().describe("Ledger entries folded."),
    things: z.int().describe("Deploys, environments, failures, merges and the rest that were compared."),
    differences: z.int().describe("How many differences there are; the first 1,000 are listed."),
    found: z.array(Difference),
  }),
  may: roles,
  said_by: "programs",
  refuses: [],
  async read({ db }) {
    const told = new Told();
    let entries = 0;
    for await (const entry of entriesAfter(db, 0)) {
      told.add(entry);
      entries++;
    }
    const found: z.output<typeof Difference>[] = [];
    const count = { things: 0, differences: 0 };
    const differ = (thing: string, field: string, ledger: string | null, table: string | null) => {
      count.differences++;
      if (found.length < DIFFERENCES_MAX) found.push({ thing, field, ledger, table });
    };
    const compare = (rows: readonly Row[]) => {
      for (const { thing, fields } of rows) {
        count.things++;
        const said = told.things.get(thing);
        told.things.delete(thing);
        if (!said) differ(thing, "", null, "is there");
        else
          for (const [field, value] of Object.entries(fields))
            if ((said[field] ?? null) !== value) differ(thing, field, said[field] ?? null, value);
      }
      return rows.length === ROWS_A_READ;
    };
    type Row = {
      thing: string;
      fields: Fields;
      id: number;
      ticket_id: string;
      repository: string;
      branch: string;
      commit: string;
    };
    compare(await db.all<Row>(sql.standing_of_the_rest));
    for (let after = 0; ;) {
      const rows = await db.all<Row>(sql.standing_of_deploys, { after, limit: ROWS_A_READ });
      if (!compare(rows)) break;
      after = rows.at(-1)!.id;
    }
    for (let after = ["", "", "", ""]; ;) {
      const [ticket, repository, branch, commit] = after;
      const page = { ticket, repository, branch, commit, limit: ROWS_A_READ };
      const rows = await db.all<Row>(sql.standing_of_merges, page);
      if (!compare(rows)) break;
      const last = rows.at(-1)!;
      after = [last.ticket_id, last.repository, last.branch, last.commit];
    }
    for (const thing of told.things.keys()) differ(thing, "", "is there", null);
    return { entries, ...count, found };
  },
});
