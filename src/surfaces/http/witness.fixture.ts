import { createHash } from "node:crypto";
import http from "node:http";
import { newSigner, signNote } from "../../tlog/note.ts";
import { consistencyProof } from "../../tlog/proofs.ts";

/** A log in memory, for those who test a witness: its leaves are its numbers. */
export type OwnLog = {
  origin: string;
  vkey: string;
  /** The signed checkpoint of a size. */
  note(size: number): string;
  /** The lines of the proof that leads from one size to another. */
  proof(from: number, to: number): Promise<string[]>;
  /** A whole request. */
  request(from: number, to: number): Promise<string>;
};

const sha256 = (...parts: Uint8Array[]) => {
  const digest = createHash("sha256");
  for (const part of parts) digest.update(part);
  return digest.digest();
};

/** `fork` makes another tree of the same sizes. */
export function ownLog(origin: string, options: { fork?: string; size_max?: number; key?: OwnKey } = {}): OwnLog {
  const { fork = "", size_max = 200, key: own = newSigner(origin) } = options;
  const leaves = Array.from({ length: size_max }, (_, n) => sha256(Buffer.from([0]), Buffer.from(`${fork}${n}`)));
  const known = new Map<string, Buffer>();
  /** RFC 6962, section 2.1, by its definition. */
  const root = (start: number, end: number): Buffer => {
    if (end === start) return sha256();
    if (end - start === 1) return leaves[start]!;
    const key = `${start} ${end}`;
    if (known.has(key)) return known.get(key)!;
    let k = 1;
    while (k * 2 < end - start) k *= 2;
    const hash = sha256(Buffer.from([1]), root(start, start + k), root(start + k, end));
    known.set(key, hash);
    return hash;
  };
  const note = (size: number) => signNote(`${origin}\n${size}\n${root(0, size).toString("base64")}\n`, [own.signer]);
  const proof = async (from: number, to: number) => {
    const read = async (level: number, index: number) => root(index * 2 ** level, (index + 1) * 2 ** level);
    return (await consistencyProof(from, to, read)).map((hash) => hash.toString("base64"));
  };
  const request = async (from: number, to: number) =>
    [`old ${from}`, ...(await proof(from, to)), "", note(to)].join("\n");
  return { origin, vkey: own.vkey, note, proof, request };
}

export type OwnKey = ReturnType<typeof newSigner>;

export type Answer = { status: number; type: string | undefined; body: string };

/** Posts a body as it is. */
export function post(url: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((done, fail) => {
    const request = http.request(url, { method: "POST", agent: false, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () =>
        done({
          status: response.statusCode!,
          type: response.headers["content-type"],
          body: Buffer.concat(parts).toString(),
        }),
      );
    });
    request.on("error", fail);
    request.end(body);
  });
}
