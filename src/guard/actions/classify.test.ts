import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { fc } from "../../../test/cases.ts";
import { computingTime } from "../../../test/computing.ts";
import type { Around, ToolCall } from "../tool_call.ts";
import { classify } from "./classify.ts";
import { redact } from "./redaction.ts";

const WORKTREE = "/srv/shop";

/** A repository as git would tell of it, on the branch that a test needs. */
function around(branch = "feature/login", answers: Record<string, string> = {}): Around {
  return {
    cwd: WORKTREE,
    env: { HOME: "/srv/home" },
    worktree: WORKTREE,
    protected_branches: ["next", "team/*"],
    readFile: () => null,
    git: (args) => {
      const asked = args.join(" ");
      if (asked === "symbolic-ref --short HEAD") return `${branch}\n`;
      if (asked === "symbolic-ref --short refs/remotes/origin/HEAD") return "origin/develop\n";
      return answers[asked] ?? null;
    },
  };
}

const shell = (command: string, at = around()) => classify({ kind: "shell", command, cwd: WORKTREE }, at);
const said = (command: string, at = around()) =>
  shell(command, at).map(({ action, resource, certain }) => `${action} ${resource.id}${certain ? "" : "?"}`);

test("long texts without the name of a file are looked through at once", () => {
  const took = computingTime(() => {
    for (const piece of ["./", ".", "-", "~"])
      shell(`eval "$X ${piece.repeat(100_000)}"`, { ...around(), namesIn: () => ["a.sh"] });
  });
  assert.ok(took < 5_000, `took ${took} ms`);
});

describe("Files beside a command are looked through at once:", () => {
  const looked = (command: string, files: Readonly<Record<string, string>>) =>
    shell(command, { ...around(), readFile: (path) => files[path.slice(WORKTREE.length + 1)] ?? null });
  const long: Record<string, [command: string, files: Readonly<Record<string, string>>]> = {
    "settings of npm with blank lines": ["npm test", { "package.json": "{}", ".npmrc": "\n".repeat(200_000) }],
    "variables with wide values": ["dotenv -- npm test", { ".env": `A=b${" ".repeat(200_000)}c` }],
    "a variable that is set again and again": [
      "node --env-file=.env a.js",
      { ".env": "NODE_OPTIONS=--require ./b.js\n".repeat(8_000), "b.js": "1" },
    ],
    "targets of Ant without an end": ["ant a", { "build.xml": "<target name='a'>".repeat(15_000) }],
  };
  for (const [what, [command, files]] of Object.entries(long))
    test(what, () => {
      const took = computingTime(() => void looked(command, files));
      assert.ok(took < 20_000, `took ${took} ms`);
    });

  test("programs that start themselves, many times each", () => {
    let reads = 0;
    const code = Array.from({ length: 6 }, (_, at) => `execSync("NODE_OPTIONS='--require ./a.js' node ${at}.js");`);
    const readFile = (path: string) => {
      reads++;
      return path.endsWith("/a.js") ? code.join("\n") : null;
    };
    assert.deepEqual(said("NODE_OPTIONS='--require ./a.js' node x.js", { ...around(), readFile }), []);
    assert.ok(reads < 1_000, `read ${reads} files`);
  });

  test("more texts than people write are asked about", () => {
    const commands = Array.from({ length: 300 }, (_, at) => `NODE_OPTIONS='--require ./${at}.js' node a.js`);
    assert.deepEqual(said(commands.slice(0, 100).join("\n")), []);
    const readFile = (path: string) => (/\d\.js$/.test(path) ? "1" : null);
    assert.deepEqual(said(commands.join("\n"), { ...around(), readFile }), ["reconfigure_guard hidden commands?"]);
  });

  test("the same text is read again after a command that changes what it means", () => {
    const aliases = around("main", {
      "config --get alias.p": "!git push origin HEAD",
      "config --get alias.m": "!git checkout main",
    });
    const away = "git checkout feature/login";
    assert.deepEqual(said(`${away}; git p; git checkout main; git p`, aliases), ["push origin/main"]);
    assert.deepEqual(said(`${away}; git m; ${away}; git p; git m; git push origin HEAD`, aliases), [
      "push origin/main",
    ]);
  });
});

