import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { Signers } from "../../anchors/signers.ts";
import { Verifier } from "../../anchors/verifier.ts";
import type { Outside } from "../../kernel/ports.ts";
import { startClock } from "../../surfaces/clock/clock.ts";
import { everyTenant, type World } from "../../world.ts";
import type { Losses } from "./losses.ts";
import { type Outsiders, startOutsiders } from "./outsiders.ts";

export type BackgroundOptions = {
  world: World;
  /** The data directory. */
  directory: string;
  anchors: string | undefined;
  witnesses: string | undefined;
  s3: string | undefined;
  losses: Losses;
  log: Logger;
};

/** What the server does by itself, beside answering. */
export type Background = {
  /** What is wrong, by name. It is told without a token, so it says no more. */
  alarms(): string[];
  /** This server as a witness for other logs. */
  witness: Outsiders["witness"];
  /** Ends what it has begun, as long as the door is open. */
  stop(): Promise<void>;
};

/** For how long the server's end waits for a check that is under way. */
const VERIFY_MILLISECONDS_MAX = 1_000;

/** Begins the clock, the signers, the verifier and those whom they tell. A wrong setting ends the start. */
export async function startBackground(options: BackgroundOptions): Promise<Background> {
  const { world, directory, losses, log } = options;
  const { door, database, recent, wakes } = world;
  const anchors = options.anchors ?? join(directory, "anchors");
  const tenants = () => everyTenant(database);
  const outsiders = await startOutsiders({ ...options, anchors });
  const { onAnchored, onPublished } = outsiders;
  const keys = join(directory, "signer");
  const signers = new Signers({ database, door, recent, tenants, anchors, keys, log, onAnchored, onPublished });
  const outside = outsideOf(signers, outsiders);
  world.keepOutside(outside);
  const holds = (tenant_id: number) => signers.holds(tenant_id);
  const verifier = new Verifier({ database, door, tenants, outside, holds, memory: join(directory, "verifier"), log });
  verifier.start();
  wakes.onGrowth((tenant_id, seq) => signers.grew(tenant_id, seq));
  const clock = startClock(door, tenants, log);
  losses.serve(door);
  return {
    alarms: () => {
      const refused = signers.states.flatMap((state) => state.refused?.code ?? []);
      return [...new Set([...refused, ...verifier.alarms, ...clock.alarms()])];
    },
    witness: outsiders.witness,
    stop: async () => {
      clock.stop();
      // A check of a large ledger may last longer than a person waits for the end; it counts for nothing then.
      const verified = Promise.race([verifier.stop(), sleep(VERIFY_MILLISECONDS_MAX, null, { ref: false })]);
      await Promise.all([signers.stop(), verified, losses.flush({ within_seconds: 1 })]);
      await outsiders.stop();
    },
  };
}

/** How the signer and those whom it tells stand to a tenant's log. */
function outsideOf(signers: Signers, outsiders: Outsiders): Outside {
  return {
    notes: (tenant, after, upto) => signers.notes(tenant, after, upto),
    tenants: () => signers.tenants(),
    state: (tenant) => {
      const state = signers.state(tenant);
      return state && { ...state, ...outsiders.state({ id: state.tenant_id, name: tenant }) };
    },
  };
}
