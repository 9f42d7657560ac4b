import { HOLE, shown, type Argument } from "./values.ts";

/** Where an expansion puts its pieces: a list of words, one text, or a pattern. */
export type Sink = {
  /** Written text, whose quotes are already gone. */
  literal(text: string): void;
  quoted(text: string): void;
  /** The result of an unquoted expansion. */
  expanded(text: string): void;
  glob(pattern: string): void;
  /** Between two elements of a list such as `"$@"`. */
  next(): void;
};

/** Words: unquoted expansions are split at IFS, and what globs is marked. */
export class FieldSink implements Sink {
  private readonly fields: { value: string; isGlob: boolean }[] = [];
  private value = "";
  private isGlob = false;
  private isStarted = false;
  /** White space ended the last field, so that a separator after it ends nothing more. */
  private isAfterSpace = false;
  private readonly separators: string;
  private readonly globs: boolean;

  constructor(separators: string, globs: boolean) {
    this.separators = separators;
    this.globs = globs;
  }

  literal(text: string): void {
    if (text !== "") this.quoted(text);
  }

  quoted(text: string): void {
    this.value += text;
    this.isStarted = true;
    this.isAfterSpace = false;
  }

  glob(pattern: string): void {
    this.quoted(pattern);
    this.isGlob ||= this.globs;
  }

  expanded(text: string): void {
    if (this.separators.includes(HOLE)) return this.quoted(HOLE);
    let start = 0;
    for (let at = 0; at <= text.length; at++) {
      if (at < text.length && !this.separators.includes(text[at]!)) continue;
      if (at > start) this.piece(text.slice(start, at));
      if (at < text.length) this.separate(text[at]!);
      start = at + 1;
    }
  }

  next(): void {
    if (this.isStarted) this.end();
  }

  /** `source` is told for the word if it stayed one. */
  arguments(source: string): Argument[] {
    if (this.isStarted) this.end();
    const isOne = this.fields.length === 1;
    return this.fields.map((field) => ({ ...field, text: isOne ? source : shown(field.value) }));
  }

  private piece(text: string): void {
    const bracket = text.indexOf("[");
    const isGlob = /[*?]/.test(text) || (bracket >= 0 && text.lastIndexOf("]") > bracket);
    if (isGlob) this.glob(text);
    else this.quoted(text);
  }

  private separate(separator: string): void {
    const isSpace = separator === " " || separator === "\t" || separator === "\n";
    if (this.isStarted) {
      this.end();
      this.isAfterSpace = isSpace;
    } else if (!isSpace) {
      if (!this.isAfterSpace) this.fields.push({ value: "", isGlob: false });
      this.isAfterSpace = false;
    }
  }

  private end(): void {
    this.fields.push({ value: this.value, isGlob: this.isGlob });
    this.value = "";
    this.isGlob = this.isStarted = this.isAfterSpace = false;
  }
}

/** One text: an assignment's value, a target, a here-document; `quote` makes patterns of quoted pieces. */
export class TextSink implements Sink {
  text = "";
  private readonly quote: (text: string) => string;

  constructor(quote: (text: string) => string = (text) => text) {
    this.quote = quote;
  }

  literal(text: string): void {
    this.text += this.quote(text);
  }

  quoted(text: string): void {
    this.text += this.quote(text);
  }

  expanded(text: string): void {
    this.text += text;
  }

  glob(pattern: string): void {
    this.text += pattern;
  }

  next(): void {
    this.text += " ";
  }
}
