import * as code_files from "./code_files.ts";

/** What of a language is known: where its code stands, and which calls of it start programs. */
export type Language = {
  /** Options that take code, and those that take another word. */
  code: readonly string[];
  takes?: readonly string[];
  /** Calls that start programs. */
  starts: RegExp;
  /** Calls that run text of their own language. */
  evaluates?: RegExp;
  modules?: code_files.Modules;
  /** The options that bring in a module, with the module as their group, and the code that says the same. */
  loads?: { option: RegExp; code(name: string): string; directory(path: string): string };
  /** The variable with further options. */
  variable?: string;
  /** Options whose next word is a file with code. */
  reads?: readonly string[];
  /** Options with which code is only looked at, and what of it runs all the same. */
  checks?: { option: RegExp; but?: RegExp };
};

const python: Language = {
  code: ["-c"],
  takes: ["-W", "-X", "-m"],
  starts:
    /\b(?:os\.(?:system|popen|exec\w*|spawn\w*|posix_spawnp?)|subprocess\.\w+|Popen|check_call|check_output|getoutput|getstatusoutput|system|popen|run|call|pty\.spawn|create_subprocess_\w+)\s*\(/g,
  evaluates: /\b(?:exec|eval|compile|__import__|getattr|import_module)\s*\(/,
  modules: code_files.python,
};
const node: Language = {
  checks: { option: /^(-c|--check)$/ },
  code: ["-e", "-p", "-pe", "-ep", "--eval", "--print", "eval"],
  takes: ["-r", "--require", "--import", "--loader", "-C", "--input-type"],
  starts:
    /\b(?:exec|execSync|spawn|spawnSync|execFile|execFileSync|execa|execaSync|execaCommand|fork|Bun\.spawn|Deno\.Command|shell\.exec)\s*\(|(?<![\w$])\$(?=`)/g,
  // What is called where it is brought in has been read there.
  evaluates: /\beval\s*\(|\bFunction\s*\(|child_process(?!["'`]\)\.(exec|spawn)\w*\s*\()|process\.binding/,
  modules: code_files.node,
};
const perl: Language = {
  code: ["-e", "-E", "-ne", "-pe", "-lne", "-le", "-nle", "-lane", "-ane", "-i -pe", "-pi", "-0pe"],
  starts: /\b(?:system|exec|popen)\b\s*\(?|(?=`|\bqx[({[<|/!])|\bopen\s*\(/g,
  evaluates: /\beval\b|\|\s*["']|["']\s*\|/,
  modules: code_files.perl,
  loads: {
    option: /^-[mM]-?([\w:]+.*)$/s,
    code: (name) => name.replace(/^[\w:]+/, (module) => `use ${module};`),
    directory: (path) => `use lib "${path}";`,
  },
  variable: "PERL5OPT",
  checks: { option: /^-[wtTuUWX]*c[wtTuUWX]*$/, but: /\b(BEGIN|UNITCHECK|CHECK)\b/ },
};
const ruby: Language = {
  code: ["-e"],
  takes: ["-r", "-I"],
  starts: /\b(?:system|exec|spawn|popen\d?|capture\w*|sh)\b\s*\(?|(?=`|%x[({[<|/!])/g,
  evaluates: /\beval\b|\binstance_eval\b|\bsend\b|\bIO\.|\bKernel\b/,
  modules: code_files.ruby,
  loads: {
    option: /^-r(.+)$/,
    code: (name) => `require "${name}";`,
    directory: (path) => `$: << "${path}";`,
  },
  variable: "RUBYOPT",
  checks: { option: /^-[wW]*c[wW]*$/ },
};
const php: Language = {
  checks: { option: /^(-l|--syntax-check)$/ },
  code: ["-r", "-R", "-B", "-E"],
  takes: ["-d", "-c"],
  starts: /\b(?:system|exec|shell_exec|passthru|popen|proc_open|pcntl_exec)\s*\(|(?=`)/g,
  evaluates: /\beval\s*\(|\bassert\s*\(|call_user_func/,
  modules: code_files.php,
  loads: {
    option: /^-dauto_(?:pre|ap)pend_file=(.+)$/s,
    code: (name) => `include "${name}";`,
    directory: () => "",
  },
};
/** Its code is its first word. */
export const awk: Language = {
  code: [],
  takes: ["-F", "-v", "-f"],
  starts: /\bsystem\s*\(|\|&?\s*(?=")|(?="[^"\n]*"\s{0,20}\|&?\s{0,20}getline)/g,
  evaluates: /\|&?\s*getline|print[^;}\n]{0,200}\|/,
};
const other: Language = {
  reads: ["-x", "-s", "-f", "-l", "--command", "--source", "--load"],
  code: ["-e", "-c", "--eval", "-E", "eval", "-x", "-eval", "-o", "-ex", "--one-line"],
  starts: /\b(?:Sys\.command|system2?|exec\w*|execute|popen|spawn|run|shell|do shell script|cmd|sh)\b\s*\(?/g,
  evaluates: /\beval\b|\bload(string)?\s*\(|\bopen\b|\.!|\bprocess\b|shell/i,
};

const psql: Language = {
  ...other,
  code: ["-c"],
  starts: /\\!\s*|\bPROGRAM\s+/g,
  evaluates: /\\copy[^;]{0,500}program/i,
};
const mysql: Language = { ...other, code: ["-e"], starts: /\\!\s*|\bsystem\s+/g, evaluates: undefined };

/** Whether a program of this name only looks at the grammar of the code that it is given. */
export function onlyChecks(name: string, words: readonly string[]): boolean {
  const end = words.findIndex((word) => !word.startsWith("-"));
  const option = codeLanguage(name)?.checks?.option;
  return option !== undefined && words.slice(0, end < 0 ? undefined : end).some((word) => option.test(word));
}

const named = (language: Language, names: string) => names.split(" ").map((name) => [name, language] as const);

const languages = new Map<string, Language>([
  ...named(python, "python pypy ipython"),
  ...named(node, "node nodejs bun deno electron tsx ts-node ts-node-esm zx esno esmo esr jiti vite-node tsimp"),
  ...named(node, "babel-node swc-node sucrase-node coffee nbb"),
  ...named(perl, "perl"),
  ...named(ruby, "ruby"),
  ...named(php, "php"),
  ...named(awk, "awk gawk mawk nawk"),
  ...named(other, "lua luajit texlua ocaml osascript rscript julia tclsh expect elixir groovy scala guile gdb"),
  ...named(
    other,
    "r octave gnuplot iex irb pry erl racket ghc sbcl raku crystal kotlin swift clojure clj bb janet fennel",
  ),
  ...named(other, "lldb emacsclient"),
  ...named(psql, "psql"),
  ...named(mysql, "mysql mariadb"),
]);

/** The language that a program of this name reads. */
export function codeLanguage(name: string): Language | undefined {
  const plain = name.toLowerCase().replace(/(?<=[a-z])[\d.]+$/, "");
  return languages.get(plain) ?? languages.get(name);
}
