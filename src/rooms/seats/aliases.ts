import type { Transaction } from "../../kernel/database.ts";
import { statements } from "../../kernel/sql.ts";

const sql = statements("seats", "insert_names");

/** Sends another name by which a principal is found from now on; one that it has stays. It travels with the commit. */
export function giveAlias(db: Transaction, principal_id: number, name: string): void {
  db.send(sql.insert_names, { names: [name], principal_ids: [principal_id], forms: ["alias"] });
}
