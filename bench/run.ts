import { writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { version } from "../src/version.ts";
import { anchoring } from "./anchoring.ts";
import { admin, startCluster } from "./cluster.ts";
import { deciding } from "./deciding.ts";
import { filing } from "./filing.ts";
import { guarding } from "./guard.ts";
import { history } from "./history.ts";
import { startup } from "./startup.ts";
import {
  anchoringTable,
  decidingTable,
  filingTable,
  guardTable,
  historyTable,
  startupTable,
  verifyingTable,
} from "./tables.ts";
import { verifying } from "./verifying.ts";

/**
 * `npm run bench`: each figure beside its limit, measured in the same run on the same machine. Ratios travel between
 * machines, absolute figures do not. Prints the tables and writes bench/results.md.
 */
const progress = (line: string) => process.stderr.write(`… ${line}\n`);
const only = process.argv[2];

const cluster = await startCluster();
const sections: string[] = [];
try {
  const [{ postgres }] = (await admin(cluster, "postgres", "select version() as postgres")) as [{ postgres: string }];
  sections.push(heading(postgres));
  if (!only || only === "filing") sections.push(filingTable(await filing(cluster, progress)));
  if (!only || only === "deciding") sections.push(decidingTable(await deciding(cluster, progress)));
  if (!only || only === "anchoring") sections.push(anchoringTable(await anchoring(cluster, progress)));
  if (!only || only === "history") sections.push(historyTable(await history(cluster, progress)));
  if (!only || only === "verifying") sections.push(verifyingTable(await verifying(progress)));
} finally {
  await cluster.stop();
}
if (!only || only === "startup") sections.push(startupTable(await startup(progress)));
if (!only || only === "guard") sections.push(guardTable(await guarding(progress)));
const text = sections.join("\n\n");
console.log(text);
if (!only) writeFileSync(new URL("results.md", import.meta.url), `${text}\n`);

function heading(postgres: string): string {
  const machine = `${availableParallelism()} cores, ${cpus()[0]?.model.trim() ?? "unknown processor"}`;
  return `# Benchmarks

Longwatch ${version}, Node ${process.version}, ${postgres.split(" on ")[0]}, ${machine}. Medians of interleaved rounds;
each figure stands beside its limit, measured in the same run. \`npm run bench\` makes this page.`;
}
