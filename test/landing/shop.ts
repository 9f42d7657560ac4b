import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { nodeInEveryJail } from "../../src/runner/node.fixture.ts";
import { Repository } from "../closure/repository.ts";
import { ownPort } from "../ports.ts";

/**
 * A shop that is really served: a repository that is built here, a deploy command that starts its server, and a health
 * endpoint that names the release and is well when everything that the page asks for is served.
 */

const ROUTER = `/** As much of a router as a shop needs. */
export function createRouter() {
  const handlers = [];
  const on = (method) => (path, handler) => handlers.push({ method, path, handler });
  const find = (method, path) => handlers.find((one) => one.method === method && one.path === path)?.handler;
  return { get: on("GET"), post: on("POST"), find };
}
`;

const serverWith = (routes: string) => `import { createServer } from "node:http";
import { createRouter } from "./router.js";
import { page } from "../web/board.js";
const app = createRouter();
app.get("/api/cards", () => ({ cards: [] }));
${routes}app.get("/health", async () => {
  const lacks = [];
  globalThis.fetch = async (path, { method = "GET" } = {}) => {
    if (!app.find(method, path)) lacks.push(method + " " + path);
    return { json: async () => ({}) };
  };
  await page();
  return { release: process.env.LONGWATCH_RELEASE, ok: lacks.length === 0, lacks };
});
createServer(async (request, reply) => {
  const handler = app.find(request.method, request.url);
  const body = handler ? await handler() : { error: "there is no such route" };
  reply.writeHead(!handler ? 404 : body.ok === false ? 503 : 200, { "content-type": "application/json" });
  reply.end(JSON.stringify(body));
}).listen(Number(process.argv[2]), "127.0.0.1");
`;

const BOARD = `export async function page() {
  return (await fetch("/api/cards")).json();
}
`;
const BOARD_WITH_REDLINES = `import { redline, verdict } from "./redline.js";
export async function page() {
  await redline();
  await verdict();
  return (await fetch("/api/cards")).json();
}
`;
const REDLINE = `export async function redline() {
  return (await fetch("/api/redline")).json();
}
export async function verdict() {
  return (await fetch("/api/verdict", { method: "POST" })).json();
}
`;

/** Arguments: a directory, a port, a Node. What an earlier deploy may not do any more, it is told by the fence. */
const DEPLOY = `set -e
[ "$LONGWATCH_DEPLOY" -ge "$(cat "$1/fence" 2>/dev/null || echo 0)" ] || { echo "fenced off"; exit 9; }
echo "$LONGWATCH_DEPLOY" >"$1/fence"
echo "deploying $LONGWATCH_RELEASE"
rm -rf "$1/$LONGWATCH_RELEASE" && mkdir -p "$1/$LONGWATCH_RELEASE" && cp -R src web package.json "$1/$LONGWATCH_RELEASE"
if [ -f "$1/pid" ]; then
  kill "$(cat "$1/pid")" 2>/dev/null || :
  while kill -0 "$(cat "$1/pid")" 2>/dev/null; do sleep 0.02; done
fi
cd "$1/$LONGWATCH_RELEASE"
nohup "$3" src/server.js "$2" "$1" >"$1/log" 2>&1 </dev/null &
echo $! >"$1/pid"
echo "started"
`;

export class Shop {
  readonly repository = new Repository();
  readonly state = mkdtempSync(join(tmpdir(), "longwatch-shop-"));
  readonly port: number;
  readonly base: string;
  readonly routes: string;
  readonly verdicts: string;
  readonly patch: string;

  readonly node = nodeInEveryJail();

  private constructor(port: number) {
    this.port = port;
    const { repository } = this;
    this.base = repository.commit("A green base", {
      "package.json": JSON.stringify({ name: "shop", type: "module" }),
      "deploy.sh": DEPLOY,
      "src/router.js": ROUTER,
      "src/server.js": serverWith(""),
      "web/board.js": BOARD,
    });
    repository.branch("redline");
    const redline = `app.get("/api/redline", () => ({ lines: [] }));\n`;
    this.routes = repository.commit("Serve redlines", { "src/server.js": serverWith(redline) });
    this.verdicts = repository.commit("Take verdicts", {
      "src/server.js": serverWith(`${redline}app.post("/api/verdict", () => ({ taken: true }));\n`),
    });
    this.patch = repository.commit("Show redlines on the board", {
      "web/board.js": BOARD_WITH_REDLINES,
      "web/redline.js": REDLINE,
    });
    repository.git("switch", "--quiet", "main");
  }

  static async open(): Promise<Shop> {
    const shop = new Shop(await ownPort());
    after(() => shop.close());
    return shop;
  }

  get health_url(): string {
    return `http://127.0.0.1:${this.port}/health`;
  }

  /** What the operator records. */
  get topology() {
    const place = `${this.state} ${this.port} ${this.node}`;
    return {
      branch: "main",
      command: `sh deploy.sh ${place}`,
      verify_command: `${this.node} --check src/server.js && ${this.node} --check web/board.js`,
      health_url: this.health_url,
      timeout_seconds: 900,
      health_seconds: 5,
    };
  }

  async served(): Promise<{ status: number; release: string | null }> {
    const answer = await fetch(this.health_url).catch(() => null);
    if (answer === null) return { status: 0, release: null };
    return { status: answer.status, release: ((await answer.json()) as { release: string }).release };
  }

  close(): void {
    // Not by its pid file: a deploy that was killed has not written it.
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
        if (words.includes("src/server.js") && words.includes(this.state)) process.kill(Number(pid), "SIGKILL");
      } catch {
        // It ended meanwhile.
      }
    rmSync(this.state, { recursive: true, force: true, maxRetries: 3 });
    this.repository[Symbol.dispose]();
  }
}
