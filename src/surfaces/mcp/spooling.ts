import { isAway, newKey } from "../../client/away.ts";
import { Client } from "../../client/client.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { touch } from "../../spool/handing.ts";
import { keepHandingIn } from "../../spool/keeping_on.ts";
import type { Outcome } from "../../spool/lines.ts";
import { rememberCounts, rememberFirst } from "../../spool/numbers.ts";
import { canBeKept } from "../../spool/place.ts";
import { Spool, type Whose } from "../../spool/spool.ts";
import { handInFirst, keep, newsLines } from "../../spool/through.ts";
import type { ToolsOptions } from "./tools.ts";

/** A filing need not wait as long for its server as other tools do: it is kept. */
const RETRY_FOR_SECONDS = 2;
const SILENCE_SECONDS = 10;

/** The tools of a seat whose filings wait on this machine while the server is away. */
export class SpoolingTools {
  readonly #whose: Whose;
  readonly #spool: Spool;
  readonly #client: Client;
  #news: Outcome[] = [];
  #problem: string | null = null;

  constructor(whose: Whose) {
    this.#whose = whose;
    this.#spool = Spool.of(whose);
    this.#client = new Client({ ...whose, retryFor_seconds: RETRY_FOR_SECONDS, silence_seconds: SILENCE_SECONDS });
  }

  /** The same tools: what waits is handed in before anything is said, and what cannot be said is kept. */
  around({ say, ask }: Pick<ToolsOptions, "say" | "ask">): Pick<ToolsOptions, "say" | "ask" | "news"> {
    return {
      say: async (name, input, options) => {
        const away = await this.#handInFirst();
        if (!canBeKept(name)) return say(name, input, options);
        const { key = newKey(), signal } = options;
        const kept = (why: Refusal) => keep(this.#whose, name, input as Record<string, unknown>, key, why);
        if (away) return kept(away);
        try {
          const output = await this.#client.say<{ id?: unknown; item?: unknown }>(name, input, { key, signal });
          rememberFirst(this.#whose.place, this.#spool.origin, [output.id, output.item]);
          return output;
        } catch (error) {
          if (!isAway(error)) throw error;
          return kept(error);
        }
      },
      ask: async (name, input, options) => {
        await this.#handInFirst();
        return ask(name, input, options);
      },
      news: () => {
        const lines = newsLines(this.#news);
        this.#news = [];
        if (this.#problem !== null) lines.push(this.#problem);
        this.#problem = null;
        return lines;
      },
    };
  }

  /** Hands in in the background, for as long as the agent's program keeps us. */
  async keepHandingIn(signal: AbortSignal): Promise<void> {
    const told = {
      onNews: (news: Outcome[]) => void this.#news.push(...news),
      onProblem: (problem: Refusal) => this.#tell(problem),
    };
    await keepHandingIn(() => Spool.mine(this.#whose), this.#client, told, signal);
    this.#client.close();
  }

  /** While the server is there: learns what a filing without it will have to say. */
  async learn(): Promise<void> {
    try {
      const { namespaces } = await this.#client.ask<{ namespaces: [] }>("namespace.list");
      rememberCounts(this.#whose.place, this.#spool.origin, namespaces);
      if (!this.#spool.knowsTheTime) await touch(this.#spool, this.#client);
    } catch (error) {
      // It may not ask, or may not file: then it will not file without the server either.
      if (!(error instanceof Refusal)) throw error;
    }
  }

  async #handInFirst(): Promise<Refusal | null> {
    if (!this.#spool.waits) return null;
    const { news, away, problem } = await handInFirst(this.#whose, this.#client);
    this.#news.push(...news);
    if (problem) this.#tell(problem);
    return away;
  }

  #tell({ code, message }: Refusal): void {
    this.#problem = `What waits in the spool was not taken (${code}): ${message}`;
  }
}
