import type { FastifyInstance, FastifyReply } from "fastify";
import type { Logger } from "pino";
import type { Door } from "../../kernel/door.ts";
import { Refusal, refusalKinds } from "../../kernel/refusal.ts";
import { NoteError } from "../../tlog/note.ts";
import { parseAddCheckpoint } from "../../tlog/witness.ts";

export type WitnessOptions = {
  door: Door;
  /** The tenant whose operator says which logs are watched. */
  tenant_id: number;
  /** Signs the text of a checkpoint as of a time; answers the signature line. */
  cosign(text: string, unix_seconds: number): string;
  log: Logger;
};

/** The proof's 63 lines and a note with a hundred signatures of the usual sort. */
const BODY_BYTES_MAX = 64 * 1024;
/** A log that asks again for the checkpoint it has gets that so often at once, and then one a second. */
const REPEATS_AT_ONCE = 30;

type Answer = { status: number; content_type: string; body: string };
type Considered = Answer & { text: string | null; unix_seconds: number | null };

/**
 * `POST /witness/add-checkpoint` (C2SP tlog-witness). It needs no token: a request counts by the signature of a key
 * that the operator registered with witness.watch. What would be refused is refused by a mere reading, so that a
 * stranger does not hold up those who write; the rest is decided again with the log's row locked, and cosigned when
 * that is durable.
 */
export function witnessRoutes(app: FastifyInstance, { door, tenant_id, cosign, log }: WitnessOptions): void {
  const repeats = new Allowance(REPEATS_AT_ONCE);

  async function answer(body: Buffer): Promise<Answer> {
    const text = textOf(body);
    const { checkpoint, old_size } = parseAddCheckpoint(text);
    const before = (await door.askInside(tenant_id, "longwatch", "witness.known", { body: text })) as Answer;
    if (before.status !== 200) return before;
    // Only what is known and signed comes here, so the names are as many as the operator has registered.
    if (old_size === checkpoint.size && !repeats.take(checkpoint.origin))
      return plain(429, "This checkpoint was cosigned often enough just now; come back in a second.");
    const said = await door.sayInside(tenant_id, "longwatch", "witness.consider", { body: text });
    const considered = said.output as Considered;
    if (considered.text === null) return considered;
    return { ...considered, body: `${cosign(considered.text, considered.unix_seconds!)}\n` };
  }

  app.register(async (scope) => {
    // The specification names no type for the request; whatever it says, it is these bytes.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: BODY_BYTES_MAX }, (_, body, done) =>
      done(null, body),
    );
    scope.setErrorHandler((error, _, reply) => send(reply, answerTo(error, log)));
    scope.post("/witness/add-checkpoint", { bodyLimit: BODY_BYTES_MAX }, async (request, reply) =>
      send(reply, await answer((request.body as Buffer | undefined) ?? Buffer.alloc(0))),
    );
  });
}

function send(reply: FastifyReply, { status, content_type, body }: Answer): FastifyReply {
  if (status === 429 || status === 503 || status === 504) reply.header("retry-after", "1");
  return reply.code(status).header("cache-control", "no-store").type(content_type).send(body);
}

function textOf(body: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    throw new NoteError("malformed", "This is no add-checkpoint request: it is not UTF-8.");
  }
}

/** Programs read the status, people the line. */
function answerTo(error: unknown, log: Logger): Answer {
  if (error instanceof NoteError) return plain(400, error.message);
  if (error instanceof Refusal)
    return plain(error.kind === "invalid" ? 400 : refusalKinds[error.kind].status, error.message);
  const { statusCode, message } = error as { statusCode?: number; message: string };
  if (statusCode === 413) return plain(413, `The request is larger than ${BODY_BYTES_MAX} bytes.`);
  if (statusCode !== undefined && statusCode < 500) return plain(400, `The request cannot be read: ${message}`);
  log.error({ err: error }, "a request to the witness failed; this is a bug");
  return plain(500, "Longwatch failed on this request.");
}

function plain(status: number, message: string): Answer {
  return { status, content_type: "text/plain; charset=utf-8", body: `${message}\n` };
}

/** So many at once for each name, refilled by one a second. */
class Allowance {
  readonly #most: number;
  #left = new Map<string, { count: number; at: number }>();

  constructor(most: number) {
    this.#most = most;
  }

  take(name: string): boolean {
    const now = performance.now() / 1000;
    const { count, at } = this.#left.get(name) ?? { count: this.#most, at: now };
    const left = Math.min(this.#most, count + now - at);
    this.#left.set(name, { count: left < 1 ? left : left - 1, at: now });
    return left >= 1;
  }
}
