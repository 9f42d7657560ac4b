import { join } from "node:path";
import type { TestWorld } from "../../../test/harness.ts";
import type { Cable } from "../../spool/cable.fixture.ts";
import { type Around, run } from "../../surfaces/cli/run.ts";
import { main, type Verb } from "./spool.ts";

/** Seats on machines of their own, each with a namespace that nobody else files in. */
export function machines(world: TestWorld, cable: Cable, home: string) {
  let seats = 0;
  return async () => {
    const name = `CLI-${++seats}`;
    const namespace = `N${seats}`;
    await world.say(world.operator, "namespace.define", { prefix: namespace, format: `${namespace}-NNNN` });
    const token = await world.seat(name);
    const place = join(home, name);
    const env = { LONGWATCH_URL: cable.url, LONGWATCH_TOKEN: token, LONGWATCH_SPOOL: place };
    const spoken = async (work: (out: Pick<Around, "stdout" | "stderr">) => Promise<number>) => {
      const heard = { code: -1, stdout: "", stderr: "" };
      const write = (to: "stdout" | "stderr") => ({ write: (words: string) => void (heard[to] += words) });
      heard.code = await work({ stdout: write("stdout"), stderr: write("stderr") });
      return heard;
    };
    const say = (...words: string[]) =>
      spoken((out) => {
        const spool = () => import("../../spool/through.ts");
        const catalogue = world.catalogue;
        return run(words, { catalogue, env, cwd: home, stdin: process.stdin, spool, ...out });
      });
    const spool = (verb: Verb, ...words: string[]) =>
      spoken(({ stdout, stderr }) => {
        const connection = () => ({ url: cable.url, token });
        const told = { stdout: (words: string) => stdout.write(words), stderr: (words: string) => stderr.write(words) };
        return main(verb, words, { place, connection, ...told }, {});
      });
    const file = (title: string, ...words: string[]) =>
      say("ticket", "file", "--namespace", namespace, "--title", title, ...words);
    const tickets = async () =>
      (await world.ask(token, "ticket.list", { namespace, limit: 100 })).tickets.map(
        ({ id, title }: { id: string; title: string }) => `${id} ${title}`,
      );
    return { say, spool, file, tickets, place, namespace, token, env };
  };
}
