import { forEachChild, type SyntaxNode } from "unbash";
import type { Expansion } from "./expansion.ts";
import { isInteger, valueOf } from "./parameters.ts";
import type { Call, Shell } from "./shell.ts";
import type { State } from "./state.ts";
import { certainly } from "./values.ts";

/** Builtins that take the names of variables, and with an index what bash evaluates: `unset 'x[$(cmd)]'`. */
const takesNames = /^(test|\[|read|unset|declare|typeset|local|readonly|export|wait|mapfile|readarray|getopts)$/;
const indexed = /^[A-Za-z_]\w*\[.*(\$\(|`)/s;

/** Tells of the commands in an index that a builtin evaluates. */
export function evaluatesNames(shell: Shell, call: Call): void {
  const [name = "", ...words] = call.argv.map(certainly);
  const names = name === "printf" && words[0] === "-v" ? words.slice(1, 2) : takesNames.test(name) ? words : [];
  for (const word of names) suspectIndex(shell, word);
}

/** The same in `[[ … ]]`, which takes what stands beside `-eq` for arithmetic. */
export function suspectOperands(expansion: Expansion, node: SyntaxNode): void {
  forEachChild(node, (child) => {
    if (child.type === "Word") {
      const text = expansion.text(child);
      suspectIndex(expansion.shell, text);
      // A bare name stands for its value there.
      const value = /^[A-Za-z_]\w*$/.test(text) && valueOf(text, expansion.state, expansion.shell.around);
      if (value) suspectIndex(expansion.shell, value);
    } else suspectOperands(expansion, child);
  });
}

/** Tells of the commands in an index of a text that bash reckons. */
export function suspectIndex(shell: Shell, word: string): void {
  if (indexed.test(word)) shell.unknown("arithmetic evaluates this text", word);
}

/** Tells of the commands in a text that an integer is given, by whatever gives it. */
export function suspectInteger(shell: Shell, state: State, name: string, text: string): void {
  if (/\$\(|`/.test(text) && isInteger(name, state)) shell.unknown("arithmetic evaluates this text", text);
}
