import type { QueryOutput } from "../../api/client.ts";
import { asked } from "../../api/queries.ts";

/** People and services, with their tokens that still hold. */
export type Holders = QueryOutput<"/v1/token/list">;

export const holders = asked("/v1/token/list");

/** The tenants of this installation. */
export const tenants = asked("/v1/tenant/list");
