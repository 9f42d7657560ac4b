import {
  forEachChild,
  parse,
  type ArithmeticExpansionPart,
  type ArithmeticExpression,
  type HereDoc,
  type ParsedScript,
  type SyntaxNode,
  type Word,
  type WordPart,
} from "unbash";
import { calculate, parseNumber } from "./arithmetic.ts";
import { expandBraces } from "./braces.ts";
import { expandName, expandParameter } from "./expanded_parameters.ts";
import { FieldSink, TextSink, type Sink } from "./fields.ts";
import { promptEscapes } from "./operations.ts";
import { DEFAULT_IFS, assigned, valueOf, variableOf } from "./parameters.ts";
import { escapedPattern } from "./patterns.ts";
import type { Frame, Shell } from "./shell.ts";
import { having, type State } from "./state.ts";
import { suspectInteger } from "./subscripts.ts";
import { assignmentLength, tildePieces, type TildePlace } from "./tilde.ts";
import { HOLE, isKnown, trimmedEnd, type Argument } from "./values.ts";

/** No prompt has it in a line of its own. */
const END_OF_PROMPT = "END_OF_PROMPT";

/**
 * Expands words as bash does: braces, tilde, parameters, commands, arithmetic, splitting. Expanding changes the state
 * (`${x:=y}`, `$((n++))`, files that a substitution wrote), so take `state` back afterwards.
 */
export class Expansion {
  state: State;
  /** Whether a parameter was needed that nobody set. */
  sawAbsent = false;
  readonly shell: Shell;
  readonly absent: string;
  private frame: Frame;

  /** `absent` is what parameters that nobody set are taken for: nothing, or a hole. */
  constructor(shell: Shell, frame: Frame, state: State, absent = HOLE) {
    this.shell = shell;
    this.frame = frame;
    this.state = state;
    this.absent = absent;
  }

  /** The words that a word of a command becomes. */
  fields(word: Word, isArgument = true): Argument[] {
    this.shell.budget.spend(1);
    if (!word.parts?.some((part) => part.type === "BraceExpansion")) return this.unbraced(word, isArgument);
    const sources = expandBraces(word);
    if (sources === null) {
      this.sweep(word);
      return [{ value: HOLE, isGlob: false, text: word.text }];
    }
    return sources.flatMap((source) => {
      this.shell.budget.spend(1 + source.length / 64);
      return this.apart(source);
    });
  }

  /** Without splitting: values of assignments, targets, the words of `case`. */
  text(word: Word, atColons = false): string {
    const sink = new TextSink();
    this.walkWord(word, sink, atColons);
    return this.held(sink.text);
  }

  /** A pattern: what was quoted in it stands for itself. */
  pattern(word: Word): string {
    const sink = new TextSink(escapedPattern);
    this.walkWord(word, sink, false);
    return sink.text;
  }

