/// <reference lib="dom" />
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { gzipSync } from "node:zlib";
import { type Browser, type CDPSession, chromium, type Page } from "playwright-core";
import { pino } from "pino";
import { httpServer } from "../src/surfaces/http/server.ts";
import { chromiumPath, sandboxFlags } from "../test/console/chromium.ts";
import { closeBenchWorld, openBenchWorld, startCluster } from "./cluster.ts";
import { type BenchWorld, file, MANY, narrate } from "./history.ts";
import { interactionToNextPaint, watchPresses } from "./presses.ts";
import { median } from "./sessions.ts";

/**
 * `node bench/console.ts [minutes] [entries]`: the console in a real browser, over a long ledger and a busy fleet.
 * Writes bench/console.md. Server, fleet and browser share the machine, as they would not elsewhere.
 */
const MINUTES = Number(process.argv[2] ?? 30);
const ENTRIES = Number(process.argv[3] ?? MANY);
const TICKETS = 10_000;
const SEATS = 500;
const POSTS_A_SECOND = 50;
const BEAT_SECONDS = 20;
const LOADS = 7;
const SLOWEST = 5;
/**
 * A page whose memory is flat: what it keeps at the end, by what it kept at the beginning. A feed has a megabyte more
 * or less at any moment, as it folds what came in; one that kept every entry would have 90 MB more after half an hour.
 */
const GROWTH_MAX = 1.25;
const VIEWPORT = { width: 1440, height: 900 };
/** More than the browser's own bars take of a window. */
const BARS_PX = 100;

const progress = (line: string) => process.stderr.write(`… ${line}\n`);

async function main(): Promise<void> {
  const cluster = await startCluster();
  const world = await openBenchWorld(cluster, "bench_console");
  const browser = await chromium.launch({ executablePath: chromiumPath()!, args: sandboxFlags() });
  try {
    const tokens = await fill(world);
    const { url, close } = await serve(world);
    const fleet = busy(world, tokens);
    try {
      progress(`looking, with ${POSTS_A_SECOND} posts a second`);
      const first = await loads(browser, world, url);
      const slowest = await interactions(browser, world, url);
      progress(JSON.stringify({ ...first, ...slowest }));
      progress(`watching the memory for ${MINUTES} minutes`);
      const memory = await grown(browser, world, url);
      write({ ...first, ...slowest, ...memory, posts: await fleet.stop() });
    } finally {
      await fleet.stop();
      await close();
    }
  } finally {
    await browser.close();
    await closeBenchWorld(world);
    await cluster.stop();
  }
}

/** The long ledger, the tickets, the seats. */
async function fill(world: BenchWorld): Promise<string[]> {
  const { door, operator } = world;
  for (const lane of ["WEB", "SHIP", "YARD", "CRANE"])
    await door.say(operator, "namespace.define", { prefix: lane, format: `${lane}-NNNN`, lane });
  progress(`${ENTRIES.toLocaleString("en")} entries`);
  await narrate(world, ENTRIES);
  progress(`${TICKETS.toLocaleString("en")} tickets, ${SEATS} seats`);
  for (const lane of ["WEB", "SHIP", "YARD", "CRANE"]) await file(world, lane, TICKETS / 4);
  const tokens: string[] = [];
  for (let index = 1; index <= SEATS; index++) {
    const name = `CODEX-CLI-BOX-YARD-${String(index).padStart(3, "0")}`;
    const { output } = await door.say(operator, "seat.adopt", { name, role: "implementer" });
    tokens.push((output as { token: string }).token);
  }
  return tokens;
}

async function serve({ door, catalogue, wakes, publicLog }: BenchWorld) {
  const log = pino({ level: "silent" });
  const app = await httpServer({ door, catalogue, wakes, publicLog, log, health: async () => ({ state: "serving" }) });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as { port: number };
  const close = () => {
    const closed = app.close();
    app.server.closeAllConnections();
    return closed;
  };
  return { url: `http://127.0.0.1:${port}`, close };
}

