import type { ChildProcessWithoutNullStreams } from "node:child_process";

type Asked = { done: (bytes: Buffer | null) => void; fail: (error: Error) => void };

/** One `git cat-file --batch` for a whole check: it reads objects, so no filter ever sees them. */
export class BlobReader {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly bytes_max: number;
  private readonly queue: Asked[] = [];
  private held: Buffer[] = [];
  private length = 0;
  private wanted: { size: number; keep: boolean } | null = null;
  private broken: Error | null = null;

  constructor(child: ChildProcessWithoutNullStreams, bytes_max: number) {
    this.child = child;
    this.bytes_max = bytes_max;
    child.stdout.on("data", (chunk: Buffer) => {
      this.held.push(chunk);
      this.length += chunk.length;
      // Joining at each chunk of a large blob would be quadratic.
      if (this.wanted === null || this.length > this.wanted.size) this.take();
    });
    child.stderr.resume();
    child.stdin.on("error", () => {});
    child.on("error", (error) => this.fall(error));
    child.on("close", () => this.fall(new Error("git cat-file ended")));
  }

  read(id: string): Promise<Buffer | null> {
    return new Promise((done, fail) => {
      if (this.broken) return fail(this.broken);
      this.queue.push({ done, fail });
      this.child.stdin.write(`${id}\n`);
    });
  }

  close(): void {
    this.child.kill("SIGKILL");
  }

  private take(): void {
    let all = Buffer.concat(this.held);
    for (;;) {
      if (this.wanted === null) {
        const end = all.indexOf(10);
        if (end < 0) break;
        const [, kind, size] = all.subarray(0, end).toString().split(" ");
        all = all.subarray(end + 1);
        if (size === undefined) {
          this.queue.shift()?.done(null);
          continue;
        }
        this.wanted = { size: Number(size), keep: kind === "blob" && Number(size) <= this.bytes_max };
      }
      if (all.length <= this.wanted.size) break;
      const bytes = this.wanted.keep ? Buffer.from(all.subarray(0, this.wanted.size)) : null;
      all = all.subarray(this.wanted.size + 1);
      this.wanted = null;
      this.queue.shift()?.done(bytes);
    }
    this.held = [all];
    this.length = all.length;
  }

  private fall(error: Error): void {
    this.broken ??= error;
    for (const { fail } of this.queue.splice(0)) fail(this.broken);
  }
}
