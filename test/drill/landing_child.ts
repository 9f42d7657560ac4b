import { Client } from "../../src/client/client.ts";
import type { Step } from "../../src/runner/deploying.ts";
import type { Wanted } from "../../src/runner/held.ts";
import { land } from "../../src/runner/landing.ts";

/** One landing in a process of its own, which tells its steps and kills itself at one when told to. */
const { url, token, wanted, kill_at } = JSON.parse(process.argv[2]!) as {
  url: string;
  token: string;
  wanted: Wanted;
  kill_at: Step | null;
};
const onStep = (step: Step) => {
  if (step === kill_at) process.kill(process.pid, "SIGKILL");
  process.stdout.write(`${JSON.stringify({ step })}\n`);
};
const client = (retryFor_seconds: number) => new Client({ url, token, retryFor_seconds });
const [quick, patient] = [client(Math.max(20, wanted.lease_seconds)), client(wanted.lease_seconds)];
const never = new AbortController().signal;
try {
  const around = { client: quick, patient, env: process.env, hidden: [], stop: never, tell: () => {}, onStep };
  process.stdout.write(`${JSON.stringify({ report: await land(wanted, around) })}\n`);
} finally {
  quick.close();
  patient.close();
}