  document({ body, delimiter }: HereDoc): string {
    if (delimiter?.quoted) return body.text;
    if (body.parts === undefined)
      return body.text.replaceAll(/\\([\\$`]|\n)/g, (_, char: string) => (char === "\n" ? "" : char));
    const sink = new TextSink();
    for (const part of body.parts) this.walk(part, sink, true);
    return this.held(sink.text);
  }

  /** A value that is shown as a prompt, with the commands in it: `${x@P}`, `PS4`. */
  prompt(value: string): string {
    const source = `_ <<${END_OF_PROMPT}\n${promptEscapes(value)}\n${END_OF_PROMPT}\n`;
    const command = parse(source).commands[0]?.command;
    const document = command?.type === "Command" ? command.redirects[0] : undefined;
    if (document?.type !== "HereDoc" || value.includes(END_OF_PROMPT)) return HOLE;
    const { frame } = this;
    this.frame = { ...frame, source };
    const text = trimmedEnd(this.document(document), "\n");
    this.frame = frame;
    return text;
  }

  /** An arithmetic expression's number, or a hole. */
  number(expression: ArithmeticExpression | undefined): string {
    const value = calculate(expression, {
      read: (name) => this.readNumber(name),
      write: (name, result) => {
        if (/^[A-Za-z_]\w*$/.test(name)) this.assign(name, result === null ? HOLE : String(result));
      },
      expand: (operand) => this.operand(operand),
    });
    return value === null ? HOLE : String(value);
  }

  /** The number that text is in arithmetic. */
  reckon(text: string): string {
    const trimmed = text.trim();
    const value = isKnown(text) ? parseNumber(trimmed) : null;
    if (value !== null) return String(value);
    const script = parse(`((${text}))`);
    const command = script.commands[0]?.command;
    const isPlain = isKnown(text) && script.errors === undefined && command?.type === "ArithmeticCommand";
    return isPlain ? this.number(command.expression) : HOLE;
  }

  /** The key that an index means in this array. */
  index(name: string, index: Word): string {
    if (index.text === "@" || index.text === "*") return index.text;
    const text = this.text(index);
    const array = variableOf(name, this.state, this.shell.around)?.value;
    return array instanceof Map && array.has(text) ? text : this.reckon(text);
  }

  /** Runs the commands in a part that is not understood otherwise. */
  sweep(node: SyntaxNode): void {
    forEachChild(node, (child) => {
      if (child.type === "CommandExpansion" || child.type === "ProcessSubstitution") this.output(child.script);
      else this.sweep(child);
    });
  }

  /** The words that this source of one word becomes. */
  apart(source: string): Argument[] {
    const unread = { value: HOLE, isGlob: false, text: source };
    return this.parsed(source, (word) => this.unbraced(word, false)) ?? (source === "" ? [] : [unread]);
  }

  /** Expands source that was not there when the command was parsed; undefined where it is not one word. */
  private parsed<T>(source: string, expand: (word: Word) => T): T | undefined {
    const script = parse(`_ ${source}`);
    const command = script.commands[0]?.command;
    const word = command?.type === "Command" ? command.suffix[0] : undefined;
    if (word?.type !== "Word" || word.end !== source.length + 2 || script.errors !== undefined) return undefined;
    const { frame } = this;
    this.frame = { ...frame, source: `_ ${source}` };
    const expanded = expand(word);
    this.frame = frame;
    return expanded;
  }

  assign(name: string, value: string): void {
    suspectInteger(this.shell, this.state, name, value);
    this.state = assigned(this.state, this.shell.around, name, value);
  }

  /** Puts the result of an expansion where it belongs. */
  add(value: string, sink: Sink, isQuoted: boolean): void {
    const held = this.held(value);
    if (isQuoted) sink.quoted(held);
    else sink.expanded(held);
  }

  walkWord(word: Word, sink: Sink, atColons: boolean, isArgument = false): void {
    const { value, text, pos, end } = word;
    const parts = word.parts ?? [{ type: "Literal", value, text, pos, end } as const];
    const name = isArgument ? assignmentLength(text) : 0;
    if (name > 0 && text.includes("~") && parts[0]?.type === "Literal") {
      const [first, ...others] = parts;
      const rest = { ...first, text: first.text.slice(name), value: first.value.slice(name) };
      sink.literal(first.text.slice(0, name));
      return this.walkParts(rest.text === "" ? others : [rest, ...others], sink, true);
    }
    this.walkParts(parts, sink, atColons);
  }

  private walkParts(parts: readonly WordPart[], sink: Sink, atColons: boolean): void {
    for (const [at, part] of parts.entries()) {
      const isTilde = part.type === "Literal" && (atColons || at === 0) && part.text.includes("~");
      if (!isTilde) this.walk(part, sink, false);
      else this.tilde(part.text, part.value, sink, { isStart: at === 0, isEnd: at === parts.length - 1, atColons });
    }
  }

  private unbraced(word: Word, isArgument: boolean): Argument[] {
    if (word.parts === undefined && !word.text.includes("~"))
      return [{ value: this.held(word.value), isGlob: false, text: word.text }];
    const separators = valueOf("IFS", this.state, this.shell.around) ?? DEFAULT_IFS;
    const sink = new FieldSink(separators, !this.state.options.has("noglob"));
    this.walkWord(word, sink, false, isArgument);
    return sink.arguments(word.text);
  }

  private tilde(text: string, value: string, sink: Sink, place: TildePlace): void {
    for (const piece of tildePieces(text, value, place))
      if ("text" in piece) sink.literal(piece.text);
      else {
        const name = { "": "HOME", "+": "PWD", "-": "OLDPWD" }[piece.user];
        const directory = name && valueOf(name, this.state, this.shell.around);
        sink.quoted(directory ?? (piece.user === "root" ? "/root" : HOLE));
      }
  }

  private walk(part: WordPart, sink: Sink, isQuoted: boolean): void {
    this.shell.budget.spend(1);
    switch (part.type) {
      case "Literal":
        return isQuoted ? sink.quoted(part.value) : sink.literal(part.value);
      case "Glob":
      case "ExtendedGlob":
        this.sweep(part);
        return sink.glob(part.text);
      case "SingleQuoted":
      case "AnsiCQuoted":
        return sink.quoted(part.value);
      case "DoubleQuoted":
      case "LocaleString":
        // `"$@"` without parameters is no word at all, and its sink is told nothing.
        for (const child of part.parts) this.walk(child, sink, true);
        return part.parts.length === 0 ? sink.quoted("") : undefined;
      case "SimpleExpansion":
        return expandName(this, part.text.slice(1), sink, isQuoted);
      case "ParameterExpansion":
        return expandParameter(this, part, sink, isQuoted);
      case "CommandExpansion":
        return this.add(trimmedEnd(this.output(part.script), "\n"), sink, isQuoted);
      case "ArithmeticExpansion":
        return this.add(this.arithmetic(part), sink, isQuoted);
      case "ProcessSubstitution":
        return sink.quoted(this.process(part.script, part.operator));
      case "BraceExpansion":
        // Only where no braces are expanded: an assignment, a target.
        this.sweep(part);
        return sink.literal(part.parts === undefined ? part.text : HOLE);
    }
  }

  private arithmetic(part: ArithmeticExpansionPart): string {
    return part.expression === undefined && /\S/.test(part.text.slice(3, -2)) ? HOLE : this.number(part.expression);
  }

  private readNumber(name: string): number | null {
    const value = valueOf(name, this.state, this.shell.around) ?? "";
    const number = isKnown(value) ? parseNumber(value.trim()) : null;
    if (number === null) this.suspect(value);
    return number;
  }

  /** Bash evaluates text in arithmetic with the commands in it: `x='a[$(cmd)]'; ((x))`. */
  private suspect(text: string): void {
    if (/\$\(|`/.test(text)) this.shell.unknown("arithmetic evaluates this text", text);
  }

  private operand(node: ArithmeticExpression): string | null {
    if (node.type === "ArithmeticCommandExpansion") {
      const output = this.output(node.script).trim();
      return isKnown(output) ? output : null;
    }
    if (node.type !== "ArithmeticWord") return null;
    const sink = new TextSink();
    for (const part of node.parts ?? []) this.walk(part, sink, true);
    const [, name] = /^\$([A-Za-z_]\w*|\d|#)$/.exec(node.value) ?? [];
    if (node.parts === undefined && name !== undefined) expandName(this, name, sink, true);
    else if (node.parts === undefined) sink.quoted(node.value);
    this.suspect(sink.text);
    return isKnown(sink.text) ? sink.text : null;
  }

  private output(script: ParsedScript | undefined): string {
    if (script === undefined) return HOLE;
    const frame = script.source === undefined ? this.frame : { ...this.frame, source: script.source };
    const { output, state } = this.shell.substitute(script, frame, this.state);
    this.state = state;
    return output;
  }

  /** What it printed lies in a file that only this command has. */
  private process(script: ParsedScript | undefined, operator: "<" | ">"): string {
    if (script === undefined) return HOLE;
    const path = `/dev/fd/${63 - (this.state.files.size % 50)}`;
    const { input } = this.state;
    const inside = operator === ">" ? { ...this.state, input: HOLE } : this.state;
    // What it reads is written anywhere in the command.
    const frame = operator === ">" ? { ...this.frame, statement: this.shell.whole } : this.frame;
    const { output, state } = this.shell.substitute(script, frame, inside);
    this.state = { ...state, input, files: having(state.files, path, output) };
    return path;
  }

  private held(value: string): string {
    return this.shell.budget.holds(value.length) ? value : HOLE;
  }
}
