import { join } from "node:path";
import type { Logger } from "pino";
import { parseBucket } from "../../anchors/bucket.ts";
import { type BucketState, startBucket } from "../../anchors/s3.ts";
import { openWitnessKey } from "../../anchors/witness_key.ts";
import { parseWitnesses, startWitnesses, type WitnessState } from "../../anchors/witnesses.ts";
import type { OutsideNote } from "../../kernel/ports.ts";
import type { WitnessOptions } from "../../surfaces/http/witness.ts";
import { everyTenant, type World } from "../../world.ts";

export type OutsidersOptions = {
  world: World;
  /** The data directory; the witness's key lies in its `signer/`. */
  directory: string;
  anchors: string;
  /** LONGWATCH_WITNESSES and LONGWATCH_S3. */
  witnesses: string | undefined;
  s3: string | undefined;
  log: Logger;
};

export type Outsiders = {
  /** For the HTTP surface: this server as a witness for others. */
  witness: Pick<WitnessOptions, "tenant_id" | "cosign">;
  /** For the signer: a tenant's notes stand in the directory; a tenant's newest checkpoint is published. */
  onAnchored(tenant: string, epoch: number, notes: readonly OutsideNote[]): void;
  onPublished(tenant_id: number): void;
  /** How those whom we ask stand to a tenant's log. `s3` is null where no bucket is configured. */
  state(tenant: { id: number; name: string }): { witnesses: WitnessState[]; s3: BucketState | null };
  stop(): Promise<void>;
};

/** Begins what stands outside this machine. It reads the settings first: a wrong one ends the start. */
export async function startOutsiders(options: OutsidersOptions): Promise<Outsiders> {
  const { world, directory, anchors, log } = options;
  const { door, home_tenant_id: tenant_id } = world;
  const configured = options.witnesses === undefined ? [] : await parseWitnesses(options.witnesses);
  const bucket = options.s3 === undefined ? null : parseBucket(options.s3);
  const key = await openWitnessKey(join(directory, "signer"));
  await door.sayInside(tenant_id, "longwatch", "witness.announce", { vkey: key.vkey });
  const tenant_ids = (await everyTenant(world.database)).map(({ id }) => id);
  const witnesses = startWitnesses({ door, witnesses: configured, tenant_ids, log });
  const copy = bucket && (await startBucket({ bucket, anchors, log }));
  return {
    witness: { tenant_id, cosign: key.cosign },
    onAnchored: (tenant, epoch, notes) => copy?.appended(tenant, epoch, notes),
    onPublished: (id) => witnesses.published(id),
    state: ({ id, name }) => ({ witnesses: witnesses.state(id), s3: copy?.state(name) ?? null }),
    stop: async () => void (await Promise.all([witnesses.stop(), copy?.stop()])),
  };
}
