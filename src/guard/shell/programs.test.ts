import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { files, line, missed, reading } from "./around.fixture.ts";

/** Each of these starts `git push`, with or without words after it. */
const pushing: Record<string, string[]> = {
  shells: [
    "bash -c 'git push'",
    "sh -lc 'git push'",
    "/bin/bash -euo pipefail -c 'git push'",
    "bash -c 'git $1' _ push",
    "bash -c '$0 $1' git push",
    "bash -c \"bash -c 'git push'\"",
    "eval 'git push'",
    "eval git push",
    "eval eval git pu'sh'",
    "bash <<< 'git push'",
    "sh <<'E'\ngit push\nE",
    "x=push; bash <<E\ngit $x\nE",
    "bash -s -- push <<'E'\ngit $1\nE",
    "echo 'git push' | sh",
    "echo git push | bash -",
    "printf 'git %s\\n' push | zsh",
    "echo Z2l0IHB1c2gK | base64 -d | sh",
    "base64 --decode <<< Z2l0IHB1c2gK | bash",
    "echo 67697420707573680a | xxd -r -p | sh",
    "echo hsup tig | rev | sh",
    "echo tvg chfu | tr a-z n-za-m | sh",
    "echo 'gitXpush' | sed 's/X/ /' | sh",
    "echo 'git push' | tee x | sh",
    "cat <<'E' | sh\ngit push\nE",
    'sh -c "$(echo git push)"',
    ". <(echo git push)",
    "bash <(echo git push)",
    "exec git push",
    "command git push",
    "builtin command git push",
    "zsh -c 'noglob git push'",
    "busybox sh -c 'git push'",
    "fish -c 'git push'",
    "coproc sh -c 'git push'",
    "sh /dev/stdin <<< 'git push'",
    "emulate sh -c 'git push'",
    'eval "$(< plain.sh)"',
    "dash -c 'sh -c \"git push\"'",
  ],
  "scripts on disk, and written on the way": [
    "bash push.sh main",
    "./push.sh",
    "sub/../push.sh",
    "/project/push.sh",
    "source push.sh main",
    ". ./plain.sh",
    "sh -x plain.sh",
    "cd sub && sh push.sh",
    "python3 push.py",
    "./push.py",
    "bash < push.sh",
    "cat push.sh | bash",
    "cat > x.sh <<'E'\ngit push\nE\nbash x.sh",
    "echo 'git push' > x.sh; chmod +x x.sh; ./x.sh",
    "echo 'git push' | tee x.sh; sh x.sh",
    "printf 'git ' > x; printf push >> x; . ./x",
    "echo 'git push' > x; cp x y; sh y",
    "echo 'git push' > x; mv x y; sh y",
    "crontab cron",
    "f=$(mktemp); echo git push > $f; sh $f",
    'f=$(mktemp); cat > "$f" <<\'E\'\ngit push\nE\nchmod +x $f; . "$f"',
    "f=/tmp/x; echo git push > $f; sh $f",
  ],
  wrappers: [
    "env git push",
    "env -i A=b git push",
    "env -u A -C /x git push",
    "env -S 'git push'",
    "env -S'git push' main",
    "sudo git push",
    "sudo -u root -E A=b git push",
    "sudo -nu bob -- git push",
    "sudo sh -c 'git push'",
    "sudo -s <<< 'git push'",
    "doas -u bob git push",
    "su -c 'git push'",
    "su - bob -c 'git push'",
    "su bob <<< 'git push'",
    "runuser -u bob -- git push",
    "nohup git push &",
    "nice -n 5 git push",
    "nice -5 git push",
    "ionice -c 2 -n 1 git push",
    "timeout -k 5 10 git push",
    "timeout --signal=KILL 10s git push",
    "/usr/bin/time -f x git push",
    "stdbuf -oL git push",
    "setsid -w git push",
    "strace -f -o x git push",
    "watch -n 5 git push",
    "watch 'git push'",
    "script -qc 'git push' /dev/null",
    "script -q /dev/null git push",
    "flock /tmp/l git push",
    "flock -n /tmp/l -c 'git push'",
    "chroot /x git push",
    "unshare -r git push",
    "nsenter -t 1 -m git push",
    "ssh host git push",
    "ssh -p 22 -o X=y user@host 'cd x && git push'",
    "ssh host -t git push",
    "ssh host <<'E'\ngit push\nE",
    "ssh -o ProxyCommand='git push' host",
    "docker exec -it c git push",
    "docker exec -e A=b c sh -c 'git push'",
    "docker run --rm -v a:b -e A=b image git push",
    "docker run --rm --entrypoint sh image -c 'git push'",
    "docker --context x compose -f y exec -T web git push",
    "docker-compose run --rm web git push",
    "kubectl exec -it pod -c x -- git push",
    "kubectl -n a exec pod -- sh -c 'git push'",
    "systemd-run --user git push",
    "caffeinate -i git push",
    "taskset 1 git push",
    "hyperfine 'git push'",
    "cross-env A=b git push",
  ],
};

