import { parseArgs } from "node:util";
import { isAway } from "../../client/away.ts";
import { Client } from "../../client/client.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { handIn } from "../../spool/handing.ts";
import { keepHandingIn } from "../../spool/keeping_on.ts";
import type { Outcome } from "../../spool/lines.ts";
import { rememberCounts } from "../../spool/numbers.ts";
import { Spool, type Whose } from "../../spool/spool.ts";
import { newsLines } from "../../spool/through.ts";
import type { Connection } from "../../surfaces/cli/connection.ts";
import type { Globals } from "../../surfaces/cli/run.ts";
import { harmless } from "../../surfaces/cli/show.ts";
import { sayRefusal } from "../../surfaces/cli/refused.ts";
import { outcomeRows, outcomeWords, standing, standingWords } from "./told.ts";

const USAGE = `usage: longwatch spool status|send|watch|posts [flags]

What was filed while the server was away waits on this machine: in LONGWATCH_SPOOL, else beside the seat's settings in
.longwatch/spool of its project, else in the user's state directory. Each later command hands it in by itself.

  status              what waits, whose, since when; asks no server
  send                hand it in and wait for its numbers
  watch               do so whenever something waits, until it is stopped
  posts               what was kept here and what became of it; asks no server

  --limit N           posts: the newest N; 50 unless it is said
  --spool MARK        send: a spool from under a token that is gone, as spool status names it
  --json              one line of JSON
Exit code: 0 done, 2 for a wrong call, 8 when the server is away or something still waits; a refusal has its own.
`;

/** A contest for numbers takes the server 20 s at most. */
const SEND_SECONDS_MAX = 40;
const SILENCE_SECONDS = 10;
const LOOK_AGAIN_MS = 1_000;

export type Verb = "status" | "send" | "watch" | "posts";
export type Surroundings = {
  place: string | undefined;
  connection(globals: Globals): Connection;
  stdout(text: string): void;
  stderr(text: string): void;
  /** Ends `watch`; without it SIGINT and SIGTERM do. */
  stop?: AbortSignal;
};

/** `longwatch spool …`. Answers the exit code and throws no refusal. */
export async function main(verb: Verb, argv: string[], around: Surroundings, before: Globals): Promise<number> {
  const said = wordsIn(argv);
  if (typeof said === "string") {
    around.stderr(`${said}\n\n${USAGE}`);
    return 2;
  }
  const globals = { ...before, ...said };
  if (said.help) around.stdout(USAGE);
  if (said.help) return 0;
  try {
    const work = new Work(around, globals);
    if (verb === "status") return work.status();
    if (verb === "posts") return work.posts(said.limit);
    return await (verb === "send" ? work.send(said.spool) : work.watch());
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return sayRefusal(error, globals.json === true, { write: around.stderr });
  }
}

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;

function wordsIn(args: string[]) {
  try {
    const options = { json: flag, help: flag, limit: text, spool: text, url: text, token: text };
    const { values } = parseArgs({ args, options });
    const limit = Number(values.limit ?? 50);
    if (!Number.isInteger(limit) || limit < 1) return "--limit is a whole number from 1.";
    return { ...values, limit };
  } catch (error) {
    return (error as Error).message;
  }
}

class Work {
  readonly #around: Surroundings;
  readonly #json: boolean;
  readonly #place: string;
  readonly #whose: Whose;

  constructor(around: Surroundings, globals: Globals) {
    const { url, token, seat } = around.connection(globals);
    if (around.place === undefined)
      throw new Refusal("invalid", "spool.nowhere", "There is no home, and LONGWATCH_SPOOL is not set.");
    [this.#around, this.#json, this.#place] = [around, globals.json === true, around.place];
    this.#whose = { place: around.place, url, token: token ?? "", seat };
  }

  status(): number {
    const mine = new Set(this.#mine.map(({ mark }) => mark));
    const rows = Spool.all(this.#place).map((spool) => standing(spool, mine.has(spool.mark)));
    this.#print({ place: this.#place, spools: rows }, standingWords(rows));
    return 0;
  }

  posts(limit: number): number {
    const rows = this.#mine.flatMap((spool) => outcomeRows(spool.read(), limit));
    this.#print({ posts: rows }, outcomeWords(rows));
    return 0;
  }

  async send(mark: string | undefined): Promise<number> {
    return this.#speaking(async (client) => {
      const spools = mark === undefined ? this.#mine : Spool.all(this.#place).filter((one) => one.mark === mark);
      if (mark !== undefined && spools.length === 0)
        throw new Refusal("missing", "spool.unknown", `There is no spool ${mark} in ${this.#place}.`, {
          hint: "longwatch spool status lists them.",
        });
      const until = Date.now() + SEND_SECONDS_MAX * 1000;
      const news: Outcome[] = [];
      for (; ; await new Promise((again) => setTimeout(again, LOOK_AGAIN_MS))) {
        for (const spool of spools) if (spool.waits) await handIn(spool, client, (more) => void news.push(...more));
        const waiting = spools.filter(({ waits }) => waits).length;
        if (waiting > 0 && Date.now() < until) continue;
        this.#print({ outcomes: news, waiting }, toldNews(news) || "nothing waited\n");
        return waiting > 0 ? 8 : 0;
      }
    });
  }

  async watch(): Promise<number> {
    const left = new AbortController();
    const leave = () => left.abort();
    this.#around.stop?.addEventListener("abort", leave);
    for (const signal of ["SIGINT", "SIGTERM"] as const) if (!this.#around.stop) process.once(signal, leave);
    const told = {
      onNews: (news: Outcome[]) => this.#print({ outcomes: news }, toldNews(news)),
      onProblem: ({ code, message }: Refusal) => this.#around.stderr(harmless(`not taken (${code}): ${message}\n`)),
    };
    return this.#speaking(async (client) => {
      await keepHandingIn(() => this.#mine, client, told, left.signal);
      return 0;
    });
  }

  get #mine(): Spool[] {
    return Spool.mine(this.#whose);
  }

  /** With the server, if it is there: who we are, and what the namespaces have given. */
  async #speaking(work: (client: Client) => Promise<number>): Promise<number> {
    const client = new Client({ ...this.#whose, silence_seconds: SILENCE_SECONDS });
    try {
      this.#whose.seat ??= (await client.ask<{ name: string }>("seat.whoami")).name;
      const { namespaces } = await client.ask<{ namespaces: [] }>("namespace.list");
      rememberCounts(this.#place, new URL(this.#whose.url).origin, namespaces);
    } catch (error) {
      if (!isAway(error)) throw error;
    }
    return work(client).finally(() => client.close());
  }

  #print(value: unknown, words: string): void {
    this.#around.stdout(this.#json ? `${JSON.stringify(value)}\n` : harmless(words));
  }
}

function toldNews(news: readonly Outcome[]): string {
  const posted = news.filter(({ outcome }) => outcome === "posted").length;
  const lines = newsLines(news);
  if (posted > 0) lines.push(`POSTED: ${posted} of the spool's posts`);
  return lines.map((line) => `${line}\n`).join("");
}
