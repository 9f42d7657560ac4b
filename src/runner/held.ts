import type { Client } from "../client/client.ts";
import type { Step, Tools } from "./deploying.ts";
import type { Env } from "./environment.ts";
import { reportGuards } from "./guards.ts";
import { Hold, LeaseLost, type Running } from "./hold.ts";
import type { Asked } from "./plan.ts";
import { type Report, reportOf } from "./report.ts";
import type { Workspace } from "./workspace.ts";

export type Wanted = Asked & {
  repository: string;
  /** The operator's own words, where the landing rests on them. */
  consent_words?: string | undefined;
  lease_seconds: number;
  /** The verify command gets no network but its own loopback. */
  offline: boolean;
};

export type Around = {
  client: Client;
  /** The same, for what is said under a lease: it waits for a server that is away. */
  patient: Client;
  env: Env;
  hidden: readonly string[];
  stop: AbortSignal;
  tell(words: string): void;
  onStep?: (step: Step) => void;
};

/** Does something with a deploy that is held. What goes wrong before it is touched is settled as refused. */
export async function held(
  running: Running,
  began: number,
  { lease_seconds }: { lease_seconds: number },
  workspace: Workspace,
  around: Around,
  act: (tools: Tools) => Promise<Report>,
): Promise<Report> {
  const { patient, env, stop, tell, onStep = () => {} } = around;
  const hold = new Hold(patient, running, lease_seconds, began);
  const tools: Tools = { hold, workspace, env, stop, tell, onStep };
  try {
    const report = await act(tools);
    if (report.outcome === "landed") await lookedForGuards(report, workspace, around);
    return report;
  } catch (error) {
    if (!(error instanceof LeaseLost) && !hold.lost.aborted) {
      const cause = error instanceof Error ? error.message : String(error);
      // Refused by the server when it is touched already: then whoever recovers it looks.
      await hold.settle({ outcome: "refused", cause: `the runner failed: ${cause}`.slice(0, 4000) }).catch(() => {});
      throw error;
    }
    const cause = `the hold on deploy ${running.deploy} was lost: ${(hold.lost.reason as Error).message}`;
    return reportOf("lost", running, { cause });
  } finally {
    hold.close();
  }
}

/** A server that falls silent must not hold back what came of the landing; one that is busy answers in less. */
const GUARDS_MILLISECONDS_MAX = 60_000;

/** Another release is served: does it have the credentials' guards? It is landed whatever comes of the question. */
async function lookedForGuards({ environment, sha }: Report, workspace: Workspace, around: Around): Promise<void> {
  const stop = AbortSignal.any([around.stop, AbortSignal.timeout(GUARDS_MILLISECONDS_MAX)]);
  await reportGuards({ environment, release: sha! }, workspace, { ...around, stop }).catch((error: Error) =>
    around.tell(`longwatch: guard: nobody could look for the credentials' guards: ${error.message}\n`),
  );
}
