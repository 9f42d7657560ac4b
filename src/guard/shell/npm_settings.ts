import { resolved } from "./paths.ts";
import { valueOf } from "./parameters.ts";
import type { Call, Shell } from "./shell.ts";
import type { State } from "./state.ts";
import { certainly } from "./values.ts";

/** npm's settings that name code: what scripts are run by instead of sh, and what Node loads before them. */
type Setting = "script-shell" | "node-options";

/** What such a setting may be, by the call's words, its variables, and the files beside a package and elsewhere. */
export function npmSetting(shell: Shell, call: Call, state: State, key: Setting, directory: string | null): string[] {
  const words = call.argv.map(certainly);
  const variable = (name: string) => {
    const own = `npm_config_${name.replaceAll("-", "_")}`;
    return [own, own.toUpperCase()].flatMap((one) => valueOf(one, state, shell.around) ?? []);
  };
  const given = (name: string) => [...wordsOf(words, name), ...variable(name)];
  const beside = directory === null ? [] : [".npmrc", "pnpm-workspace.yaml"].map((file) => resolved(file, directory));
  const named = [...given("userconfig"), ...given("globalconfig")].map((path) => resolved(path, state.cwd));
  const texts = [...beside, ...named].map((path) => shell.read(path, call.frame, state) ?? "");
  return [...new Set([...given(key), ...texts.flatMap((text) => valuesIn(text, key))])];
}

/** The values that a file's lines give a setting: `script-shell = "x"`, `scriptShell: x`. */
function valuesIn(text: string, key: Setting): string[] {
  const names = [key, key.replace(/-(.)/, (_, letter: string) => letter.toUpperCase())];
  return text.split(/[\r\n]+/).flatMap((line) => {
    const [, name = "", value = ""] = /^([^=:]*)[=:](.*)$/.exec(line) ?? [];
    return names.includes(unquoted(name)) ? unquoted(value) : [];
  });
}

const unquoted = (word: string) => word.trim().replace(/^(["'])(.*)\1$/, "$2");

/** `--script-shell x`, `--script-shell=x`; `npm config set script-shell x` holds for what runs next. */
function wordsOf(words: readonly string[], key: string): string[] {
  const names = words.includes("set") ? [`--${key}`, key] : [`--${key}`];
  return words.flatMap((word, at) => {
    if (names.includes(word)) return words[at + 1] ?? [];
    return names.some((name) => word.startsWith(`${name}=`)) ? word.slice(word.indexOf("=") + 1) : [];
  });
}
