import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import files from "@fastify/static";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { POLICY, sendPage } from "./page.ts";

/** From src/surfaces/http and from dist alike: the package's root has the directory `web`. */
const root = (() => {
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at))
    if (existsSync(join(at, "package.json")) || at === dirname(at)) return join(at, "web", "dist");
})();

const YEAR_SECONDS = 31_536_000;

/**
 * The console, which is a client of this API without any right of its own: static files, and for each address that a
 * person may have bookmarked the one page that reads it. It holds no secret, so it is served to everyone; what it
 * shows, it asks for with the session's cookie.
 */
export async function consolePages(app: FastifyInstance): Promise<void> {
  await app.register(files, {
    root: join(root, "assets"),
    prefix: "/assets/",
    preCompressed: true,
    // Their names carry the hash of what is in them.
    maxAge: YEAR_SECONDS * 1000,
    immutable: true,
    index: false,
  });
  app.get("/icon.svg", (_, reply) => reply.sendFile("icon.svg", root));
  app.get("/", (_, reply) => sendConsole(reply));
}

/** Whether somebody who asks for this wants a page of the console: its addresses are made in the browser. */
export function wantsPage({ method, url, headers }: FastifyRequest): boolean {
  const [path = ""] = url.split("?");
  // A file that a browser looks for by itself stands at the top; below it, a name may have a dot.
  const isOurs = !/^\/(v1|access|assets|mcp|docs)\b/.test(path) && !/^\/[^/]*\.\w+$/.test(path);
  return method === "GET" && isOurs && (headers.accept ?? "").includes("text/html");
}

/** The console's only page. Where it is not built, one that says how. */
export function sendConsole(reply: FastifyReply): FastifyReply {
  if (!existsSync(join(root, "index.html")))
    return sendPage(
      reply.header("refresh", "3"),
      "Longwatch",
      `<h1>The console is being built</h1><p>This page opens it when it is ready, in about half a minute.</p>
       <p class="quiet">The server serves meanwhile: <a href="/docs">its API</a>.</p>`,
    );
  // Its forms tell this server, and nobody else, where they come from: signing out needs it (token.ts).
  reply.header("content-security-policy", POLICY).header("referrer-policy", "same-origin");
  // Kept, and asked for again each time: after an upgrade it names other files.
  return reply.header("cache-control", "no-cache").sendFile("index.html", root, { cacheControl: false });
}