/** Every seat beats, and one after the other posts. */
function busy({ door }: BenchWorld, tokens: readonly string[]) {
  let posts = 0;
  let beats = 0;
  const began = performance.now();
  const timer = setInterval(() => {
    const passed = (performance.now() - began) / 1000;
    while (posts < passed * POSTS_A_SECOND) {
      const subject = `The crane moved for the ${++posts}th time`;
      void door.say(tokens[posts % SEATS]!, "post.append", { subject, body: "As posts do. ".repeat(8) });
    }
    while (beats < (passed * SEATS) / BEAT_SECONDS)
      void door.say(tokens[++beats % SEATS]!, "seat.beat", { status: beats % 3 ? "busy" : "idle", output: true });
  }, 10);
  return {
    stop: async () => {
      clearInterval(timer);
      return posts / ((performance.now() - began) / 1000);
    },
  };
}

async function signedIn(browser: Browser, { door, operator }: BenchWorld, url: string): Promise<Page> {
  const page = await (await browser.newContext({ viewport: VIEWPORT })).newPage();
  await showWhole(page);
  const { output } = await door.say(operator, "token.issue", { scope: "sign_in" });
  await page.goto(`${url}/sign-in?code=${(output as { token: string }).token}`);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { level: 1, name: "Watch" }).waitFor({ timeout: 120_000 });
  return page;
}

/**
 * Without this the foot of the page lies outside the window, which is as high as the viewport and has bars of its own.
 * Nothing is painted there, and a press there waits for the next change elsewhere: a sort took 250 ms, and 20 a line
 * further up.
 */
async function showWhole(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const { windowId } = await session.send("Browser.getWindowForTarget");
  const { width, height } = VIEWPORT;
  await session.send("Browser.setWindowBounds", { windowId, bounds: { width, height: height + BARS_PX } });
  await session.detach();
}

/** The first page with nothing in the browser's cache, and when it has answered what one looks for. */
async function loads(browser: Browser, world: BenchWorld, url: string) {
  const paints: number[] = [];
  const answers: number[] = [];
  let script_kb = 0;
  for (let n = 0; n < LOADS; n++) {
    const page = await signedIn(browser, world, url);
    const sizes: Promise<number>[] = [];
    page.on("response", (response) => {
      const isScript = response.request().resourceType() === "script";
      if (isScript)
        sizes.push(
          response.body().then(
            (body) => gzipSync(body).length / 1000,
            () => 0,
          ),
        );
    });
    const session = await page.context().newCDPSession(page);
    await session.send("Network.setCacheDisabled", { cacheDisabled: true });
    await page.goto(url);
    await page.getByRole("region", { name: "What needs you" }).waitFor();
    const [paint, answer] = await page.evaluate(() => [
      performance.getEntriesByName("first-contentful-paint")[0]!.startTime,
      performance.now(),
    ]);
    paints.push(paint!);
    answers.push(answer!);
    script_kb = Math.max(
      script_kb,
      (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0),
    );
    await page.context().close();
  }
  return { paint_ms: median(paints), answer_ms: median(answers), script_kb };
}

/** Everything that a hand does, on pages that live: from the press to the next picture. */
async function interactions(browser: Browser, world: BenchWorld, url: string) {
  const page = await signedIn(browser, world, url);
  const presses = await watchPresses(page);
  const press = async (key: string) => {
    await page.keyboard.press(key);
    await page.waitForTimeout(120);
  };
  for (let round = 0; round < 3; round++) {
    for (const key of ["g", "f", "g", "q", "g", "s", "g", "d", "g", "w", "Control+k", "s", "e", "Escape"])
      await press(key);
    await page.getByRole("link", { name: "Feed" }).first().click();
    await page.getByLabel("Kind").selectOption("ticket");
    await page.getByLabel("Kind").selectOption("");
    await page.getByRole("link", { name: "Queue" }).first().click();
    await page.getByRole("radio", { name: "Table" }).click();
    const table = page.getByRole("table", { name: "Tickets" });
    await table.getByRole("row").nth(1).focus();
    for (const key of ["j", "j", "j", "k", "ArrowDown", "Enter"]) await press(key);
    await page.getByRole("link", { name: "Seats" }).first().click();
    await page.getByRole("button", { name: "Seat", exact: true }).click();
    await page.waitForTimeout(500);
  }
  const seen = await presses();
  await page.context().close();
  return { pressed: seen.count, inp_ms: interactionToNextPaint(seen), slowest: seen.presses.slice(0, SLOWEST) };
}

