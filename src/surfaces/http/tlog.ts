import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Door } from "../../kernel/door.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { parseTilePath, TILE_WIDTH } from "../../tlog/tiles.ts";
import { tokenOf } from "./token.ts";

const compress = promisify(gzip);

/** Levels and indexes beyond these name nothing in any log: 2^53 entries have seven levels. */
const LEVEL_MAX = 7;

export type TlogOptions = {
  door: Door;
  /** The tenant of that name if its log is open to everyone. */
  publicLog(tenant: string): Promise<number | null>;
};

/** How this reader asks: as the holder of a token, or as nobody where the log is open to everyone. */
type Reading = { audience: "public" | "private"; ask(query: string, input: object): Promise<unknown> };

/**
 * A tenant's transparency log as static files (C2SP tlog-tiles): `/ledger/<tenant>/checkpoint`, `…/tile/<L>/<N>` and
 * `…/tile/entries/<N>`. There is one spelling of each path; every other one is a 404, as is every log that the reader
 * may not see.
 */
export function tlogRoutes(app: FastifyInstance, options: TlogOptions): void {
  app.get("/ledger/:tenant/checkpoint", async (request, reply) => {
    const reading = await readingOf(request, options);
    if (pathOf(request) !== "checkpoint") throw nothingAt(request);
    const { note } = (await found(reading.ask("ledger.checkpoint", {}), request)) as { note: string };
    // Mutable, and dear to nobody: always asked for again, answered 304 while it is the same.
    reply.header("cache-control", "no-cache").type("text/plain; charset=utf-8");
    return send(request, reply, reading, Buffer.from(note));
  });

  app.get("/ledger/:tenant/tile/*", async (request, reply) => {
    const reading = await readingOf(request, options);
    const tile = tileOf(request);
    if (tile === null || tile.level > LEVEL_MAX) throw nothingAt(request);
    const { kind, level, index, width } = tile;
    const body = await found(
      kind === "hashes"
        ? reading.ask("ledger.tile", { level, index, width }).then((answer) => (answer as { hashes: string }).hashes)
        : reading.ask("ledger.bundle", { index, width }).then((answer) => (answer as { entries: string }).entries),
      request,
    );
    // A partial tile is as immutable as a full one, but is soon of no use to anybody.
    const age = width === TILE_WIDTH ? "max-age=31536000, immutable" : "max-age=3600, immutable";
    reply.header("cache-control", `${reading.audience}, ${age}`).type("application/octet-stream");
    return send(request, reply, reading, Buffer.from(body, "base64"), kind === "entries");
  });
}

function tileOf(request: FastifyRequest) {
  const path = pathOf(request);
  return path === null ? null : parseTilePath(path);
}

/** The path below the log's name, as it was sent: what a router decodes or folds would be a second spelling. */
function pathOf(request: FastifyRequest): string | null {
  const prefix = `/ledger/${tenantOf(request)}/`;
  const path = request.url.split("?", 1)[0]!;
  return path.startsWith(prefix) ? path.slice(prefix.length) : null;
}

function tenantOf(request: FastifyRequest): string {
  return (request.params as { tenant: string }).tenant;
}

async function readingOf(request: FastifyRequest, { door, publicLog }: TlogOptions): Promise<Reading> {
  const tenant = tenantOf(request);
  const open = /^[a-z][a-z0-9-]{0,39}$/.test(tenant) ? await publicLog(tenant) : null;
  if (open !== null)
    return { audience: "public", ask: (query, input) => door.askInside(open, "longwatch", query, input) };
  const token = tokenOf(request);
  const caller = await door.identify(token);
  if (caller.tenant !== tenant) throw nothingAt(request);
  return { audience: "private", ask: (query, input) => door.ask(token, query, input) };
}

/** What the log does not have is not there, whatever the reason. */
async function found<T>(answer: Promise<T>, request: FastifyRequest): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Refusal && /^(checkpoint\.|tile\.)/.test(error.code))
      throw new Refusal("missing", error.code, error.message, { hint: error.hint, facts: error.facts });
    if (error instanceof Refusal && error.code === "input.invalid") throw nothingAt(request);
    throw error;
  }
}

function nothingAt(request: FastifyRequest): Refusal {
  return new Refusal("missing", "path.unknown", `There is nothing at ${request.url.split("?", 1)[0]}.`, {
    hint: "A log is at /ledger/<tenant>/checkpoint; its tiles are where C2SP tlog-tiles puts them.",
  });
}

async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { audience }: Reading,
  bytes: Buffer,
  isCompressible = false,
): Promise<FastifyReply> {
  const packed = isCompressible && takesGzip(request);
  const vary = [audience === "private" && "authorization, cookie", isCompressible && "accept-encoding"].filter(Boolean);
  if (vary.length > 0) reply.header("vary", vary.join(", "));
  // Two encodings of one tile are two representations, and a strong tag names one.
  const digest = createHash("sha256").update(bytes).digest("base64url").slice(0, 22);
  const tag = `"${digest}${packed ? "-gzip" : ""}"`;
  reply.header("etag", tag);
  if (isKnown(request, tag)) return reply.code(304).send();
  if (!packed) return reply.send(bytes);
  return reply.header("content-encoding", "gzip").send(await compress(bytes, { level: 1 }));
}

function isKnown(request: FastifyRequest, tag: string): boolean {
  const header = request.headers["if-none-match"];
  if (header === undefined) return false;
  return header.split(",").some((one) => one.trim() === "*" || one.trim().replace(/^W\//, "") === tag);
}

function takesGzip(request: FastifyRequest): boolean {
  const header = request.headers["accept-encoding"];
  const codings = (Array.isArray(header) ? header.join(",") : (header ?? "")).toLowerCase().split(",");
  return codings.some((coding) => {
    const [name, ...parameters] = coding.split(";").map((part) => part.trim());
    return name === "gzip" && !parameters.some((one) => /^q=0(\.0*)?$/.test(one));
  });
}
