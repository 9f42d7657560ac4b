import { z } from "zod";
import { query } from "../../kernel/operation.ts";
import { statements } from "../../kernel/sql.ts";

/** Who besides the seats can say anything here, and whose installation this is. */
const sql = statements("seats", "live_tokens", "tenants");

/** Of each holder, the newest; nobody reads more sessions than this. */
const TOKENS_MAX = 50;

type Row = {
  name: string;
  kind: string;
  role: string;
  scope: string | null;
  created_at: Date | null;
  expires_at: Date | null;
};

export const listTokens = query({
  name: "token.list",
  summary: "List people and services with their tokens that still hold. The tokens themselves are known to nobody.",
  input: z.object({}),
  output: z.object({
    holders: z.array(
      z.object({
        name: z.string(),
        kind: z.string().describe("A person or a service; a seat's one token goes with its session."),
        role: z.string(),
        tokens: z
          .array(
            z.object({
              scope: z.string().describe("full, read, or a one-time sign_in."),
              issued_at: z.iso.datetime(),
              expires_at: z.iso.datetime(),
            }),
          )
          .describe("The newest first, at most 50."),
      }),
    ),
  }),
  may: ["operator", "auditor", "steward"],
  said_by: "programs",
  refuses: [],
  async read({ db }) {
    const rows = await db.all<Row>(sql.live_tokens, { limit: TOKENS_MAX });
    const holders = [...Map.groupBy(rows, ({ name }) => name).values()].map((own) => {
      const { name, kind, role } = own[0]!;
      const tokens = own.flatMap(({ scope, created_at, expires_at }) =>
        scope === null ? [] : [{ scope, issued_at: created_at!.toISOString(), expires_at: expires_at!.toISOString() }],
      );
      return { name, kind, role, tokens };
    });
    return { holders };
  },
});

export const listTenants = query({
  name: "tenant.list",
  summary: "List the tenants of this installation. Whoever is not of the first one sees only his own.",
  input: z.object({}),
  output: z.object({
    tenants: z.array(z.object({ tenant: z.string(), own: z.boolean().describe("Whether it is the reader's.") })),
    opens: z.boolean().describe("Whether tenant.open may be said here: in the first tenant only."),
  }),
  may: ["operator", "auditor"],
  said_by: "programs",
  refuses: [],
  async read({ db, caller: { tenant_id, tenant } }) {
    const opens = tenant_id === 1;
    const names = opens ? (await db.all<{ name: string }>(sql.tenants)).map(({ name }) => name) : [tenant];
    return { tenants: names.map((name) => ({ tenant: name, own: name === tenant })), opens };
  },
});
