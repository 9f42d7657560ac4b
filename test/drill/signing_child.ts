import { pino } from "pino";
import { Signer, type Step } from "../../src/anchors/signer.ts";
import { derivedPassword } from "../../src/database/migrate.ts";
import { openWorld } from "../../src/world.ts";

/** One pass of a signer over a database, in a process of its own that kills itself at a step when told to. */
const { admin, anchors, keys, kill_at } = JSON.parse(process.argv[2]!) as {
  admin: { password: string; host: string; port: number; user: string; database: string };
  anchors: string;
  keys: string;
  kill_at: Step | null;
};
const log = pino({ level: "silent" });
const world = await openWorld({ admin, applicationPassword: derivedPassword(admin.password), log });
const onStep = (step: Step) => {
  if (step === kill_at) process.kill(process.pid, "SIGKILL");
};
const { home_tenant_id: tenant_id } = world;
const signer = new Signer({ ...world, tenant_id, tenant: "home", anchors, keys, log, onStep });
await signer.pass(true);
process.stdout.write(`${JSON.stringify(signer.state)}\n`);
await world.door.close();
await world.database.end();
