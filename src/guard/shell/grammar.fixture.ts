import fc from "fast-check";
import { names, plain, single, wordOf } from "./grammar_words.fixture.ts";

/**
 * Commands in bash's grammar that end by themselves and start only the stubs `git`, `deploy` and `stub`, and tools
 * whose work is known. The directories `~/../d1/d2` and `~` are there: a change of directory is taken to succeed.
 */
type Parts = { word: string; command: string };
type Text = fc.Arbitrary<string>;

const stubs = fc.constantFrom("git", "deploy", "stub");
const fixed = [
  ..."IFS=:|IFS=' '|unset IFS|IFS=|IFS=ab|n=3|((n++))|((n=n*2))|let n+=1|shift|cd ..|cd ~/../d1".split("|"),
  ...'cd ~/../d1/d2/.|cd -|cd .|pushd ~/../d1 >o|popd >o|cd "$HOME"|cd'.split("|"),
];
const wrappers = ["command", "env", "nohup", "nice", "exec 3>o; env -u Q", "timeout 5", "builtin command", "env A=b"];

/** Fills `1`, `2`, … of a form between angle brackets. */
function form(template: string, ...parts: Text[]): Text {
  return fc.tuple(...parts).map((texts) => template.replaceAll(/<(\d)>/g, (_, at: string) => texts[Number(at) - 1]!));
}

function assignments(word: Text, words: Text): Text {
  return fc.oneof(
    form("<1>=<2>", names, word),
    form("<1>+=<2>", names, word),
    form("a=(<1>)", words),
    form("a+=(<1>)", words),
    form("a[<1>]=<2>", fc.constantFrom("0", "1", "n"), word),
    form("printf -v <1> '<%s>' <2>", names, word),
    form("read -r <1> <2> <<< <3>", names, names, word),
    form("export <1>=<2>", names, word),
    form("declare <1>=<2>", names, word),
    form("unset <1>", names),
    form("set -- <1>", words),
    fc.constantFrom(...fixed),
    fc.constantFrom(...fixed),
  );
}

/** Commands that are given to another shell, or to this one by another way. */
function nested(call: Text, inner: Text, words: Text, word: Text): Text {
  const literal = call.map(single);
  const pair = form("<1> <2> <2> <1>", plain, plain);
  return fc.oneof(
    form("eval <1>", literal),
    form("bash -c <1> _ <2>", inner.map(single), words),
    form("bash <<'E'\n<1>\nE\n", inner),
    form("echo <1> | bash", literal),
    form("printf '%s\\n' <1> | base64 | base64 -d | bash", literal),
    form(
      "echo <1> | rev | bash",
      call.map((text) => single([...text].reverse().join(""))),
    ),
    form("printf '%s\\n' <1> <2> | xargs <3> q", plain, plain, stubs),
    form("echo <1> <2> | xargs -n1 <3> q", plain, plain, stubs),
    form("printf '%s\\n' <1> <2> | xargs -I{} <3> p{}s", plain, plain, stubs),
    form("printf '%s %s\\n' <1> | while read -r x y; do <2> \"$y\" $x; done", pair, stubs),
    form("cat > s.sh <<'E'\n<1>\nE\nbash s.sh <2>", call, words),
    form("echo <1> > u.sh; source ./u.sh", literal),
    form("f() { <1>\n}; f <2>", inner, words),
    form('g() { local <1>=<2>; <3>; }; g; stub "$x$y"', names, word, call),
    form("bash <(echo <1>)", literal),
  );
}

const tests = fc.constantFrom("true", "false", '[ "$x" = a ]', "[[ $y ]]", "((n>2))");

function branching(inner: Text, words: Text, word: Text): Text {
  // A heredoc's end has to stand alone in its line.
  const joinable = inner.filter((text) => !/\nE\n?$/.test(text));
  return fc.oneof(
    form("if <1>; then <2>\nelse <3>\nfi", tests, inner, inner),
    form("for <1> in <2>; do <3>\ndone", names, words, inner),
    form("<1> <2> <3>", joinable, fc.constantFrom("&&", "||", ";", "|"), inner),
    form("(<1>\n)", inner),
    form("{ <1>\n}", inner),
    form("case <1> in a*|x) <2>\n;; *) <3>\n;; esac", word, inner, inner),
    form("for ((i=0;i<2;i++)); do <1>\ndone", inner),
    form("k=0; while [ $k -lt 2 ]; do k=$((k+1)); <1>\ndone", inner),
    form("for w in 1 2 3; do [ $w = 2 ] && break; <1>\ndone", inner),
  );
}

const commands = fc.letrec<Parts>((tie) => {
  const word = wordOf(tie("word"));
  const words = fc.array(tie("word"), { maxLength: 3 }).map((all) => all.join(" "));
  const call = form("<1> <2>", stubs, words);
  const inner = fc.oneof(call, tie("command"));
  // Bash keeps what `:=` assigned before a command; a reading does not.
  const calm = tie("word").filter((text) => !text.includes(":="));
  const simple = fc.oneof(
    { weight: 5, arbitrary: call },
    { weight: 4, arbitrary: assignments(tie("word"), words) },
    { weight: 1, arbitrary: form("<1>=<2> <3>", names, calm, call) },
    { weight: 1, arbitrary: form("<1> <2>", fc.constantFrom(...wrappers), call) },
  );
  return {
    word,
    command: fc.oneof(
      { maxDepth: 3 },
      { weight: 5, arbitrary: simple },
      { weight: 2, arbitrary: nested(call, inner, words, tie("word")) },
      { weight: 2, arbitrary: branching(inner, words, tie("word")) },
    ),
  };
});

const START = "x=a; y='b c'; z=; n=1; a=(p 'q r'); set -- one 'two three'\n";

export const list = fc
  .tuple(fc.constantFrom("", "unset x z\n"), fc.array(commands.command, { minLength: 1, maxLength: 4 }))
  .map(([rest, all]) => START + rest + all.join("\n"));
