/**
 * Node's snapshot keeps the compiled functions of a program only together with the compiled text of every module that
 * Node has: 4 MB that a short program does not touch, and that are copied at each start (2 ms). They are the last thing
 * in the file: how many, and for each its name and its bytes, behind their lengths. This leaves them out. A file that
 * does not end like that is given back as it is: it starts as well, and a little later.
 */
export function slimmed(snapshot: Buffer): Buffer {
  for (let at = snapshot.length - NUMBER_BYTES; at >= 0; at--)
    if (isCodeOfModules(snapshot, at)) return Buffer.concat([snapshot.subarray(0, at), Buffer.alloc(NUMBER_BYTES)]);
  return snapshot;
}

const NUMBER_BYTES = 8;
/** Node 24 has 388 modules. */
const MODULES = { min: 50, max: 2_000 };
const NAME_CHARACTERS_MAX = 100;

/** Whether from here to the end of the file there are so many names and bytes as it says, and nothing else. */
function isCodeOfModules(snapshot: Buffer, begin: number): boolean {
  let at = begin;
  const next = (): number => {
    if (at + NUMBER_BYTES > snapshot.length || snapshot.readUInt32LE(at + 4) !== 0) return Number.NaN;
    at += NUMBER_BYTES;
    return snapshot.readUInt32LE(at - NUMBER_BYTES);
  };
  const modules = next();
  if (!(modules >= MODULES.min && modules <= MODULES.max)) return false;
  for (let n = 0; n < modules; n++) {
    const length = next();
    if (!(length > 0 && length <= NAME_CHARACTERS_MAX)) return false;
    if (!/^[\w./-]+$/.test(snapshot.toString("latin1", at, (at += length)))) return false;
    const bytes = next();
    if (!(at + bytes <= snapshot.length)) return false;
    at += bytes;
  }
  return at === snapshot.length;
}
