import { isDeepStrictEqual } from "node:util";
import {
  applyEdits,
  findNodeAtLocation,
  type FormattingOptions,
  getNodeValue,
  modify,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";
import type { Edit } from "./edits.ts";
import { malformed } from "./edits.ts";

/** Which JSON the program that reads the file understands. We refuse what it would. */
export type Dialect = { comments: boolean; trailing_commas: boolean };
export const strict: Dialect = { comments: false, trailing_commas: false };

/**
 * One thing of ours in a JSON file. `set` is a member of an object. `list` is an element of an array, known again
 * by `mine`, whatever version of us wrote it.
 */
export type Piece =
  | { kind: "set"; at: readonly string[]; value: unknown }
  | {
      kind: "list";
      at: readonly string[];
      value: unknown;
      mine(element: unknown): boolean;
      /** What is ours in an element that holds others', too. */
      within?: { key: string; mine(part: unknown): boolean };
    };

export type JsonEdit = { path: string; what: string; pieces: readonly Piece[]; dialect?: Dialect };

/** The edit that puts our pieces into the file, where they are not yet as they should be. */
export function jsonConnected({ path, what, pieces, dialect = strict }: JsonEdit): Edit {
  return {
    path,
    what,
    change(before) {
      let text = before === null || before.trim() === "" ? "{}\n" : before;
      for (const piece of pieces) text = withPiece(path, text, piece, dialect);
      return text;
    },
  };
}

/** The edit that takes our pieces out and leaves everything else as it is. */
export function jsonDisconnected({ path, what, pieces, dialect = strict }: JsonEdit): Edit {
  return {
    path,
    what,
    change(before) {
      if (before === null) return null;
      let text = before;
      for (const piece of pieces) text = withoutPiece(path, text, piece, dialect);
      return text;
    },
  };
}

/** What stands at a place of a file's text; undefined where nothing does. */
export function jsonAt(path: string, text: string, at: readonly string[], dialect: Dialect = strict): unknown {
  const node = findNodeAtLocation(treeOf(path, text, dialect), [...at]);
  return node === undefined ? undefined : getNodeValue(node);
}

function withPiece(path: string, text: string, piece: Piece, dialect: Dialect): string {
  const tree = treeOf(path, text, dialect);
  for (let length = 1; length < piece.at.length; length++)
    mustBe(path, text, tree, piece.at.slice(0, length), "object");
  if (piece.kind === "set") {
    const node = findNodeAtLocation(tree, [...piece.at]);
    if (node && isDeepStrictEqual(getNodeValue(node), piece.value)) return text;
    return changed(text, piece.at, piece.value);
  }
  mustBe(path, text, tree, piece.at, "array");
  const apart = withoutParts(path, text, piece, dialect);
  if (apart !== text) return withPiece(path, apart, piece, dialect);
  const elements = elementsAt(tree, piece.at);
  const mine = elements.flatMap((element, index) => (piece.mine(element) ? [index] : []));
  if (mine.length === 1 && isDeepStrictEqual(elements[mine[0]!], piece.value)) return text;
  let fresh = text;
  for (const index of mine.slice(1).reverse()) fresh = changed(fresh, [...piece.at, index], undefined);
  if (mine.length > 0) return changed(fresh, [...piece.at, mine[0]!], piece.value);
  return changed(fresh, [...piece.at, elements.length], piece.value, true);
}

function withoutPiece(path: string, text: string, piece: Piece, dialect: Dialect): string {
  let fresh = text;
  const elements = () => elementsAt(treeOf(path, fresh, dialect), piece.at);
  if (piece.kind === "set") {
    if (findNodeAtLocation(treeOf(path, fresh, dialect), [...piece.at]) === undefined) return text;
    fresh = changed(fresh, piece.at, undefined);
  } else {
    for (let at = elements().findLastIndex(piece.mine); at >= 0; at = elements().findLastIndex(piece.mine))
      fresh = changed(fresh, [...piece.at, at], undefined);
    fresh = withoutParts(path, fresh, piece, dialect);
    if (fresh === text) return text;
  }
  // What held nothing but ours was made for it.
  for (let at = piece.kind === "set" ? piece.at.slice(0, -1) : piece.at; at.length > 0; at = at.slice(0, -1)) {
    const node = findNodeAtLocation(treeOf(path, fresh, dialect), [...at]);
    if (node === undefined || (node.children ?? []).length > 0) break;
    fresh = changed(fresh, at, undefined);
  }
  return fresh;
}

/** Takes ours out of the elements that hold others', too. */
function withoutParts(path: string, text: string, piece: Piece & { kind: "list" }, dialect: Dialect): string {
  if (!piece.within) return text;
  const { key, mine } = piece.within;
  for (const [index, element] of elementsAt(treeOf(path, text, dialect), piece.at).entries()) {
    const parts: unknown = (element as { [key: string]: unknown } | null)?.[key];
    const at = Array.isArray(parts) && !piece.mine(element) ? parts.findLastIndex(mine) : -1;
    if (at >= 0) return withoutParts(path, changed(text, [...piece.at, index, key, at], undefined), piece, dialect);
  }
  return text;
}

function elementsAt(tree: Node, at: readonly string[]): unknown[] {
  const node = findNodeAtLocation(tree, [...at]);
  return node?.type === "array" ? (getNodeValue(node) as unknown[]) : [];
}

function mustBe(path: string, text: string, tree: Node, at: readonly string[], type: "object" | "array"): void {
  const node = findNodeAtLocation(tree, [...at]);
  if (node === undefined || node.type === type) return;
  const what = type === "object" ? "an object" : "a list";
  throw malformed(path, lineAt(text, node.offset), `${at.join(".")} is a ${node.type}, where ${what} belongs`);
}

function changed(text: string, at: readonly (string | number)[], value: unknown, insertion = false): string {
  return applyEdits(
    text,
    modify(text, [...at], value, { formattingOptions: styleOf(text), isArrayInsertion: insertion }),
  );
}

function treeOf(path: string, text: string, { comments, trailing_commas }: Dialect): Node {
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { disallowComments: !comments, allowTrailingComma: trailing_commas });
  if (errors[0]) {
    const why = printParseErrorCode(errors[0].error).replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ");
    throw malformed(path, lineAt(text, errors[0].offset), `not the JSON that is read there (${why.toLowerCase()})`);
  }
  if (tree?.type !== "object") throw malformed(path, 1, "not a JSON object");
  refuseTwins(path, text, tree);
  return tree;
}

/** Of two members of one name some programs read the first and some the last; ours could be the other one. */
function refuseTwins(path: string, text: string, node: Node): void {
  const names = new Set<string>();
  for (const child of node.children ?? []) {
    if (node.type === "object") {
      const name = child.children![0]!.value as string;
      if (names.has(name))
        throw malformed(path, lineAt(text, child.offset), `${JSON.stringify(name)} stands there twice`);
      names.add(name);
    }
    refuseTwins(path, text, child);
  }
}

function styleOf(text: string): FormattingOptions {
  const indent = /^([ \t]+)\S/m.exec(text)?.[1];
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  if (indent?.startsWith("\t")) return { insertSpaces: false, tabSize: 1, eol };
  return { insertSpaces: true, tabSize: indent?.length ?? 2, eol };
}

const lineAt = (text: string, offset: number): number => text.slice(0, offset).split("\n").length;
