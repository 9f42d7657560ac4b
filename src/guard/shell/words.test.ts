import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { reading, started } from "./around.fixture.ts";

/** Each command has to start the line; the sides of a branch may start more. */
const starts: Record<string, [command: string, line: string][]> = {
  "quotes and escapes": [
    ["git push origin main", "git push origin main"],
    [`"g"it pu's'h`, "git push"],
    ["g''it p\\u\\s\\h", "git push"],
    ["\\git push", "git push"],
    ["/usr/bin/git push", "/usr/bin/git push"],
    ["$'\\x67it' $'\\160ush'", "git push"],
    ["$'\\u0067it' push", "git push"],
    ['$"git" push', "git push"],
    ["gi\\\nt pu\\\nsh", "git push"],
    ["git \\\n  push", "git push"],
  ],
  variables: [
    ["x='$(git push)'; echo \"${x@P}\"", "git push"],
    ["x='\\x67it push'; ${x@E}", "git push"],
    ["declare -n r=x; x='git push'; $r", "git push"],
    ["declare -n r=x; r='git push'; $x", "git push"],
    ['x=(git push); declare -n r=x; "${r[@]}"', "git push"],
    ["f() { local -n out=$1; out='git push'; }; f x; $x", "git push"],
    ['declare -a x=([1]=push [0]=git); "${x[@]}"', "git push"],
    ["printf -v 'x[0]' git; printf -v 'x[1]' push; \"${x[@]}\"", "git push"],
    ["x=push; git $x", "git push"],
    ["g=git p=push; $g $p", "git push"],
    ['a="git push origin"; $a main', "git push origin main"],
    ["a=pu b=sh; git $a$b", "git push"],
    ['a=pu; git "${a}sh"', "git push"],
    ["${x:-git} push", "git push"],
    ["${x-git} ${y:=push}; git $y", "git push"],
    ["x=1; ${x:+git} push", "git push"],
    ["x=git-push; git ${x#git-}", "git push"],
    ["x=push.sh; git ${x%.sh}", "git push"],
    ["x=gitXpush; ${x%%X*} ${x##*X}", "git push"],
    ["x=pXsh; git ${x/X/u}", "git push"],
    ["x=XpuXshX; git ${x//X/}", "git push"],
    ["x=hsupush; git ${x:3}", "git push"],
    ["x=apushb; git ${x:1:4}", "git push"],
    ["x=apushb; git ${x:1:-1}", "git push"],
    ["x=PUSH; git ${x,,}", "git push"],
    ["x=push; y=x; git ${!y}", "git push"],
    ["a=(git push main); ${a[@]}", "git push main"],
    ["x=$'a\\t\\'\\e\\1é'; git ${x@Q}", "git $'a\\t\\'\\E\\001é'"],
    ['x="p \'q"; git "${x@Q}"', "git 'p '\\''q'"],
    ['a=(x push); git "${a[1]}" "${a[-1]}"', "git push push"],
    ["a=(git); a+=(push); ${a[*]}", "git push"],
    ["declare -A m=([k]=push); git ${m[k]}", "git push"],
    ["printf -v x '%s%s' pu sh; git $x", "git push"],
    ["export X=push; git $X", "git push"],
    ["read -r x <<< push; git $x", "git push"],
    ["read a b <<< 'git push'; $a $b", "git push"],
    ["git${IFS}push", "git push"],
    ["x=git:push; IFS=:; $x", "git push"],
    ["set -- git push main; $1 $2 $3", "git push main"],
    ['set -- git push main; "$@"', "git push main"],
    ["set -- x git push; shift; $*", "git push"],
    ["x=pu; x+=sh; git $x", "git push"],
    ["git p$@u$*sh", "git push"],
    ["cd /srv; git -C $PWD push; cd /tmp; git -C $OLDPWD push", "git -C /srv push"],
    ["git add $HOME/x ~/y", "git add /users/ann/x /users/ann/y"],
    [": git; $_ push", "git push"],
    ["$((x=2)); git reset HEAD~$((x+1))", "git reset HEAD~3"],
  ],
  "braces and globs": [
    ["{git,push,origin,main}", "git push origin main"],
    ["git pu{sh,ll}", "git push pull"],
    ["git log v{1..3}", "git log v1 v2 v3"],
    ["git push origin {main,release/{1,2}}", "git push origin main release/1 release/2"],
    ["ls *.ts", "ls <*.ts>"],
    ["x='*'; ls $x \"$x\"", "ls <*> *"],
    ["git {log", "git {log"],
  ],
  substitutions: [
    ["$(echo git) `echo push`", "git push"],
    ['$(echo "git push") origin', "git push origin"],
    ["$(which git) push", "/usr/bin/git push"],
    ["$(command -v git) push", "/usr/bin/git push"],
    ["git $(printf '%s%s' pu sh)", "git push"],
    ["git $(echo hsup | rev)", "git push"],
    ["git $(echo cHVzaA== | base64 -d)", "git push"],
    ["git $(basename /a/push)", "git push"],
    ["git $(echo PUSH | tr A-Z a-z)", "git push"],
    ["git $(echo xpush | sed 's/^x//')", "git push"],
    ["git $(printf '\\160\\165sh')", "git push"],
    ["git $(cat <<< push)", "git push"],
    ["git push origin $(git branch --show-current)", "git branch --show-current"],
    ["git push origin $(git branch --show-current)", "git push origin <$(git branch --show-current)>"],
    ["git push origin HEAD:$(cat x)", "git push origin <HEAD:…>"],
    ["echo $(git push)", "git push"],
    ['echo "${x:-$(git push)}"', "git push"],
    ["echo $(( $(git push) + 1 ))", "git push"],
    ["x=$(git push)", "git push"],
    ["[[ $(git push) ]]", "git push"],
    ["case $(git push) in x) ;; esac", "git push"],
    ["a[$(git push)]=1", "git push"],
    ["cat <<E\n$(git push)\nE", "git push"],
    ["diff <(git push) x", "git push"],
    ["ls > >(git push)", "git push"],
    ["ls > $(git push)", "git push"],
    ['c="git push $(cat remote)"; $c', "git push <…>"],
  ],
};

