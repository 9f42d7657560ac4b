import { request as overHttp } from "node:http";
import { request as overHttps } from "node:https";

/** What one look at a health URL found. */
export type Served = {
  /** It answered 2xx in time. */
  healthy: boolean;
  /** The release that it names; null when it names none. */
  release: string | null;
  /** In words: what was wrong, or what is served. */
  how: string;
};

const ANSWER_MS = 2000;
const BODY_BYTES_MAX = 1 << 20;

/** Looks once. It never throws; whatever goes wrong is what was found. */
export function look(health_url: string, release_pointer: string, signal?: AbortSignal): Promise<Served> {
  const until = AbortSignal.timeout(ANSWER_MS);
  return new Promise((done) => {
    const failed = (how: string) => done({ healthy: false, release: null, how });
    const request = health_url.startsWith("https:") ? overHttps : overHttp;
    const headers = { accept: "application/json", "user-agent": "longwatch", connection: "close" };
    const options = { agent: false, headers, signal: signal ? AbortSignal.any([signal, until]) : until } as const;
    const asked = request(health_url, options, (answer) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      answer.on("data", (part: Buffer) => {
        parts.push(part);
        if ((bytes += part.length) > BODY_BYTES_MAX) asked.destroy(new Error("the answer is larger than 1 MB"));
      });
      answer.on("error", (error) => failed(error.message));
      answer.on("end", () => {
        const status = answer.statusCode ?? 0;
        const release = releaseIn(Buffer.concat(parts).toString(), release_pointer);
        if (status < 200 || status > 299) return done({ healthy: false, release, how: `it answers ${status}` });
        done({ healthy: true, release, how: release === null ? "it names no release" : `it serves ${release}` });
      });
    });
    asked.on("error", (error: NodeJS.ErrnoException) =>
      failed(until.aborted ? `no answer within ${ANSWER_MS} ms` : `no answer (${error.code ?? error.message})`),
    );
    asked.end();
  });
}

/** The release id at a JSON Pointer (RFC 6901); the whole body, without the space around it, at the empty one. */
export function releaseIn(body: string, pointer: string): string | null {
  if (pointer === "") return body.trim() || null;
  let at: unknown;
  try {
    at = JSON.parse(body);
  } catch {
    return null;
  }
  for (const part of pointer.slice(1).split("/")) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return null;
    at = (at as Record<string, unknown>)[key];
  }
  return typeof at === "string" || typeof at === "number" ? String(at) || null : null;
}