/** What a page that stands open keeps, after each collection of garbage. */
async function grown(browser: Browser, world: BenchWorld, url: string) {
  const pages: { address: string; session: CDPSession; megabytes: number[] }[] = [];
  for (const address of ["/", "/feed", "/seats"]) {
    const page = await signedIn(browser, world, url);
    await page.goto(url + address);
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable");
    pages.push({ address, session, megabytes: [] });
  }
  const steps = 12;
  for (let step = 0; step <= steps; step++) {
    await new Promise((done) => setTimeout(done, step === 0 ? 10_000 : (MINUTES * 60_000) / steps));
    for (const { session, megabytes } of pages) {
      await session.send("HeapProfiler.collectGarbage");
      const { metrics } = await session.send("Performance.getMetrics");
      megabytes.push(metrics.find(({ name }) => name === "JSHeapUsedSize")!.value / 1e6);
    }
    progress(`${step} of ${steps}: ${pages.map(({ megabytes }) => `${megabytes.at(-1)!.toFixed(1)} MB`).join(", ")}`);
  }
  return { memory: pages.map(({ address, megabytes }) => ({ address, megabytes })) };
}

type Measured = Awaited<ReturnType<typeof loads>> &
  Awaited<ReturnType<typeof interactions>> &
  Awaited<ReturnType<typeof grown>> & { posts: number };

function write(row: Measured): void {
  const limit = (value: number, most: number) => `at most ${most}: ${value <= most ? "holds" : "**missed**"}`;
  const ms = (value: number) => `${Math.round(value)} ms`;
  const memory = row.memory.map(({ address, megabytes }) => {
    const third = Math.ceil(megabytes.length / 3);
    const parts = [megabytes.slice(0, third), megabytes.slice(third, -third), megabytes.slice(-third)].map(median);
    const more = limit(parts.at(-1)! / parts[0]!, GROWTH_MAX);
    return `| \`${address}\` | ${parts.map((part) => part.toFixed(1)).join(" | ")} | ${more} |`;
  });
  const slowest = row.slowest.map(
    ({ what, where, waited_ms, handled_ms, painted_ms, duration_ms }) =>
      `| ${what} | \`${where}\` | ${[waited_ms, handled_ms, painted_ms, duration_ms].map(ms).join(" | ")} |`,
  );
  const text = `# The console, measured

${ENTRIES.toLocaleString("en")} ledger entries, ${TICKETS.toLocaleString("en")} tickets, ${SEATS} seats that beat, and
${row.posts.toFixed(0)} posts a second meanwhile; server, PostgreSQL, fleet and Chromium on one machine of
${availableParallelism()} cores (${cpus()[0]?.model.trim()}). \`node bench/console.ts\` makes this page.

| | measured | limit |
|---|---|---|
| first contentful paint, nothing cached (median of ${LOADS}) | ${ms(row.paint_ms)} | ${limit(row.paint_ms, 1_000)} |
| the glance is answered | ${ms(row.answer_ms)} | |
| interaction to next paint, ${row.pressed} interactions | ${ms(row.inp_ms)} | ${limit(row.inp_ms, 100)} |
| the slowest of them | ${ms(row.slowest[0]?.duration_ms ?? 16)} | |
| script of the first page, gzipped | ${Math.round(row.script_kb)} kB | ${limit(row.script_kb, 250)} |

The slowest interactions, and where their time went:

| pressed | on | until it was handled | handled | until the next picture | in all |
|---|---|---|---|---|---|
${slowest.join("\n")}

Memory of a page that stands open for ${MINUTES} minutes, in MB of script's heap after a collection: medians of the
first, the middle and the last third.

| page | first | middle | last | last ÷ first |
|---|---|---|---|---|
${memory.join("\n")}
`;
  console.log(text);
  writeFileSync(new URL("console.md", import.meta.url), text);
}

await main();
