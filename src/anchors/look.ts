import type { Database, TenantTransaction } from "../kernel/database.ts";

/** Reads of one tenant, in a read-only transaction outside the door. */
export async function look<T>(
  database: Database,
  tenant_id: number,
  read: (tx: TenantTransaction) => Promise<T>,
): Promise<T> {
  const tx = await database.begin(tenant_id, "read only");
  try {
    const found = await read(tx);
    await tx.commit();
    return found;
  } catch (error) {
    throw await tx.rollback(error);
  }
}
