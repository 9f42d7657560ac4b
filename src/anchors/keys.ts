import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { formatVerifier, newSigner, parseSigner, type Signer } from "../tlog/note.ts";
import { openPrivately, writeDurably } from "./directory.ts";

type Kept = { skey: string; signer: Signer };

/** The secret keys of a tenant's logs: `<data>/signer/<tenant>.<epoch>.keys`, mode 0600, one a line, newest last. */
export class KeyFile {
  readonly #path: string;
  #keys: readonly Kept[];

  private constructor(path: string, keys: readonly Kept[]) {
    this.#path = path;
    this.#keys = keys;
  }

  /** Reads the keys of a log; there are none where another server signs it. */
  static async open(directory: string, tenant: string, epoch: number): Promise<KeyFile> {
    await openPrivately(directory);
    const path = join(directory, `${tenant}.${epoch}.keys`);
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "";
      throw error;
    });
    const lines = text.split("\n").filter((line) => line !== "");
    return new KeyFile(
      path,
      lines.map((skey) => ({ skey, signer: parseSigner(skey) })),
    );
  }

  get newest(): Signer | undefined {
    return this.#keys.at(-1)?.signer;
  }

  /** The key that goes by this verifier key, if it is here. */
  find(vkey: string): Signer | undefined {
    return this.#keys.find(({ signer }) => formatVerifier(signer) === vkey)?.signer;
  }

  /** Makes another key; it is on the disk before anybody hears of it. */
  async add(name: string): Promise<Signer> {
    const { signer, skey } = newSigner(name);
    const keys = [...this.#keys, { skey, signer }];
    await writeDurably(this.#path, keys.map((key) => `${key.skey}\n`).join(""), 0o600);
    this.#keys = keys;
    return signer;
  }

  /** Forgets keys that were made for a log that another server opened first. */
  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
    this.#keys = [];
  }
}
