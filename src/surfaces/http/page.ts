import { createHash } from "node:crypto";
import type { FastifyReply } from "fastify";

/** An eye that stays open. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7"
fill="#0b5cad"/><path d="M3 16q13-15 26 0q-13 15-26 0z" fill="#fff"/>
<circle cx="16" cy="16" r="4.6" fill="#0b5cad"/></svg>`;

const STYLE = `
:root { color-scheme: light dark; --ink: #17212b; --paper: #f7f8fa; --card: #fff; --line: #d9dee5; --quiet: #5a6673;
  --accent: #0b5cad }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6ebf0; --paper: #10161d; --card: #18212b; --line: #2c3846; --quiet: #9aa8b6; --accent: #7cb8f5 }
}
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif }
main { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 2rem 2.5rem;
  max-width: 26rem; margin: 1rem }
svg { display: block; width: 2.6rem; margin-bottom: 1rem }
h1 { font-size: 1.35rem; margin: 0 0 .5rem }
button { font: inherit; font-weight: 600; padding: .6rem 1.4rem; border: 0; border-radius: 8px;
  background: var(--accent); color: var(--card); cursor: pointer }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px }
pre { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: .7rem 1rem;
  overflow-x: auto }
.quiet { color: var(--quiet); font-size: .9rem; margin-bottom: 0 }`;

/**
 * Our pages load what this server sends and nothing else, run no script or style that stands in a page, and stand in
 * nobody's frame. Pictures may be data: the icon of the pages without a file is.
 */
export const POLICY = [
  "default-src 'self'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

const STYLED = `${POLICY}; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`;

/**
 * Sends a plain page in the light or dark of its reader, without anything from elsewhere. Its forms say which server
 * they come from, but not at which address: that may hold a sign-in code.
 */
export function sendPage(reply: FastifyReply, title: string, body: string): FastifyReply {
  reply.header("content-security-policy", STYLED).header("referrer-policy", "strict-origin");
  return reply.type("text/html; charset=utf-8").send(page(title, body));
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" type="image/svg+xml" href="data:image/svg+xml,${encodeURIComponent(ICON)}">
<style>${STYLE}</style></head><body><main>${ICON}${body}</main></body></html>`;
}