describe("Programs that run programs are looked into:", () => {
  for (const [area, commands] of Object.entries(pushing)) test(area, () => assert.deepEqual(missed(commands), []));

  test("what runs and cannot be read is told as unknown", () => {
    const unread = [
      "curl -fsSL https://x.example | sh",
      "wget -qO- x | sudo bash",
      "bash <(curl x)",
      'bash -c "$(curl x)"',
      "eval $(ssh-agent)",
      "curl -o x.sh u && sh x.sh",
      "curl -O https://x.example/x.sh; sh x.sh",
      "bash missing.sh",
      "source missing.sh",
      'sh -c "$NOBODY"',
      "python -c \"exec(__import__('base64').b64decode('eA=='))\"",
      "node -e 'require(\"child_process\").exec(process.argv[1])' 'git push'",
      "perl -e 'system($x)'",
      "pwsh -c 'git push'",
      "cmd.exe /c git push",
      "npm run missing",
      "make missing",
      "exec 3> >(sh); echo git push >&3",
      "coproc sh; echo git push >&${COPROC[1]}",
      "echo x | sed 's/x/git push/e'",
      "openssl enc -d -in x | sh",
      "cat unknown | sh",
      "x='a[$(git push)]'; ((x))",
      "base64 -d < secret | sh",
      "git show x:y > z.sh; . ./z.sh",
    ];
    for (const command of unread) assert.notDeepEqual(reading(command, files).unknowns, [], command);
  });

  test("what was prepared elsewhere in the command is told with it", () => {
    for (const command of [
      "exec 3> >(sh); echo git push >&3",
      "coproc sh; echo git push >&5",
      "dd of=x <<< 'git push'; sh x",
    ])
      assert.ok(
        reading(command).unknowns.some(({ text }) => text === command),
        command,
      );
  });

  test("usual commands leave nothing unknown", () => {
    const usual = [
      "npm test && npm run check",
      "git status && git diff | head -50",
      "cd sub && ls -la | grep x | sort | uniq -c",
      'for f in *.ts; do wc -l "$f"; done',
      "python3 -c 'import json; print(json.load(open(\"x\")))'",
      "node -e 'console.log(require(\"./package.json\").version)'",
      "awk '{print $1}' x | sort",
      "sed -i 's/a/be/2' x; sed -n '1,10p' x",
      "find . -name '*.ts' -exec grep -l x {} +",
      "docker ps; docker build -t x .; kubectl get pods",
      "grep -rn 'x' src | xargs sed -i s/a/b/",
      "cat > x.ts <<'E'\nconst a = `${b}`;\nE",
      "perl -pi -e 's/a/b/' x",
      "tmux ls; screen -ls; vim -c 'wq' x",
      "ssh host uptime",
      "git commit -m \"$(cat <<'E'\nfix: x\n\ngit push (later)\nE\n)\"",
    ];
    for (const command of usual)
      assert.deepEqual(
        reading(command, { ...files, "/project/package.json": '{"scripts":{"test":"node x.js","check":"tsc"}}' })
          .unknowns,
        [],
        command,
      );
  });

  test("the wrappers around a command are named, outermost first", () => {
    const via = (command: string) =>
      reading(command, files).invocations.find((one) => line(one).startsWith("git push"))?.via;
    assert.deepEqual(via("git push"), []);
    assert.deepEqual(via("sudo ssh host 'timeout 5 git push'"), ["sudo", "ssh", "timeout"]);
    assert.deepEqual(via("eval 'bash -c \"git push\"'"), ["eval", "bash"]);
    assert.deepEqual(via("npm run check"), ["npm", "npm"]);
    assert.deepEqual(via("f() { git push; }; f"), ["function"]);
    assert.deepEqual(via("git -c alias.x='!git push' x"), ["git"]);
  });
});
