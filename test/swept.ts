import { spawn } from "node:child_process";

const SWEEP = `
  while read -r _; do :; done
  for directory; do
    lock=$directory/postgres/postmaster.pid
    read -r pid <"$lock" || continue
    kill -QUIT "$pid"
    while [ -e "$lock" ] && kill -0 "$pid"; do sleep 0.1; done
  done
  rm -rf -- "$@"`;

/**
 * Removes directories once this process is gone, however it was killed, and ends the PostgreSQL that has its data in
 * one: in memory they would take their gigabytes until the machine starts anew. Whoever waits for that sees the pipe
 * break, and hears no signal of our terminal.
 */
export function sweptBehindUs(...directories: string[]): void {
  const stdio = ["pipe", "ignore", "ignore"] as const;
  spawn("/bin/sh", ["-c", SWEEP, "sh", ...directories], { cwd: "/", detached: true, stdio: [...stdio] }).unref();
}