test("code that is named by a program's own words is read", () => {
  const files: Record<string, string> = {
    "land.js": 'execSync("git push origin main")',
    "package.json": "{}",
    ".npmrc": '"script-shell" = ./land.js',
    ".env": 'NODE_OPTIONS=-r ./a.js\nNODE_OPTIONS="--require ./land.js" # x',
  };
  const at = { ...around(), readFile: (path: string) => files[path.slice(WORKTREE.length + 1)] ?? null };
  for (const command of [
    `npx jest --config '{"globalSetup":"<rootDir>/land.js"}'`,
    "npx lint-staged --config land.js",
    "npx jscodeshift -t land.js src",
    "npx hardhat run land.js",
    "node --env-file=.env a.js",
    "npm test",
    "v='a[$(git push origin main)]'; declare -n r=$v; echo $r",
  ])
    assert.match(said(command, at).join(), /^push origin\/main/, command);
});

describe("Ant's targets", () => {
  const build = `<project default="all"><!-- <target name="b"><exec executable="git"><arg line="push origin main"/>
    </exec></target> --><target name="all" depends="test"/>
    <target name="land"><exec executable="git"><arg value="push"/><arg line="origin main"/></exec></target>
    <target name="test"><exec executable="ls"/></target>
    <target name="calls"><antcall target="land"/></target></project>`;
  const at = { ...around(), readFile: (path: string) => (path.endsWith("/build.xml") ? build : null) };

  test("that are empty end where they begin, and comments are none", () => {
    for (const command of ["ant", "ant all", "ant test"]) assert.deepEqual(said(command, at), []);
  });

  test("start what they call", () => {
    for (const command of ["ant land", "ant calls", "ant test calls"])
      assert.deepEqual(said(command, at), ["push origin/main"]);
  });
});

describe("A protected action", () => {
  it("names what it is done to", () => {
    assert.deepEqual(said("git push origin HEAD:main"), ["push origin/main"]);
    assert.deepEqual(said("git push origin --delete main"), ["push origin/main", "delete origin/main"]);
    assert.deepEqual(said("vercel --prod"), ["deploy production"]);
    assert.deepEqual(said("cat x > /etc/motd"), ["write_outside /etc/motd"]);
    assert.deepEqual(said("psql -h db.example.com -c 'drop table a'"), ["migrate db.example.com"]);
    assert.deepEqual(said("docker push acme/shop:2"), ["publish image:acme/shop:2"]);
  });

  it("is each of those that stand in one command", () => {
    assert.deepEqual(said("npm publish && git push origin v1.2.0 && vercel --prod"), [
      "publish npm:unknown",
      "push origin/tag v1.2.0",
      "deploy production",
    ]);
  });

  it("says whether people outside the fleet live with the result", () => {
    const production = (command: string) => shell(command).map(({ resource }) => resource.properties.production);
    assert.deepEqual(production("terraform apply"), [true]);
    assert.deepEqual(production("serverless deploy --stage staging"), [false]);
    assert.deepEqual(production("kubectl -n dev apply -f web.yaml"), [false]);
    assert.deepEqual(production("kubectl -n dev --context prod apply -f web.yaml"), [true]);
    assert.deepEqual(production("fly deploy --app device-portal"), [true], "`dev` in another word is no environment");
  });

  it("is a package manager's setting for every project, once there is something to set", () => {
    for (const command of ["npm config set a b", "npm set a=b", "npm config delete a", "npm config edit"])
      assert.deepEqual(said(command), ["write_outside ~/.npmrc"], command);
    assert.deepEqual(said("cat keys | xargs npm set"), ["write_outside ~/.npmrc"]);
    const code = "async function npm(set) {\n  spawn(program, [set]);\n}\nawait npm(set);";
    const readFile = (path: string) => (path === `${WORKTREE}/install.mjs` ? code : null);
    assert.deepEqual(said("node install.mjs", { ...around(), readFile }), []);
  });

  it("is uncertain where a word is not known", () => {
    assert.deepEqual(said('git push origin "$BRANCH"'), ["push origin/unknown?"]);
  });
});

