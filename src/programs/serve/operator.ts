import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Refusal } from "../../kernel/refusal.ts";
import type { World } from "../../world.ts";

/** The operator's token on this machine: the one of the last start while it holds, else a new one. */
export async function operatorToken(world: World, directory: string): Promise<{ token: string; first: boolean }> {
  const kept = await readFile(join(directory, "client.json"), "utf8").then(
    (text) => JSON.parse(text),
    () => null,
  );
  if (typeof kept?.token === "string") {
    const caller = await world.door.identify(kept.token).catch((error) => {
      if (error instanceof Refusal && error.kind === "unauthenticated") return null;
      throw error;
    });
    if (caller?.role === "operator" && caller.tenant_id === world.home_tenant_id)
      return { token: kept.token, first: false };
  }
  const { output } = await world.door.sayInside(world.home_tenant_id, "operator", "token.issue", {});
  return { token: (output as { token: string }).token, first: kept === null };
}

export async function writeSecret(path: string, text: string): Promise<void> {
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(`${path}.new`, `${text}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