describe("Words become what bash makes of them:", () => {
  for (const [area, cases] of Object.entries(starts))
    test(area, () => {
      for (const [command, expected] of cases) assert.ok(started(command).includes(expected), told(command, expected));
    });

  test("what is not known is null, and its text has the rest", () => {
    assert.deepEqual(reading('git push "$(cat remote)/main"').invocations.at(-1)!.argv, [
      { value: "git", text: "git" },
      { value: "push", text: "push" },
      { value: null, text: "…/main" },
    ]);
  });

  test("a variable that nobody set is read as empty and as anything", () => {
    assert.deepEqual(started("git push $REMOTE_OF_NOBODY"), ["git push <$REMOTE_OF_NOBODY>", "git push"]);
    assert.deepEqual(started("g${nobody}it push"), ["<g…it> push", "git push"]);
  });

  test("the environment's variables are known", () => {
    assert.deepEqual(started("git push $REMOTE", {}, { REMOTE: "origin" }), ["git push origin"]);
  });

  test("a program that the file system chooses is told as unknown", () => {
    const { unknowns } = reading("/???/b?n/g?t push");
    assert.match(unknowns[0]!.text, /g\?t push/);
  });

  test("single quotes keep everything", () => {
    assert.deepEqual(started(`echo '$(git push)' "\\$(git push)" \\$\\(x\\)`), ["echo $(git push) $(git push) $(x)"]);
  });
});

function told(command: string, expected: string): string {
  return `${command}\n  should start  ${expected}\n  starts  ${started(command).join("\n          ")}`;
}
