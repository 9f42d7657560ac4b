import { hash, randomBytes } from "node:crypto";
import { tokenWorthless } from "../../kernel/refusals.ts";
import type { Database, TenantTransaction } from "../../kernel/database.ts";
import type { Role } from "../../kernel/operation.ts";
import type { Authority, Credential } from "../../kernel/ports.ts";
import { statements } from "../../kernel/sql.ts";

const sql = statements("seats", "token_holder", "inner_holder");

/** A seat's token outlives a week away with room to spare. */
export const TOKEN_DAYS = 30;
export const TOKEN_DAYS_MAX = 366;
/** Long enough to walk from the terminal to the browser. */
export const SIGN_IN_SECONDS = 15 * 60;

/** Longest-used tokens stay in memory; beyond this many the oldest is forgotten and read anew. */
const CREDENTIALS_MAX = 20_000;

/** A new token: a recognisable prefix, so that secret scanners find it, and 256 random bits. */
export function newToken(): { token: string; token_hash: Buffer } {
  const token = `lw_${randomBytes(32).toString("base64url")}`;
  return { token, token_hash: hashToken(token) };
}

export function hashToken(token: string): Buffer {
  return Buffer.from(keyOf(token), "binary");
}

/** The hash as a string, which a map can be asked by. */
const keyOf = (token: string) => hash("sha256", token, "binary");

/** An inner caller has no token, and so none that could be revoked. */
const NO_TOKEN = Buffer.alloc(0);

type Holder = {
  tenant_id: number;
  tenant: string;
  principal_id: number;
  name: string;
  role: Role;
  incarnation: string | null;
  scope: string;
  expires_at: Date | null;
  authority_revision: number;
  reach?: string[] | null;
  stands_in_for?: Role[];
};

/**
 * Who holds which token. Answers from memory; what it remembers counts only while the tenant's authority revision,
 * which every transaction reads anew under its lock, is still the same. So a revoked token is dead at once, on
 * every node, and a live one costs no query.
 */
export function rememberingAuthority(): Authority {
  /** By the token's hash: no token stays in memory. */
  const remembered = new Map<string, Credential>();
  /** What is being read of tokens that are not remembered. */
  const coming = new Map<string, Promise<Credential | null>>();

  async function read(database: Database, key: string): Promise<Credential | null> {
    const token_hash = Buffer.from(key, "binary");
    // Without a name: the names of prepared statements belong to the transactions' flights.
    const { rows } = await database.pool.query<Holder>({ text: sql.token_holder.text, values: [token_hash] });
    if (!rows[0]) return null;
    const credential = credentialOf(rows[0], token_hash);
    remembered.set(key, credential);
    if (remembered.size > CREDENTIALS_MAX) remembered.delete(remembered.keys().next().value!);
    return credential;
  }

  return {
    async credential(database: Database, token: string, how?: "anew") {
      const key = keyOf(token);
      if (how === undefined) {
        const known = remembered.get(key);
        if (known) return known;
        // Requests that come at once share one reading, and stay in the order in which they came. That nobody holds
        // the token is not shared: it may have come to count since that was asked.
        const sharing = coming.get(key);
        const shared = sharing && (await sharing);
        if (shared) return shared;
      }
      const reading = read(database, key).finally(() => coming.get(key) === reading && coming.delete(key));
      coming.set(key, reading);
      const credential = await reading;
      if (credential === null) throw tokenWorthless();
      return credential;
    },

    async inner(database: Database, tenant_id: number, name: string) {
      const tx = await database.begin(tenant_id, "read only");
      let holder: Holder | undefined;
      try {
        [holder] = await tx.all<Holder>(sql.inner_holder, { name });
        await tx.commit();
      } catch (error) {
        // Without this the connection would be lost to the pool, and the end of the pool would wait for it for ever.
        throw await tx.rollback(error);
      }
      if (!holder) throw new Error(`tenant ${tenant_id} has no principal ${name}`);
      const credential = credentialOf({ ...holder, scope: "full" }, NO_TOKEN);
      return { ...credential, caller: { ...credential.caller, inside: true } };
    },

    async renewed(tx: TenantTransaction, credential: Credential) {
      if (credential.token_hash.length === 0) return credential;
      const [holder] = await tx.all<Holder>(sql.token_holder, { token_hash: credential.token_hash });
      // What is read in a transaction may be undone with it: the next request reads for itself.
      remembered.delete(credential.token_hash.toString("binary"));
      return holder ? credentialOf(holder, credential.token_hash) : null;
    },
  };
}

function credentialOf(holder: Holder, token_hash: Buffer): Credential {
  const { tenant_id, tenant, principal_id, name, role, incarnation, reach, stands_in_for = [] } = holder;
  return {
    caller: {
      ...{ tenant_id, tenant, principal_id, name, role, incarnation },
      ...(reach ? { scope: reach } : {}),
      ...(stands_in_for.length > 0 ? { stands_in_for } : {}),
    },
    token_hash,
    authority_revision: holder.authority_revision,
    expires_at: holder.expires_at,
    scope: holder.scope as Credential["scope"],
  };
}
