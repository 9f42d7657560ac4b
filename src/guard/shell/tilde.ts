/** A literal at the start of a word, in an assignment at the colons too, where `~` may stand for a directory. */
export type TildePlace = { isStart: boolean; isEnd: boolean; atColons: boolean };

/** A user's name (empty, `+` and `-` are the shell's own), or the text after it. */
type TildePiece = { user: string } | { text: string };

/** How much of a word's source is a name and `=`: bash looks for tildes after it even in a plain argument. */
export function assignmentLength(source: string): number {
  return /^[A-Za-z_]\w*\+?=/.exec(source)?.[0].length ?? 0;
}

/** `text` is what is written, `value` what it means without tildes. */
export function tildePieces(text: string, value: string, place: TildePlace): TildePiece[] {
  const pieces = place.atColons ? text.split(/(?<=:)/) : [text];
  if (text !== value) {
    // An escape in the name makes it none; after `~/` it changes nothing.
    const isHome = place.isStart && pieces.length === 1 && /^~\//.test(text);
    return isHome ? [{ user: "" }, { text: value.slice(1) }] : [{ text: value }];
  }
  return pieces.flatMap((piece, index): TildePiece[] => {
    const isFirst = index > 0 || place.isStart;
    const isLast = index < pieces.length - 1 || place.isEnd;
    const match = isFirst ? /^~([\w.+-]*)(?=\/|:$|$)/.exec(piece) : null;
    if (match === null || (match[0] === piece && !isLast)) return [{ text: piece }];
    return [{ user: match[1]! }, { text: piece.slice(match[0].length) }];
  });
}
