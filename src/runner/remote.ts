import { isAbsolute, resolve } from "node:path";
import type { Env } from "./environment.ts";
import { git, GitFailure, hasPath } from "./git.ts";
import type { Workspace } from "./workspace.ts";

/**
 * For so long a remote may keep one question waiting. Two branches are listed and one is fetched at the most before a
 * command is run: that fits what a verification's lease has beside the command.
 */
const PATIENCE = { "ls-remote": 40, fetch: 300 } as const;
export type Patience = Record<keyof typeof PATIENCE, number>;
/** What reaching a remote needs of its user: keys, agents, proxies. */
const OWN = [
  ...["HOME", "XDG_CONFIG_HOME", "SSH_AUTH_SOCK", "GIT_SSH_COMMAND", "GIT_SSH", "USER", "LOGNAME"],
  ...["http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "all_proxy"],
];
/** With whose settings it is asked, until when, and how patiently. */
type Asking = { env: Env; stop: AbortSignal; patience?: Patience };
/** Where fetched branches stand in the runner's own repository. */
const HERE = "refs/remote";

/** An address with its password left out, for people. */
export function shownAddress(address: string): string {
  return address.replace(/^([a-z+]+:\/\/)[^/@]*@/i, "$1");
}

/** A repository's name for people and for the record: `acme/shop` of every address that it has. */
export function repositoryName(address: string): string {
  const remote = /^(?:[a-z+]+:\/\/[^/]+\/|[^/:]+:)(.+)$/i.exec(address.replace(/^file:\/\/\/.*\//, ""))?.[1];
  const path = (remote ?? address.split("/").filter(Boolean).at(-1) ?? address).replace(/\/+$/, "");
  return path.replace(/^\/+/, "").replace(/\.git$/, "") || "repository";
}

/**
 * The remote of a repository, asked from the runner's own one: what the author's clone says about hooks, commands and
 * transports is not read, its address alone is. A repository without a remote is its own.
 */
export class Remote {
  readonly address: string;
  readonly #workspace: Workspace;
  readonly #env: Record<string, string | undefined>;
  readonly #stop: AbortSignal;
  readonly #patience: Patience;

  private constructor(workspace: Workspace, address: string, { env, stop, patience }: Required<Asking>) {
    this.address = address;
    this.#workspace = workspace;
    this.#stop = stop;
    this.#patience = patience;
    // On this machine nothing of the user's is needed, and the runner's own configuration serves both sides.
    if (address.startsWith("file://")) this.#env = {};
    else
      this.#env = {
        ...Object.fromEntries(OWN.map((name) => [name, env[name]])),
        ...{ GIT_CONFIG_GLOBAL: undefined, GIT_CONFIG_NOSYSTEM: undefined, GIT_ALLOW_PROTOCOL: "git:http:https:ssh" },
        // The user's own ways to log in; the runner's repository has no configuration of anybody else's.
        ...{ GIT_CONFIG_COUNT: "1" },
      };
  }

  /** `name` is a remote of the repository or an address. */
  static async of(
    workspace: Workspace,
    repository: string,
    { name = "origin", env, stop, patience = PATIENCE }: Asking & { name?: string | undefined },
  ): Promise<Remote> {
    const asked = ["config", "--get", `remote.${name}.url`];
    const known = await git(asked, { cwd: repository, home: workspace.home, codes: [0, 1] });
    const isAddress = /[/:]/.test(name);
    if (known === "" && !isAddress && name !== "origin")
      throw new GitFailure(`the repository has no remote named ${name}`);
    const address = known !== "" ? known : isAddress ? name : workspace.common;
    return new Remote(workspace, placed(address, repository), { env, stop, patience });
  }

  /** The newest commit of a branch, brought here with its history; null where the remote has no such branch. */
  async branch(name: string): Promise<string | null> {
    return this.#bring(`refs/heads/${name}`);
  }

  /** The newest commit of the branch that it offers by itself. */
  async head(): Promise<string | null> {
    return this.#bring("HEAD");
  }

  /** The commit of a name or of the beginning of an id, among what was brought here; null where there is none. */
  async find(name: string): Promise<string | null> {
    const words = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`];
    return (await git(words, { ...this.#here, codes: [0, 1, 128] })) || null;
  }

  async isAncestor(older: string, newer: string): Promise<boolean> {
    return (await git(["merge-base", older, newer], { ...this.#here, codes: [0, 1] })) === older;
  }

  /** Whether a commit has a file or a directory of this path. */
  async has(commit: string, path: string): Promise<boolean> {
    return hasPath(commit, path, this.#here);
  }

  /** Commits with their whole messages, the newest first; `since` and all before it are left out. */
  async log(tip: string, since: string | null, commits_max: number): Promise<{ id: string; message: string }[]> {
    const range = since === null ? [tip] : [tip, `^${since}`];
    const words = ["log", `--max-count=${commits_max}`, "-z", "--format=%H%n%B", ...range, "--"];
    const text = await git(words, this.#here);
    return text
      .split("\0")
      .filter(Boolean)
      .map((one) => ({ id: one.slice(0, one.indexOf("\n")), message: one.slice(one.indexOf("\n") + 1) }));
  }

  get #here() {
    return { cwd: this.#workspace.scratch, home: this.#workspace.home };
  }

  async #bring(ref: string): Promise<string | null> {
    const listed = await this.#ask("ls-remote", ["--quiet", "--", this.address, ref]);
    // The pattern also finds names that end like it.
    const found = listed.split("\n").find((line) => line.split("\t")[1] === ref);
    if (found === undefined) return null;
    const to = `${HERE}/${ref === "HEAD" ? "HEAD" : ref}`;
    const plain = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"];
    await this.#ask("fetch", [...plain, "--", this.address, `+${ref}:${to}`]);
    return this.find(to);
  }

  async #ask(what: keyof Patience, words: readonly string[]): Promise<string> {
    const seconds = this.#patience[what];
    const over = AbortSignal.timeout(seconds * 1000);
    const signal = AbortSignal.any([this.#stop, over]);
    try {
      return await git([what, ...words], { ...this.#here, env: this.#env, signal });
    } catch (error) {
      if (!over.aborted || this.#stop.aborted) throw error;
      throw new GitFailure(`${shownAddress(this.address)} did not answer git ${what} within ${seconds} seconds`);
    }
  }
}

/** An address that means the same from everywhere: a path is one of the repository's machine. */
function placed(address: string, repository: string): string {
  if (/^[a-z][a-z0-9+]*:\/\//i.test(address)) return address;
  const isPath = isAbsolute(address) || /^\.{0,2}\//.test(address) || !address.includes(":");
  // git takes an address as it stands: no percent signs for its spaces.
  return isPath ? `file://${resolve(repository, address)}` : address;
}
