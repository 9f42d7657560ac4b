import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { verify } from "@octokit/webhooks-methods";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Door } from "../../kernel/door.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { BODY_BYTES_MAX as USUAL_BYTES_MAX } from "./refusing.ts";
import { webhookSecret } from "./webhook_secret.ts";

export type WebhookOptions = {
  door: Door;
  /** What every webhook's secret is made of; it is nowhere in the database. */
  key: Buffer;
  /** A tenant by its name. */
  tenantOf(name: string): Promise<number | null>;
};

/** GitHub delivers up to 25 MB, and a push of a thousand commits is one; larger ones are told by git itself. */
const BODY_BYTES_MAX = 8 * 1024 * 1024;
/**
 * Whoever has no secret can make the server hold so many large bodies at once, and no more. Those of the size that
 * every path takes are not counted: the provider's get in, however many others hold out their half a body.
 */
const AT_ONCE_MAX = 8;
/** Standard Webhooks: for so long a signed instant counts, before it and after. */
const TOLERANCE_SECONDS = 300;

type Expected = { provider: "github" | "gitlab"; round: number; now: string };
type Named = { tenant: string; hook: string };
type Delivery = { event: string; delivery: string };

/**
 * `POST /webhooks/<tenant>/<name>`: what GitHub and GitLab tell. It needs no token: a delivery counts by its signature
 * over the bytes that came, which is looked at before anything is read of them. What is said twice is known.
 */
export function webhookRoutes(app: FastifyInstance, { door, key, tenantOf }: WebhookOptions): void {
  let held = 0;

  async function answer(request: FastifyRequest<{ Params: Named }>): Promise<object> {
    const { tenant, hook: name } = request.params;
    const tenant_id = await tenantOf(tenant);
    if (tenant_id === null) throw unknown(name);
    const inside = { name };
    const { provider, round, now } = (await door.askInside(
      tenant_id,
      "longwatch",
      "webhook.expected",
      inside,
    )) as Expected;
    const body = (request.body as Buffer | undefined) ?? Buffer.alloc(0);
    const secret = webhookSecret(key, { tenant, name, round });
    const delivery = await (provider === "github" ? gitHub : gitLab)(request, body, secret, Date.parse(now));
    const digest = createHash("sha256").update(body).digest("hex");
    const input = { name, round, ...delivery, digest, payload: read(body) };
    return (await door.sayInside(tenant_id, "longwatch", "webhook.take", input)).output as object;
  }

  app.register(async (scope) => {
    // The signature is over bytes: nobody may read them first.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: BODY_BYTES_MAX }, (_, body, done) =>
      done(null, body),
    );
    scope.addHook("onRequest", async (request: FastifyRequest) => {
      if (Number(request.headers["content-length"]) <= USUAL_BYTES_MAX) return;
      if (held >= AT_ONCE_MAX) throw tooMany();
      held++;
      let isOver = false;
      const over = () => {
        if (!isOver) held--;
        isOver = true;
      };
      request.raw.once("close", over);
    });
    const options = { bodyLimit: BODY_BYTES_MAX };
    scope.post<{ Params: Named }>("/webhooks/:tenant/:hook", options, async (request, reply: FastifyReply) => {
      reply.header("cache-control", "no-store");
      return answer(request);
    });
  });
}

/** GitHub: HMAC of the body; its headers are not signed. */
async function gitHub(request: FastifyRequest, body: Buffer, secret: string): Promise<Delivery> {
  const signature = header(request, "x-hub-signature-256");
  const text = textOf(body);
  if (signature === null || text === "" || !(await verify(secret, text, signature))) throw unsigned();
  return named(header(request, "x-github-event"), header(request, "x-github-delivery"));
}

/** GitLab: a signature as Standard Webhooks has it, or, from older ones, the secret itself in a header. */
async function gitLab(request: FastifyRequest, body: Buffer, secret: string, now: number): Promise<Delivery> {
  const signatures = header(request, "webhook-signature");
  const id = header(request, "webhook-id");
  if (signatures !== null) {
    const at = header(request, "webhook-timestamp") ?? "";
    const isNow = /^\d{1,12}$/.test(at) && Math.abs(Number(at) * 1000 - now) <= TOLERANCE_SECONDS * 1000;
    const signed = createHmac("sha256", Buffer.from(secret.slice(secret.indexOf("_") + 1), "base64"));
    const right = `v1,${signed.update(`${id}.${at}.`).update(body).digest("base64")}`;
    // Every one is looked at, whichever is right.
    const those = signatures.split(" ").map((one) => isSame(one, right));
    if (id === null || !isNow || !those.includes(true)) throw unsigned();
  } else {
    const token = header(request, "x-gitlab-token");
    if (token === null || !isSame(token, secret)) throw unsigned();
  }
  const delivery = id ?? header(request, "idempotency-key") ?? header(request, "x-gitlab-event-uuid");
  return named(header(request, "x-gitlab-event"), delivery);
}

/** Takes the same time whatever is wrong, and however long it is. */
function isSame(given: string, right: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(right));
}

function header({ headers }: FastifyRequest, name: string): string | null {
  const value = headers[name];
  return typeof value === "string" && value !== "" ? value : null;
}

function named(event: string | null, delivery: string | null): Delivery {
  if (event !== null && delivery !== null) return { event, delivery };
  throw new Refusal("invalid", "delivery.unnamed", "The delivery does not say what it is, or which one.", {
    hint: "Its event and its id come in headers of the provider's.",
  });
}

/** Other bytes than these would have another signature. */
function textOf(body: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return "";
  }
}

function read(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new Refusal("invalid", "delivery.not_json", "The delivery is no JSON.", {
      hint: "Let the provider send application/json.",
    });
  }
}

function unknown(name: string): Refusal {
  return new Refusal("missing", "webhook.unknown", `There is no open webhook ${name}.`);
}

function unsigned(): Refusal {
  return new Refusal("unauthenticated", "delivery.unsigned", "The delivery has not the signature of this webhook.", {
    hint: "Give the provider the secret anew: longwatch webhook secret NAME prints it on the server's machine.",
  });
}

function tooMany(): Refusal {
  return new Refusal("unavailable", "delivery.too_many", "Too many deliveries at once.", { hint: "Send it again." });
}
