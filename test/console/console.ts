import { after } from "node:test";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { testServer } from "../harness.ts";
import { chromiumPath, REMEDY, sandboxFlags } from "./chromium.ts";
import { PATIENCE_MS } from "./patience.ts";

/** The console in a real browser, on a real server. */

/** Why the walks cannot be made here; false where they can. `.ci/run` allows no skipping. */
export const isSkipped = chromiumPath() === null && !process.env.LONGWATCH_ALL ? `no browser: ${REMEDY}` : false;

export type Visit = { page: Page; context: BrowserContext; complaints: string[] };

let started: Promise<Browser> | null = null;

async function browser(): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === null) throw new Error(`There is no browser; ${REMEDY}`);
  const args = [...sandboxFlags(), `--host-resolver-rules=MAP ${AWAY} 127.0.0.1`];
  started ??= chromium.launch({ executablePath, args, timeout: PATIENCE_MS });
  return started;
}
after(async () => (await started)?.close());

/** This machine by a name that no browser takes for its own: plain HTTP to it is no safe connection. */
const AWAY = "longwatch.test";

export type Look = { theme?: "light" | "dark"; width?: number; height?: number; isAway?: boolean };

/**
 * Opens the console as its operator, by the one-time link. `complaints` gathers what no page may do: errors in its
 * console, and requests to anywhere but its own server. What is open is closed when its test is over: a page that stays
 * goes on to follow its server.
 */
export async function visit(
  { url: here, say, operator }: Pick<Awaited<ReturnType<typeof testServer>>, "url" | "say" | "operator">,
  { theme = "light", width = 1440, height = 900, isAway = false }: Look = {},
): Promise<Visit & { url: string }> {
  const url = isAway ? here.replace("127.0.0.1", AWAY) : here;
  const context = await (await browser()).newContext({ viewport: { width, height }, colorScheme: theme });
  after(() => leave(context));
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    // A browser tells each 404 itself; a server without a signer, as here, has no checkpoint.
    if (message.location().url.endsWith("/v1/ledger/checkpoint")) return;
    if (["error", "warning"].includes(message.type())) complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith("data:")) complaints.push(`asked ${request.url()}`);
  });
  const { token } = await say(operator, "token.issue", { scope: "sign_in" });
  await page.goto(`${url}/sign-in?code=${token}`);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { level: 1, name: "Watch" }).waitFor();
  return { page, context, complaints, url };
}

async function leave(context: BrowserContext): Promise<void> {
  // A page may still ask for something: a route that answers it while the page goes would fail behind its test.
  await Promise.all(context.pages().map((page) => page.unrouteAll({ behavior: "ignoreErrors" })));
  await context.close();
}
