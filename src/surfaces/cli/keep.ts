import * as fs from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { slimmed } from "./slimmed.ts";

/**
 * Makes the startup snapshot from which the next commands start, in the first place that can be written:
 * `:keep <node> <blob> <blob elsewhere>`. bin/longwatch runs it in the background; nobody waits or sees it fail.
 *
 * A snapshot is only good for the very Node that made it: another one may crash on it. So it lies beside a hard link
 * to that Node, or, where that cannot be, beside what `ls` says of it; bin/longwatch compares before it starts.
 */
export function keepSnapshot(bundle: string, [node = process.execPath, ...places]: string[]): void {
  for (const blob of places.map((place) => resolve(place))) {
    if (!prepared(dirname(blob))) continue;
    const release = locked(`${blob}.lock`);
    if (!release) return;
    try {
      make(bundle, node, blob);
      return;
    } finally {
      release();
    }
  }
}

function prepared(directory: string): boolean {
  try {
    fs.mkdirSync(directory, { recursive: true });
    fs.accessSync(directory, fs.constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Longer than any build takes; what is older was left by a process that was killed. */
const LOCK_SECONDS = 60;

function locked(lock: string): (() => void) | undefined {
  const take = () => fs.closeSync(fs.openSync(lock, "wx"));
  const release = () => fs.rmSync(lock, { force: true });
  try {
    take();
    return release;
  } catch {
    try {
      if (Date.now() - fs.statSync(lock).mtimeMs < LOCK_SECONDS * 1000) return undefined;
      release();
      take();
      return release;
    } catch {
      return undefined;
    }
  }
}

function make(bundle: string, node: string, blob: string): void {
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const fresh = `${blob}.${process.pid}`;
  const recipe = `${fresh}.json`;
  const env = { ...process.env, NODE_OPTIONS: "" };
  const starts = (...words: string[]) =>
    spawnSync(process.execPath, words, { stdio: "ignore", env, timeout: 30_000 }).status === 0;
  try {
    // Without the code cache Node would also drop what the rehearsal compiled, which takes up to 5 ms at each start.
    fs.writeFileSync(recipe, JSON.stringify({ builder: bundle, withoutCodeCache: false }));
    if (!starts("--snapshot-blob", fresh, "--build-snapshot-config", recipe)) return;
    // On the disk before it has its name: after a power cut, half a snapshot would break off every start.
    fs.writeFileSync(fresh, slimmed(fs.readFileSync(fresh)), { flush: true });
    if (!starts("--snapshot-blob", fresh, "--", bundle, ":check")) return;
    forget(dirname(blob), blob);
    identify(node, blob);
    // An image or an archive may have brought files from the future; the newest is what bin/longwatch trusts.
    const newest = Math.max(Date.now(), ...[node, bundle].map((file) => fs.statSync(file).mtimeMs + 1000));
    fs.utimesSync(fresh, newest / 1000, newest / 1000);
    fs.renameSync(fresh, blob);
  } finally {
    for (const file of [recipe, fresh]) fs.rmSync(file, { force: true });
  }
}

/** Writes down which Node it is, before the blob is there to be used. */
function identify(node: string, blob: string): void {
  const link = `${blob}.node`;
  try {
    fs.rmSync(link, { force: true });
    fs.linkSync(process.execPath, link);
  } catch {
    const { spawnSync } = process.getBuiltinModule("node:child_process");
    const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
    const listed = spawnSync("ls", ["-lLni", node], { encoding: "utf8", env }).stdout;
    fs.writeFileSync(`${blob}.${process.pid}.json`, listed);
    fs.renameSync(`${blob}.${process.pid}.json`, `${blob}.for`);
  }
}

/** Removes what earlier builds and versions left. */
function forget(directory: string, blob: string): void {
  const [part] = basename(blob).split("-", 1);
  for (const name of fs.readdirSync(directory)) {
    const path = join(directory, name);
    const ours = path.startsWith(blob) && fs.statSync(path).mtimeMs > Date.now() - LOCK_SECONDS * 1000;
    if (name.startsWith(`${part}-`) && !ours) fs.rmSync(path, { force: true });
  }
}
