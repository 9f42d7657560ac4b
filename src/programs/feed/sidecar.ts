import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { syncDirectory } from "./export.ts";

/**
 * What lies beside a mirrored file: `FILE.longwatch` has the name of its mirror, and `FILE.longwatch.<n>` tells which
 * process mirrors it now. How far it was read is kept by the server, with the bytes.
 */
export function mirrorNameOf(file: string): string | null {
  try {
    const { mirror } = JSON.parse(fs.readFileSync(`${file}.longwatch`, "utf8"));
    return typeof mirror === "string" && mirror !== "" ? mirror : null;
  } catch {
    return null;
  }
}

export function keepMirrorName(file: string, mirror: string): void {
  writeDurably(`${file}.longwatch`, JSON.stringify({ mirror }));
}

export function newMirrorName(): string {
  return randomBytes(6).toString("hex");
}

/** `since` tells a process from a later one under the same number. */
type Holder = { pid: number; host: string; since: string; released?: true };

export type Lock = { release(): void };

/**
 * Takes the file for this process alone, or tells who has it. Each taking has the next number and is made whole in one
 * step, so that of two who find the same dead holder one wins; whoever then sees a higher number steps back.
 */
export function lockFile(file: string): Lock | string {
  const own: Holder = { pid: process.pid, host: hostname(), since: startOf(process.pid) };
  for (;;) {
    const [top = 0] = takings(file);
    const holder = top === 0 ? null : holderOf(file, top);
    if (holder && isHeld(holder)) return `process ${holder.pid} on ${holder.host}`;
    const taken = top + 1;
    if (!linked(file, taken, own)) continue;
    const [highest = 0] = takings(file);
    if (highest !== taken) {
      fs.rmSync(`${file}.longwatch.${taken}`, { force: true });
      continue;
    }
    for (const old of takings(file)) if (old < taken) fs.rmSync(`${file}.longwatch.${old}`, { force: true });
    return { release: () => writeDurably(`${file}.longwatch.${taken}`, JSON.stringify({ ...own, released: true })) };
  }
}

function takings(file: string): number[] {
  const before = `${basename(file)}.longwatch.`;
  return fs
    .readdirSync(dirname(resolve(file)))
    .filter((name) => name.startsWith(before) && /^\d+$/.test(name.slice(before.length)))
    .map((name) => Number(name.slice(before.length)))
    .sort((a, b) => b - a);
}

function linked(file: string, taken: number, own: Holder): boolean {
  const draft = `${file}.longwatch.${randomBytes(4).toString("hex")}-draft`;
  fs.writeFileSync(draft, JSON.stringify(own));
  try {
    fs.linkSync(draft, `${file}.longwatch.${taken}`);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

function holderOf(file: string, taken: number): Holder | null {
  try {
    return JSON.parse(fs.readFileSync(`${file}.longwatch.${taken}`, "utf8"));
  } catch {
    return null;
  }
}

/** A process of another machine cannot be asked: the file is its until it lets go. */
function isHeld({ pid, host, since, released }: Holder): boolean {
  if (released) return false;
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return since === startOf(pid);
}

/** When a process started, where the system tells (Linux), in ticks since which start of the machine. */
function startOf(pid: number): string {
  try {
    const boot = fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    // The name before it is in brackets and may hold anything; the start is the 20th word behind it.
    const words = fs.readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
    return `${boot}/${words[19]}`;
  } catch {
    return "";
  }
}

function writeDurably(path: string, text: string): void {
  const draft = `${path}.${randomBytes(4).toString("hex")}-draft`;
  const fd = fs.openSync(draft, "wx", 0o644);
  try {
    fs.writeFileSync(fd, `${text}\n`);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
  fs.renameSync(draft, path);
  syncDirectory(dirname(join(resolve(path))));
}
