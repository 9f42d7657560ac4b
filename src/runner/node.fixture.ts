import { chmodSync, copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

/** A Node that every user finds in every jail: the pinned one may lie in a clone below /tmp, which a jail covers. */
export function nodeInEveryJail(): string {
  const home = process.getuid?.() === 0 ? "/var/lib" : homedir();
  const toolbox = mkdtempSync(join(home, "longwatch-toolbox-"));
  after(() => rmSync(toolbox, { recursive: true, force: true }));
  const node = join(toolbox, "node");
  copyFileSync(process.execPath, node);
  for (const path of [toolbox, node]) chmodSync(path, 0o755);
  return node;
}