describe("A branch is protected", () => {
  it("by its usual name, by the settings, and as the remote's default one", () => {
    for (const branch of ["main", "release/1", "next", "team/a", "develop"])
      assert.deepEqual(said(`git push origin ${branch}`), [`push origin/${branch}`]);
    for (const branch of ["feature/main", "nextish", "developer"])
      assert.deepEqual(said(`git push origin ${branch}`), []);
  });

  it("where git would push without being told it", () => {
    assert.deepEqual(said("git push", around("main")), ["push origin/main"]);
    assert.deepEqual(said("git push"), []);
    const configured = { "config --get remote.origin.push": "HEAD:main" };
    assert.deepEqual(said("git push", around("feature/login", configured)), ["push origin/main"]);
    const tracking = { "config --get push.default": "upstream", "config --get branch.hotfix.merge": "refs/heads/main" };
    assert.deepEqual(said("git push origin hotfix", around("hotfix", tracking)), ["push origin/main"]);
  });

  it("against picks and merges, and open to its own upstream and to plain commits", () => {
    const main = around("main");
    assert.deepEqual(said("git cherry-pick abc1234", main), ["merge main"]);
    assert.deepEqual(said("git merge feature/login", main), ["merge main"]);
    for (const command of ["git pull", "git merge origin/main", "git reset --hard origin/main", "git commit -m x"])
      assert.deepEqual(said(command, main), [], command);
  });

  it("as soon as the same command has checked it out, and no longer", () => {
    assert.deepEqual(said("git checkout production && git cherry-pick abc1234"), ["merge production"]);
    const known = { "rev-parse --verify --quiet refs/heads/feature/login": "abc" };
    assert.deepEqual(
      said("git switch main; git switch feature/login; git merge x", around("feature/login", known)),
      [],
    );
  });
});

describe("The guard", () => {
  it("is not to be changed by an editor's tool, however the path is written", () => {
    const written = (...paths: string[]) =>
      classify({ kind: "write", paths, cwd: `${WORKTREE}/src` }, around()).map(({ action }) => action);
    assert.deepEqual(written("../.claude/settings.json"), ["reconfigure_guard"]);
    assert.deepEqual(written("a.ts", "/srv/home/.codex/config.toml"), ["reconfigure_guard"]);
    assert.deepEqual(written("a.ts", "/tmp/b.ts"), []);
  });

  it("follows links where the machine can tell", () => {
    const linked = { ...around(), realPath: (path: string) => path.replace("/link/", "/.claude/") };
    const call: ToolCall = { kind: "write", paths: ["link/settings.json"], cwd: WORKTREE };
    assert.deepEqual(
      classify(call, linked).map(({ action }) => action),
      ["reconfigure_guard"],
    );
  });

  it("does not stand in the way of reading it", () => {
    assert.deepEqual(said("cat .claude/settings.json | jq .hooks"), []);
  });
});

describe("What is found", () => {
  it("holds no secret", () => {
    const secrets = [
      "VERCEL_TOKEN=abcdef123456 vercel --prod",
      "vercel --prod --token abcdef123456",
      "git push https://dev:abcdef123456@example.com/shop.git HEAD:main",
      "git -c http.extraHeader='Authorization: Bearer abcdef123456' push origin main",
      "curl -u dev:abcdef123456 -X POST https://api.vercel.com/v13/deployments",
      "mysql -h db.example.com -pabcdef123456 -e 'drop table a'",
      "psql postgres://dev:abcdef123456@db.example.com/shop -c 'drop table a'",
    ];
    for (const command of secrets) {
      const founds = shell(command);
      assert.ok(founds.length > 0, command);
      assert.doesNotMatch(JSON.stringify(founds), /abcdef123456/, command);
    }
  });

  it("keeps what is no secret", () => {
    assert.equal(redact("git push origin main --force"), "git push origin main --force");
    assert.equal(redact("kubectl -n monkey apply -f key.yaml"), "kubectl -n monkey apply -f key.yaml");
  });

  it("is a list whatever the text is, and never an exception", () => {
    const words = fc.constantFrom(
      ..."git push origin main -c --prod $( ) ` ' \" | && ; { } $X <<E ~ * \\ \n eval rm -rf /".split(" "),
    );
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(words, { maxLength: 30 }).map((list) => list.join(" ")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        for (const found of shell(text)) assert.ok(found.because.length > 0 && found.resource.id.length > 0);
      }),
      { numRuns: 400 },
    );
  });
});
