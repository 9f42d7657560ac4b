import { parse, type Script } from "unbash";
import { builtins } from "./builtins.ts";
import { evaluatesNames } from "./subscripts.ts";
import { Exhausted, limits, type Budget } from "./budget.ts";
import { runList, runNode } from "./compound.ts";
import { readFound } from "./found_files.ts";
import { programName, resolved } from "./paths.ts";
import { programs } from "./programs.ts";
import type { Invocation, Reading, Surroundings } from "./reading.ts";
import { runScriptFile } from "./script_files.ts";
import type { Call, Frame, Runnable, Shell } from "./shell.ts";
import { afterwards, having, merged, printed, type Body, type State } from "./state.ts";
import { HOLE, asWord, isKnown, literally, shown } from "./values.ts";

/** One reading: gathers invocations and unknowns, each once, while the commands are followed. */
export class Reader implements Shell {
  readonly around: Surroundings;
  readonly budget: Budget;
  readonly whole: string;
  readonly tracksLast: boolean;
  private readonly invocations = new Map<string, Invocation>();
  /** The texts, by the reason. */
  private readonly unknowns = new Map<string, Set<string>>();
  private readonly environments = new WeakMap<State["variables"], ReadonlyMap<string, string | null>>();
  private readonly disk = new Map<string, string | null>();

