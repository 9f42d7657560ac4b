import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fc } from "../../../test/cases.ts";
import { computingTime } from "../../../test/computing.ts";
import { reading, started } from "./around.fixture.ts";
import { list } from "./grammar.fixture.ts";

/** Pieces that mean something to the shell, put together without sense. */
const scraps = fc.constantFrom(
  ..."git push ; | || && & ( ) { } (( )) [[ ]] ' \" ` $ $( ${ \\ <<< > >> <( ;; f x= $x ${x :-".split(" "),
  ..."# ## % / // ^ , @ [ ] * ? ! ~ {a,b} {1..9} %s %9999d - $' \\x $(( ** =( \0 \u{1f600} \ud800".split(" "),
  ..."if |then |else |fi|for x in |do |done|while |case x in |esac|f() |eval |sh -c |bash |xargs |find . -exec ".split(
    "|",
  ),
  ..."env |sudo |read x|printf |echo |-e |cd |python -c |sed s/|tr a-z |local |declare -A |set -- |shift ".split("|"),
  ..."alias x=|trap |coproc |time |select |until | |\n|<<E\n|\nE\n".split("|"),
);

describe("A reading always ends and never throws:", () => {
  test("for scraps of shell", () => {
    fc.assert(
      fc.property(fc.array(scraps, { maxLength: 60 }), (pieces) => void reading(pieces.join(""))),
      { numRuns: 2_000 },
    );
  });

  test("for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => void reading(text)),
      { numRuns: 500 },
    );
  });

  test("for commands that were cut or doubled", () => {
    fc.assert(
      fc.property(list, fc.nat(), fc.nat(), (command, from, to) => {
        const [start, end] = [from % (command.length + 1), to % (command.length + 1)];
        void reading(command.slice(0, start) + command.slice(end));
      }),
      { numRuns: 500 },
    );
  });

  test("and it says the same each time", () => {
    fc.assert(
      fc.property(list, (command) => assert.deepEqual(reading(command), reading(command))),
      { numRuns: 100 },
    );
  });

  /** Each variable is forty times the next. */
  const growing = "ABCDEFGH".replaceAll(/./g, (name, at) => `${name}=${`$(${"BCDEFGHI"[at]})`.repeat(40)}\\n`);

  /** Each of these would take for ever, or all memory, if nothing were counted. */
  const endless: Record<string, string> = {
    "an endless loop": "while true; do x=$((x+1)); git push $x; done",
    "a fork bomb": ":(){ :|:& };:",
    "recursion that grows": 'f() { f "$@" x; }; f',
    "a value that doubles": `x=aaaaaaaa; ${"x=$x$x; ".repeat(64)} git $x`,
    "eval in eval": `x='eval "$x"'; eval "$x"`,
    "a script that runs itself": "echo 'bash s.sh' > s.sh; bash s.sh",
    "aliases of each other": "alias a='b x'; alias b='a y'\na",
    "git aliases of each other": "git -c alias.a='!git -c alias.a=\"!git a\" a' a",
    "braces of braces": `echo ${"{a,b}".repeat(20)}`,
    "deep braces": `echo ${"{a,".repeat(1_000)}${"}".repeat(1_000)}`,
    "a long sequence": "echo {1..999999999}",
    "loops in loops": `${"for i in {1..200}; do ".repeat(5)} git $i; ${"done; ".repeat(5)}`,
    "branches after branches": Array.from({ length: 40 }, (_, at) => `ls && x${at}=1`).join("\n"),
    "deep substitutions": `${"$(".repeat(2_000)}git push${")".repeat(2_000)}`,
    "deep subshells": `${"(".repeat(2_000)}git push${")".repeat(2_000)}`,
    "deep quotes": `${"eval '".repeat(500)}`,
    "a pattern full of stars": `x=${"a".repeat(3_000)}; git \${x##${"*a".repeat(200)}b}`,
    "many commands": "git push\n".repeat(20_000),
    "many different commands": Array.from({ length: 5_000 }, (_, at) => `git push r${at}`).join("\n"),
    "a long word": `git ${"a".repeat(200_000)}`,
    "a wide printf": "printf '%99999999d' 1 | sh",
    "a sed that repeats": `echo ${"a".repeat(5_000)} | sed '${"s/a/aa/g;".repeat(20)}' | sh`,
    "a make that needs itself": "printf 'a: b\\n\\tmake a\\nb: a\\n' > Makefile; make",
    "xargs of many words": "echo {1..1000} | xargs -n1 sh -c 'git push $0'",
    "a long line": `echo ${"x ".repeat(100_000)}`,
    "a long heredoc": `sh <<'E'\n${"git push\n".repeat(10_000)}E\n`,
    "many variables": Array.from({ length: 20_000 }, (_, at) => `v${at}=1`).join("\n"),
    "many functions": Array.from({ length: 10_000 }, (_, at) => `f${at}() { :; }`).join("\n"),
    "many files": Array.from({ length: 10_000 }, (_, at) => `ls > f${at}`).join("\n"),
    "many new lines": `x=$(printf '${"\\n".repeat(30_000)}x'); git $x`,
    "many brackets": `x=${"\\[".repeat(30_000)}; git $x`,
    "many slashes": `basename ${"/".repeat(60_000)}x; dirname x${"/".repeat(60_000)}`,
    "a hexadecimal that is none": `echo 0: ${"a".repeat(5_000)}X | xxd -r | sh`,
    "a file that doubles": `${"cat x x > y; cat y y > x; ".repeat(40)} sh x`,
    "a file that is read again and again": `cat ${"long ".repeat(20_000)} | sh`,
    "a wide printf of many": `printf '${"%9999d".repeat(10_000)}' | sh`,
    "a replacement that grows": `x=${"a".repeat(1_000)}; y=$x$x$x$x$x$x; \${x//a/$y$y$y$y}`,
    "xargs that repeats": `echo ${"a".repeat(50_000)} | xargs -I{} git ${"{}".repeat(20_000)}`,
    "a make that grows": `printf 'a:\\n\\t$(A)\\n${growing}' > Makefile; make`,
    "many local variables": `f() { ${Array.from({ length: 20_000 }, (_, at) => `local v${at}`).join("\n")}\n}; f`,
    "many elements": Array.from({ length: 15_000 }, (_, at) => `a[${at}]=x`).join("\n"),
    "a long list": `a=(${"x ".repeat(60_000)}); git \${a[@]}`,
    "a list of itself": `a=(${"x ".repeat(900)}); for i in {1..200}; do a=(\${a[@]} \${a[@]:1}); done; \${a[@]}`,
    "an array that grows": "for i in {1..200}; do for j in {1..200}; do a+=(x); done; done",
    "an awk of prints": `awk '${"print ".repeat(30_000)}'`,
    "a sed of spaces": `sed '${"\n".repeat(20_000)}' x`,
    "a make of spaces": `printf 'a${" ".repeat(30_000)}b' > Makefile; make`,
    "a package with a long version": `npx ${"@".repeat(50_000)}/`,
    "a program with a long number": `python${"1".repeat(50_000)}x -c x`,
    "a module without a name": `node -e 'require${" ".repeat(100_000)}'; ruby -e '$:.push${" ".repeat(100_000)}'`,
    "unclosed things": `${"${x:-".repeat(1_000)}`,
  };
  for (const [what, command] of Object.entries(endless))
    test(`for ${what}`, () => {
      const took = computingTime(() => void reading(command, { long: "x\n".repeat(100_000) }));
      // Counted work, not time, is what ends it; this only says that the counts are near what they are meant to be.
      assert.ok(took < 5_000, `took ${took} ms`);
    });

  test("what is too long or too much is told as unknown", () => {
    assert.match(reading(`git push ${"x".repeat(256 * 1024)}`).unknowns[0]!.why, /too long/);
    assert.match(reading(endless["recursion that grows"]!).unknowns[0]!.why, /too deep/);
    assert.match(reading(endless["many different commands"]!).unknowns[0]!.why, /more commands/);
    assert.match(reading(endless["loops in loops"]!).unknowns.at(-1)!.why, /too much|more commands/);
    const { unknowns } = reading("bash long.sh", { "long.sh": `${endless["loops in loops"]}\nfirebase deploy` });
    assert.ok(
      unknowns.some(({ text }) => text.endsWith("firebase deploy")),
      "the script's text is told",
    );
    assert.ok(started(`${endless["loops in loops"]}`).includes("git 1"), "what was found before it is kept");
  });

  test("a usual command takes less than a millisecond", () => {
    const commands = [
      "git push origin main",
      "cd app && npm test 2>&1 | tail -20",
      'for f in a b; do git add "$f"; done; git commit -m "x"',
    ];
    for (let round = 0; round < 200; round++) commands.forEach((command) => reading(command));
    const took = computingTime(() => {
      for (let round = 0; round < 100; round++) commands.forEach((command) => reading(command));
    });
    const each = took / (100 * commands.length);
    assert.ok(each < 1, `${each} ms`);
  });
});
