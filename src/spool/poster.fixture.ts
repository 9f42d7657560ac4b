import { writeSync } from "node:fs";
import { Spool } from "./spool.ts";

/** A process that keeps posts and says the number of each when it is kept: `<place> <count> <name>`. */
const [place = "", count = "1", name = "one"] = process.argv.slice(2);
const spool = Spool.of({ place, url: "http://127.0.0.1:1", token: "lw_secret" });
for (let post = 1; post <= Number(count); post++) {
  const { n } = spool.post("ticket.file", { namespace: "CMB", title: `${name} ${post}` }, `${name}-${post}`);
  writeSync(1, `${n}\n`);
}