  constructor(around: Surroundings, budget: Budget, whole: string) {
    this.around = around;
    this.budget = budget;
    this.whole = whole;
    this.tracksLast = /\$\{?_\b/.test(whole);
  }

  get reading(): Reading {
    const unknowns = [...this.unknowns].flatMap(([why, texts]) => [...texts].map((text) => ({ why, text })));
    return { invocations: [...this.invocations.values()], unknowns };
  }

  unknown(why: string, text: string): void {
    // Never cut: what is looked for in it may stand at its end.
    const told = shown(text);
    const texts = this.unknowns.get(why) ?? new Set();
    this.unknowns.set(why, texts.add(told));
  }

  node(node: Runnable, frame: Frame, state: State): State[] {
    return runNode(this, node, frame, state);
  }

  run(text: string, frame: Frame, state: State): State[] {
    const source = text.length > limits.characters ? text.slice(0, limits.characters) : text;
    this.budget.spend(1 + source.length / 64);
    if (source !== text) this.unknown("this is too long to read whole", text);
    if (frame.nesting + 1 > limits.nesting) {
      this.unknown("shells are nested too deep to read", source);
      return [state];
    }
    if (!isKnown(source)) this.unknown("a part of what runs here is not known", frame.statement || source);
    try {
      const script = parse(source);
      this.complain(script, source);
      return runList(this, script.commands, { ...frame, source, statement: "", nesting: frame.nesting + 1 }, state);
    } catch (error) {
      // Told here, where the text is at hand: it may be that of a script on disk. Deep syntax fills the stack first.
      if (error instanceof Exhausted || error instanceof RangeError) this.unknown("this is too much to read", source);
      throw error;
    }
  }

  runApart(text: string, frame: Frame, state: State, positional: readonly string[] = ["bash"]): State[] {
    const inherited = [...state.variables].filter(([, variable]) => variable.isExported);
    const inner: State = {
      ...state,
      variables: new Map(inherited),
      functions: new Map([...state.functions].filter(([name]) => state.options.has(`function ${name}`))),
      aliases: new Map([...state.aliases].filter(([name]) => name.startsWith("git "))),
      positional,
      options: new Set(),
      traps: new Map(),
      shadowed: new Map(),
      files: frame.isElsewhere ? new Map() : state.files,
      cwd: frame.isElsewhere ? HOLE : state.cwd,
    };
    const ways = this.ended(this.run(text, frame, inner), frame).map((way) => afterwards(state, way));
    return merged(frame.isElsewhere ? ways.map((way) => ({ ...way, files: state.files })) : ways);
  }

  /** The ways at a shell's end, where its traps run with all that was set since. */
  ended(ways: readonly State[], frame: Frame): readonly State[] {
    for (const way of ways)
      for (const text of way.traps.values())
        this.run(text, { ...frame, via: [...frame.via, "trap"] }, { ...way, traps: new Map(), jump: undefined });
    return ways;
  }

  substitute(script: Script, frame: Frame, state: State): { output: string; state: State } {
    this.complain(script, frame.source.slice(script.pos, script.end));
    const ways = this.ended(runList(this, script.commands, frame, { ...state, output: "", traps: new Map() }), frame);
    const outputs = new Set(ways.map((way) => way.output));
    const files = new Set(ways.map((way) => way.files));
    const inside = merged(ways.map((way) => ({ ...state, files: way.files })));
    const after = files.size === 1 ? ways[0]!.files : inside.length === 1 ? inside[0]!.files : unsure(inside);
    return { output: outputs.size === 1 ? (ways[0]!.output ?? HOLE) : HOLE, state: { ...state, files: after } };
  }

  callFunction(body: Body, call: Call, state: State): State[] {
    const positional = [
      state.positional[0]!,
      ...call.argv.slice(1).map(({ value, isGlob }) => (isGlob ? HOLE : value)),
    ];
    const inside: State = { ...state, positional, shadowed: new Map() };
    const { calls, nesting } = call.frame;
    // Called again as it was called before, it does nothing that has not been read.
    if (
      calls.some(
        ([other, before]) => other === body && before.variables === inside.variables && sameWords(before, inside),
      )
    )
      return [{ ...state, succeeded: undefined }];
    if (nesting + 1 > limits.nesting) {
      this.unknown("functions are nested too deep to read", call.frame.statement);
      return [state];
    }
    const frame: Frame = {
      ...call.frame,
      source: body.source,
      nesting: nesting + 1,
      calls: [...calls, [body, inside]],
    };
    return merged(runNode(this, body.node, frame, inside).map((way) => returned(state, way)));
  }

  read(path: string, frame: Frame, state: State): string | null {
    if (!isKnown(path)) return state.files.get(HOLE) ?? null;
    const text = state.files.get(path) ?? this.onDisk(path, frame, state);
    this.budget.spend(1 + (text?.length ?? 0) / 64);
    return text;
  }

  private onDisk(path: string, frame: Frame, state: State): string | null {
    if (path === "/dev/stdin" || path === "/proc/self/fd/0") return state.input ?? null;
    if (frame.isElsewhere || path.startsWith("/dev/")) return null;
    if (!this.disk.has(path)) this.disk.set(path, this.around.readFile(path));
    return this.disk.get(path)!;
  }

  invoke(call: Call, state: State): State[] {
    const [first] = call.argv;
    if (first === undefined || first.isGlob || !isKnown(first.value)) {
      this.tell(call, state);
      if (first?.isGlob) this.unknown("the file system decides which program this is", call.text ?? wordsText(call));
      return [printed({ ...state, succeeded: undefined }, HOLE)];
    }
    const body = call.skips ? undefined : state.functions.get(first.value);
    if (body !== undefined) {
      if (call.writes?.length) this.tell({ ...call, argv: [] }, state);
      return this.callFunction(
        body,
        { ...call, frame: { ...call.frame, via: [...call.frame.via, "function"] } },
        state,
      );
    }
    this.tell(call, state);
    // For zsh, `=git` is the path of git.
    if (/^=./.test(first.value))
      return this.invoke({ ...call, argv: [literally(first.value.slice(1)), ...call.argv.slice(1)] }, state);
    const name = programName(first.value);
    const builtin = call.skips === "shell" ? undefined : builtins.get(first.value);
    evaluatesNames(this, call);
    if (builtin !== undefined) return builtin(this, call, state);
    this.notFound(call, state);
    if (state.files.size > 0) readFound(this, call, state, name);
    const made = this.shadowing(first.value, call.frame, state);
    if (made !== undefined) runScriptFile(this, { ...call, argv: [literally(made), ...call.argv.slice(1)] }, state);
    const program = programs(name) ?? (first.value.includes("/") ? runScriptFile : undefined);
    const ways = program?.(this, call, state) ?? [printed({ ...state, succeeded: undefined }, HOLE)];
    // Aliases that git was given hold for the next git.
    return merged(ways.map((way) => ({ ...afterwards(state, way), aliases: way.aliases })));
  }

  /** Bash and zsh hand what they cannot find to this function, and nobody knows here what they find. */
  private notFound(call: Call, state: State): void {
    if (call.skips === "shell") return;
    for (const name of ["command_not_found_handle", "command_not_found_handler"]) {
      const body = state.functions.get(name);
      if (body === undefined) continue;
      const frame = { ...call.frame, via: [...call.frame.via, name] };
      this.callFunction(body, { ...call, argv: [literally(name), ...call.argv], frame }, state);
    }
  }

  /** A file of this name that the command itself wrote, or one in a directory that it put before the usual ones. */
  private shadowing(name: string, frame: Frame, state: State): string | undefined {
    if (name.includes("/")) return undefined;
    const path = state.variables.get("PATH")?.value;
    if (typeof path !== "string") return undefined;
    const usual = (this.around.env.PATH ?? "").split(":");
    for (const directory of path.split(":").filter((one) => !usual.includes(one))) {
      const file = resolved(name, resolved(directory, state.cwd));
      if (isKnown(file) && this.read(file, frame, state) !== null) return file;
    }
    return undefined;
  }

  private complain(script: Script & { errors?: readonly { message: string }[] | undefined }, source: string): void {
    const [error] = script.errors ?? [];
    if (error) this.unknown(`the shell cannot parse this: ${error.message}`, source);
  }

  private tell(call: Call, state: State): void {
    const { frame } = call;
    const cwd = frame.isElsewhere || !isKnown(state.cwd) ? null : state.cwd;
    const invocation: Invocation = {
      argv: call.argv.map(asWord),
      cwd,
      env: this.environment(state),
      files: state.files,
      stdin: state.input === undefined ? undefined : isKnown(state.input) ? state.input : null,
      writes: (call.writes ?? []).map(asWord),
      via: [...frame.via],
      text: call.text === undefined ? wordsText(call) : shown(call.text),
    };
    const { argv, writes, via, stdin } = invocation;
    const key = JSON.stringify([argv, cwd, writes, via, stdin === undefined ? 0 : stdin, [...invocation.env]]);
    this.budget.spend(1 + key.length / 256);
    if (this.invocations.size >= limits.invocations && !this.invocations.has(key))
      return this.unknown("these are more commands than are read", call.text ?? wordsText(call));
    if (!this.invocations.has(key)) this.invocations.set(key, invocation);
  }

  private environment(state: State): ReadonlyMap<string, string | null> {
    const known = this.environments.get(state.variables);
    if (known !== undefined) return known;
    const environment = new Map<string, string | null>();
    for (const [name, { value, isExported }] of state.variables) {
      const text = value === undefined ? "" : value;
      if (isExported && typeof text === "string") environment.set(name, isKnown(text) ? text : null);
    }
    this.environments.set(state.variables, environment);
    return environment;
  }
}

function wordsText({ argv, frame }: Call): string {
  return argv.length > 0 ? argv.map((word) => asWord(word).value ?? asWord(word).text).join(" ") : frame.statement;
}

function sameWords(one: State, other: State): boolean {
  return (
    one.positional.length === other.positional.length &&
    one.positional.every((word, at) => word === other.positional[at])
  );
}

/** After a function: its parameters and its local variables are over. */
function returned(outer: State, way: State): State {
  let { variables } = way;
  for (const [name, variable] of way.shadowed) variables = having(variables, name, variable);
  const jump = way.jump?.kind === "return" ? undefined : way.jump;
  return { ...way, variables, jump, positional: outer.positional, shadowed: outer.shadowed };
}

function unsure(ways: readonly State[]): State["files"] {
  return new Map(ways.flatMap((way) => [...way.files.keys()].map((path) => [path, HOLE] as const)));
}
