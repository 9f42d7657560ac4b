import fc from "fast-check";

/** Words in bash's grammar, for the commands of `grammar.fixture.ts`. */
const spacedTexts = `a b|  lead|two  gaps |a:b:c|q'q|d"d|back\\slash|*|$x|tab\there|`.split("|");
const operations = [
  ..."$N ${N} ${N:-git} ${N-dflt} ${N:+alt} ${N:=set} ${N#a} ${N##*/} ${N%b} ${N%%:*} ${N/a/o} ${N//b/oo}".split(" "),
  ..."${N/#a/S} ${N/%b/E} ${N:1} ${N:0:2} ${N:1:1} ${N^^} ${N^} ${N,,} ${#N} ${!N} ${N:-$y} ${N/[ab]/-}".split(" "),
  ..."${N/?/#}|${N: -2}|${N:-'q q'}|${N:-\"a b\"}|${N:-a b}|${N@Q}|${N@U}".split("|"),
];
const lists = [
  ...`$1|"$2"|$@|"$@"|$*|"$*"|$#|\${a[0]}|"\${a[1]}"|\${a[@]}|"\${a[@]}"|"\${a[*]}"|\${#a[@]}`.split("|"),
  ...`"\${@:2}"|"\${@:1:1}"|"\${!a[@]}"|"\${a[-1]}"|"\${a[@]/b/X}"|"$@-$x"|p"$@"s`.split("|"),
];
const sums =
  '$((1+2))|$((n++))|$((n*3))|"$((n*3))"|$(($n+1))|$(($1))|$((n<4?n:9))|$[7-2]|$((0x1f))|$((8#17))|$((n+=2))'.split(
    "|",
  );
const braces = [
  ..."{git,push} a{b,c}d {1..3} {03..1} p{x,y{1,2}} {a,$x} {c..a} {1..9..4} x{,y} {a,b}{1,2} {a {} {x}".split(" "),
  ...[`{"a b",c}`, "a{b,'c,d'}"],
];

export const plain = fc.constantFrom(..."git push origin main x ab --force a/b.txt -n 0 12 é k=v".split(" "));
export const names = fc.constantFrom("x", "y", "z");

export const single = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
const double = (text: string) => `"${text.replaceAll(/[\\"$`]/g, "\\$&")}"`;
const escaped = (text: string) => (text === "" ? "''" : text.replaceAll(/[^\w/.=é-]/g, "\\$&"));
const inParts = (text: string) => (text.length > 1 ? escaped(text[0]!) + single(text.slice(1)) : single(text));

function ansi(text: string): string {
  const coded = (char: string) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
  return `$'${text.replaceAll("é", "\\u00e9").replaceAll(/[^\w \\\u00e9]|\\(?!u00e9)|x/g, coded)}'`;
}

const quoted = fc
  .tuple(fc.oneof(plain, fc.constantFrom(...spacedTexts)), fc.constantFrom(single, double, escaped, ansi, inParts))
  .map(([text, quote]) => quote(text));

const parameter = fc.tuple(names, fc.boolean(), fc.constantFrom(...operations)).map(([name, isQuoted, form]) => {
  const text = form.replaceAll("N", name);
  return isQuoted ? `"${text}"` : text;
});

/** A word of up to three atoms; `inner` are the words in its substitutions. */
export function wordOf(inner: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const substitution = fc.oneof(
    inner.map((word) => `$(echo ${word})`),
    inner.map((word) => `"$(echo ${word})"`),
    inner.map((word) => `$(printf '%s-%s' ${word} z)`),
    plain.map((word) => `\`echo ${word}\``),
    plain.map((word) => `$(basename /p/${word}.c .c)`),
  );
  const atom = fc.oneof(
    { weight: 6, arbitrary: plain },
    { weight: 4, arbitrary: quoted },
    { weight: 5, arbitrary: parameter },
    { weight: 2, arbitrary: fc.constantFrom(...lists) },
    { weight: 1, arbitrary: fc.constantFrom(...sums) },
    { weight: 1, arbitrary: fc.constantFrom(...braces) },
    { weight: 1, arbitrary: fc.constantFrom("~", "~/a", "a~", '"~"', "~/'q'", "x=~", "~+") },
    { weight: 1, arbitrary: substitution },
  );
  const words = fc.array(atom, { minLength: 1, maxLength: 3 }).map((atoms) => atoms.join(""));
  // Which of two tildes bash takes in `x=~x=~` is its own secret.
  return words.filter((text) => !/~.*=~/.test(text));
}
