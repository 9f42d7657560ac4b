import { describe, test } from "node:test";
import { type Case, check, lines } from "./cases.ts";

const others: Case[] = [
  {
    says: "Python's modules, names, submodules and requirements",
    base: {
      "requirements.txt": "flask\n",
      "app/__init__.py": "",
      "app/cards.py": "def one():\n    return 1\n",
      "app/views.py": "from .cards import one\n",
    },
    branch: [
      { "app/cards.py": "def one():\n    return 1\n\nclass Deck:\n    pass\n\nfirst, (second, *rest) = 1, (2, 3)\n" },
      { "app/tools/__init__.py": "from .clock import *\n", "app/tools/clock.py": "def now():\n    return 1\n" },
      { "requirements.txt": "flask\nhttpx>=0.27\n" },
      {
        "app/views.py": `import httpx
from . import tools
from app.cards import one, Deck, rest
try:
    import ujson
except ImportError:
    ujson = None

def view():
    from app.tools import now, clock
    return tools.clock.now() + now()
`,
      },
    ],
    pick: [3],
    lacks: [
      ["dependency", "httpx", "app/views.py:1", 2],
      ["file", "app/tools/__init__.py", "app/views.py:2", 1],
      ["export", "Deck of app/cards.py", "app/views.py:3", 0],
      ["export", "rest of app/cards.py", "app/views.py:3", 0],
      ["file", "app/tools/clock.py", "app/views.py:10", 1],
    ],
  },
  {
    says: "Python's users of a name that the pick removes",
    base: {
      "a/__init__.py": "from a.b import *\n",
      "a/b.py": "def f(): pass\ndef g(): pass\n",
      "c.py": "import a\na.f()\n",
    },
    branch: [{ "c.py": "import a\na.g()\n" }, { "a/b.py": "def g(): pass\n" }],
    pick: [1],
    lacks: [["export", "f of a/__init__.py", "c.py:2", 0]],
  },
  {
    says: "routes that lie where they are served, of Next.js",
    base: { "app/page.tsx": "export default () => <p />;\n" },
    branch: [
      { "app/api/cards/[id]/route.ts": "export async function POST() {}\nexport async function GET() {}\n" },
      { "app/(board)/lines/page.tsx": "export default () => <p />;\n" },
      {
        "app/page.tsx": lines(
          'export default () => <a href="/lines">x</a>;',
          'export const go = (id: string) => fetch("/api/cards/" + id + "?a=1", { method: "POST" });',
        ),
      },
    ],
    pick: [2],
    lacks: [
      ["route", "GET /lines", "app/page.tsx:1", 1],
      ["route", "POST /api/cards/*", "app/page.tsx:2", 0],
    ],
  },
  {
    says: "routes of Fastify's plugins and of a router that was mounted before",
    base: {
      "server.js": lines(
        'import fastify from "fastify";',
        'import lines from "./lines.js";',
        "const app = fastify();",
        'app.register(lines, { prefix: "/v1" });',
      ),
      "lines.js": 'export default async (app) => {\n  app.get("/lines", async () => []);\n};\n',
      "web.js": 'fetch("/v1/lines");\n',
    },
    branch: [
      {
        "lines.js": lines(
          "export default async (app) => {",
          '  app.get("/lines", async () => []);',
          '  app.route({ method: "DELETE", url: "/lines/:id", handler });',
          "};",
        ),
      },
      { "web.js": 'fetch("/v1/lines");\nfetch(`/v1/lines/${1}`, { method: "DELETE" });\n' },
    ],
    pick: [1],
    lacks: [["route", "DELETE /v1/lines/*", "web.js:2", 0]],
  },
  {
    says: "routes of Flask, FastAPI and Django, asked for by a page and by a client",
    base: {
      "flask_app.py": "from flask import Flask\napp = Flask(__name__)\n",
      "fast/main.py": lines(
        "from fastapi import FastAPI",
        "from fast import cards",
        "app = FastAPI()",
        'app.include_router(cards.router, prefix="/api")',
      ),
      "fast/cards.py": 'from fastapi import APIRouter\nrouter = APIRouter(prefix="/cards")\n',
      "site/urls.py": "urlpatterns = []\n",
      "page.html": "<p></p>\n",
      "client.py": "import requests\n",
    },
    branch: [
      {
        "flask_app.py": lines(
          "from flask import Flask",
          "app = Flask(__name__)",
          '@app.route("/hooks/<name>", methods=["POST"])',
          "def hook(name): pass",
        ),
      },
      {
        "fast/cards.py": lines(
          "from fastapi import APIRouter",
          'router = APIRouter(prefix="/cards")',
          '@router.get("/{id}/lines")',
          "async def lines(id): pass",
        ),
      },
      { "site/urls.py": 'urlpatterns = [path("board/<int:id>/", board)]\n' },
      {
        "page.html": '<form action="/hooks/x" method="post"></form>\n<a href="/board/3/">x</a>\n',
        "client.py": 'import requests\nrequests.get(f"http://localhost:8000/api/cards/{1}/lines")\n',
      },
    ],
    pick: [3],
    lacks: [
      ["route", "GET /api/cards/*/lines", "client.py:2", 1],
      ["route", "POST /hooks/x", "page.html:1", 0],
      ["route", "ANY /board/3", "page.html:2", 2],
    ],
  },
  {
    says: "migrations: a table that changed SQL names, a column, and a gap in a series",
    base: {
      "db/migrations/001_cards.sql": "create table cards (id int);\n",
      "src/cards.js": "export const all = `select id from cards`;\n",
    },
    branch: [
      { "db/migrations/002_lines.sql": "-- lines\ncreate table if not exists app.lines (id int);\n" },
      { "db/migrations/003_due.sql": "alter table cards add column due date;\n" },
      { "db/migrations/004_more.sql": "create table more (id int);\n" },
      {
        "src/cards.js":
          "export const all = `select id, due from cards join lines using (id)`;\nexport const from = 'more';\n",
      },
    ],
    pick: [2, 3],
    lacks: [
      ["migration", "db/migrations/002_lines.sql", "db/migrations/004_more.sql:null", 0],
      ["migration", "db/migrations/003_due.sql", "db/migrations/004_more.sql:null", 1],
    ],
  },
  {
    says: "migrations by timestamp, for the table and the column alone",
    base: {
      "migrations/20240101000000_cards.js": 'exports.up = (knex) => knex.schema.createTable("cards", () => {});\n',
      "src/cards.js": 'export const all = (knex) => knex("cards");\n',
    },
    branch: [
      { "migrations/20240102000000_lines.js": 'exports.up = (knex) => knex.schema.createTable("lines", () => {});\n' },
      { "migrations/20240103000000_due.sql": "alter table cards add column due date;\n" },
      { "migrations/20240104000000_idle.sql": "create table idle (id int);\n" },
      { "src/cards.js": 'export const all = (knex) => knex("lines");\nexport const due = "select due from cards";\n' },
    ],
    pick: [3],
    lacks: [
      ["migration", "migrations/20240102000000_lines.js", "src/cards.js:1", 0],
      ["migration", "migrations/20240103000000_due.sql", "src/cards.js:2", 1],
    ],
  },
];

describe("A pick is told that it lacks", () => {
  for (const one of others) test(one.says, () => check(one));
});
