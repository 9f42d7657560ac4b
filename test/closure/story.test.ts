import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { closureOf } from "../../src/closure/closure.ts";
import { Repository } from "./repository.ts";

/** DEP-1, the founding outage: two files, picked onto a base without the route handlers that they ask for. */
function founding() {
  const repository = new Repository();
  repository.commit("A green base", {
    "package.json": JSON.stringify({ name: "camber", type: "module", dependencies: { express: "^5.0.0" } }),
    "src/server.js": `import express from "express";
import { cards } from "./routes/cards.js";
const app = express();
app.get("/health", (request, reply) => reply.json({ ok: true }));
app.use("/api/cards", cards);
app.listen(3000);
`,
    "src/routes/cards.js": `import { Router } from "express";
export const cards = Router();
cards.get("/", (request, reply) => reply.json([]));
cards.get("/:id", (request, reply) => reply.json({}));
`,
    "web/board.js": `export async function board() { return (await fetch("/api/cards")).json(); }\n`,
  });
  repository.branch("redline");
  const routes = repository.commit("Serve redlines", {
    "src/routes/redline.js": `import { Router } from "express";
export const redline = Router();
redline.get("/:card", (request, reply) => reply.json({}));
`,
    "src/server.js": `import express from "express";
import { cards } from "./routes/cards.js";
import { redline } from "./routes/redline.js";
const app = express();
app.get("/health", (request, reply) => reply.json({ ok: true }));
app.use("/api/cards", cards);
app.use("/api/redline", redline);
app.listen(3000);
`,
  });
  const verdicts = repository.commit("Take verdicts", {
    "src/routes/cards.js": `import { Router } from "express";
export const cards = Router();
cards.get("/", (request, reply) => reply.json([]));
cards.get("/:id", (request, reply) => reply.json({}));
cards.post("/:id/verdict", (request, reply) => reply.json({}));
`,
  });
  const patch = repository.commit("Show redlines on the board", {
    "web/board.js": `import { show } from "./redline.js";
export async function board() { return (await fetch("/api/cards")).json(); }
export const open = show;
`,
    "web/redline.js": `export async function show(card) {
  const lines = await fetch(\`/api/redline/\${card.id}\`);
  return lines.json();
}
export const accept = (id) => fetch(\`/api/cards/\${id}/verdict\`, { method: "POST" });
`,
  });
  return { repository, routes, verdicts, patch };
}

describe("The founding story:", () => {
  test("a pick without its routes is told which handlers it lacks, and what lands all of it", async () => {
    const { repository, routes, verdicts, patch } = founding();
    using _ = repository;
    const wanted = { repository: repository.path, source: "redline", base: "main" };
    const closure = await closureOf({ ...wanted, commits: [patch] });
    assert.deepEqual(closure.conflicts, []);
    assert.deepEqual(closure.missing, [
      {
        kind: "route",
        name: "GET /api/redline/*",
        needed_by: { file: "web/redline.js", line: 2 },
        found_in: { commit: routes, subject: "Serve redlines" },
      },
      {
        kind: "route",
        name: "POST /api/cards/*/verdict",
        needed_by: { file: "web/redline.js", line: 5 },
        found_in: { commit: verdicts, subject: "Take verdicts" },
      },
    ]);
    assert.deepEqual(closure.whole_with, [routes, verdicts, patch]);

    const whole = await closureOf({ ...wanted, commits: closure.whole_with! });
    assert.deepEqual([whole.missing, whole.conflicts, whole.whole_with], [[], [], [routes, verdicts, patch]]);

    const [change, pick] = closure.command!.split(" && ").map((line) => line.split(" ").slice(1));
    repository.git(...change!);
    repository.git(...pick!);
    assert.equal(repository.git("diff", "redline", "HEAD"), "");
  });

  test("the repository that is checked stays as it was", async () => {
    const { repository, patch } = founding();
    using _ = repository;
    const before = repository.git("count-objects", "-v") + repository.git("status", "--porcelain=v2", "--branch");
    await closureOf({ repository: repository.path, source: "redline", commits: [patch], base: "main" });
    const after = repository.git("count-objects", "-v") + repository.git("status", "--porcelain=v2", "--branch");
    assert.equal(after, before);
    assert.equal(repository.git("worktree", "list").split("\n").length, 1);
  });
});
