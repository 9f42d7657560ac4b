import { createHash, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { basename, dirname, resolve } from "node:path";
import type { Client } from "../../client/client.ts";
import { Refusal } from "../../kernel/refusal.ts";
import type { Terminal } from "../import/telling.ts";
import { syncDirectory } from "./export.ts";
import { beginsWith, type Known, mirrorsOf } from "./known.ts";
import { keepMirrorName, lockFile, mirrorNameOf } from "./sidecar.ts";
import { Misspoken, type Options, runProgram, SHARED_USAGE, using } from "./words.ts";

const USAGE = `usage: longwatch feed restore FILE [--mirror NAME]

Writes a mirrored feed file anew from the ledger: the very bytes that were read, held against their SHA-256. They are
written to a new file that then takes the name. What was there is kept beside it as FILE.before-restore; bring its posts
in with \`longwatch import feed FILE.before-restore\`, those that are in the feed change nothing. Afterwards the mirrors
of the file may go on.

  --mirror NAME  which mirror's bytes, when FILE.longwatch is lost and there are several (\`longwatch feed mirrors\`)
${SHARED_USAGE}
Exit code: 0 when the file is whole, 1 when the ledger's bytes are not what the mirror read, 2 for a wrong call, 5 when
no such file was mirrored, 6 when a process mirrors it now or it cannot be told which mirror is meant, 8 when the server
is away.
`;

const options: Options = { mirror: { type: "string" }, json: { type: "boolean" } };

type Segment = { seq: number; from: number; size: number; digest: string; text: string; encoding: "utf8" | "base64" };

/** Writes a feed file anew from the ledger. Answers the exit code. */
export async function main(argv: string[], client: () => Client, terminal: Terminal): Promise<number> {
  return runProgram({ argv, usage: USAGE, options }, terminal, async ({ file, values }) => {
    if (!fs.existsSync(dirname(resolve(file)))) throw new Misspoken(`${dirname(file)} is not there.`);
    const lock = lockFile(file);
    if (typeof lock === "string") throw held(file, lock);
    try {
      return await using(client(), async (server) => {
        const known = await whichMirror(server, file, values.mirror as string | undefined);
        const kept = (await isWhole(file, known)) ? null : await write(server, file, known);
        keepMirrorName(file, known.mirror);
        const { size, digest, mirror } = known;
        await server.say("feed.resume", { file: known.file, mirror, size, digest });
        terminal.stdout(
          values.json ? `${JSON.stringify({ file, mirror, size, digest, kept })}\n` : told(file, size, kept),
        );
        return 0;
      });
    } finally {
      lock.release();
    }
  });
}

function told(file: string, size: number, kept: string | null): string {
  if (kept === null) return `${file} is whole: its first ${size} bytes are those that were read.\n`;
  const before = kept === "" ? "" : `What was there is ${kept}; its posts: longwatch import feed ${kept}\n`;
  return `${file} is written anew: ${size} bytes, as they were read.\n${before}`;
}

async function whichMirror(client: Client, file: string, given: string | undefined): Promise<Known> {
  const name = basename(file);
  const all = await mirrorsOf(client, name);
  const wanted = given ?? mirrorNameOf(file);
  const found = wanted === null ? all : all.filter(({ mirror }) => mirror === wanted);
  const halted = found.filter(({ state }) => state === "halted");
  const [known, ...others] = halted.length === 1 ? halted : found;
  if (!known)
    throw new Refusal("missing", "mirror.unknown", `No file ${name} was mirrored${wanted ? ` by ${wanted}` : ""}.`, {
      hint: "longwatch feed mirrors lists what was; the name of the file must be the same.",
    });
  if (others.length === 0) return known;
  const names = found.map(({ mirror, size, state }) => `${mirror} (${size} bytes, ${state})`).join(", ");
  throw new Refusal("conflict", "mirror.ambiguous", `Several mirrors read a file ${name}: ${names}.`, {
    hint: "Say which with --mirror NAME.",
  });
}

async function isWhole(file: string, known: Known): Promise<boolean> {
  return fs.existsSync(file) && (await beginsWith(file, known));
}

/** Answers where that is kept which was there before; empty when nothing was. */
async function write(client: Client, file: string, known: Known): Promise<string> {
  const draft = `${file}.${randomBytes(4).toString("hex")}-restored`;
  const there = fs.statSync(file, { throwIfNoEntry: false });
  const fd = fs.openSync(draft, "wx", there ? there.mode & 0o777 : 0o666);
  try {
    await writeSegments(client, fd, known);
    fs.fsyncSync(fd);
    const kept = there ? keepBeside(file) : "";
    fs.renameSync(draft, file);
    syncDirectory(dirname(resolve(file)));
    return kept;
  } finally {
    fs.closeSync(fd);
    fs.rmSync(draft, { force: true });
  }
}

async function writeSegments(client: Client, fd: number, known: Known): Promise<void> {
  const hash = createHash("sha256");
  let size = 0;
  let after: number | null = 0;
  while (after !== null) {
    const input = { file: known.file, mirror: known.mirror, after };
    const page: { segments: Segment[]; next: number | null } = await client.ask("feed.segments", input);
    for (const { seq, from, text, encoding, digest } of page.segments) {
      if (from > known.size) break;
      const bytes = Buffer.from(text, encoding);
      hash.update(bytes);
      if (from !== size || hash.copy().digest("hex") !== digest) throw notWhole(known, seq);
      fs.writeFileSync(fd, bytes);
      size += bytes.length;
    }
    after = page.next;
  }
  if (size !== known.size || hash.digest("hex") !== known.digest) throw notWhole(known, null);
}

/** Under a name that nothing has: what was kept before is never lost to a second restore. */
function keepBeside(file: string): string {
  for (let n = 1; ; n++) {
    const kept = n === 1 ? `${file}.before-restore` : `${file}.before-restore-${n}`;
    try {
      fs.linkSync(file, kept);
      return kept;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Some file systems know no second name for a file.
      if (code === "EPERM" || code === "ENOTSUP") fs.copyFileSync(file, kept, fs.constants.COPYFILE_EXCL);
      else if (code !== "EEXIST") throw error;
      if (code !== "EEXIST") return kept;
    }
  }
}

function notWhole({ file, size }: Known, seq: number | null): Refusal {
  const where = seq === null ? "they end too early" : `entry ${seq} is not what follows`;
  return new Refusal(
    "internal",
    "segments.broken",
    `The ledger's bytes of ${file} do not give its ${size}: ${where}.`,
    {
      hint: "Nothing was written. longwatch ledger verify tells whether the ledger is whole.",
    },
  );
}

function held(file: string, holder: string): Refusal {
  return new Refusal("conflict", "mirror.held", `${file} is mirrored by ${holder}.`, {
    hint: "Stop that one first: it would see the file change under it.",
  });
}
