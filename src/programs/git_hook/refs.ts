/** A ref that a push wants to move, as git tells its hooks. */
export type Move = {
  /** The ref where it arrives: `refs/heads/main`. */
  ref: string;
  /** What it names before; null when it is new. */
  from: string | null;
  /** What it shall name; null when it is to be deleted. */
  to: string | null;
};

const isZero = (oid: string): boolean => /^0+$/.test(oid);
const known = (oid: string): string | null => (isZero(oid) ? null : oid);
const OID = /^[0-9a-f]{40,64}$/;

/** The lines of pre-push: `<local ref> <local oid> <remote ref> <remote oid>`. */
export function pushedMoves(said: string): Move[] {
  return lines(said).map((line) => {
    const [, to, ref, from] = fields(line, 4);
    return { ref: ref!, from: known(oid(from!)), to: known(oid(to!)) };
  });
}

/** The lines of pre-receive: `<old oid> <new oid> <ref>`. */
export function receivedMoves(said: string): Move[] {
  return lines(said).map((line) => {
    const [from, to, ref] = fields(line, 3);
    return { ref: ref!, from: known(oid(from!)), to: known(oid(to!)) };
  });
}

const lines = (said: string): string[] => said.split("\n").filter((line) => line !== "");

function fields(line: string, count: number): string[] {
  const parts = line.split(" ");
  if (parts.length !== count) throw new Error(`git said \`${line}\`, which is not a ref to be moved`);
  return parts;
}

function oid(word: string): string {
  if (!OID.test(word)) throw new Error(`git said ${word}, which is no object's name`);
  return word;
}
