import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { long } from "../harness.ts";

/** What an inclusion or a consistency query of ours answered, as far as Go needs it. */
export type Inclusion = { index: number; size: number; proof: string[]; note: string };
export type Consistency = { from_size: number; to_size: number; proof: string[]; note: string };

export type Request = {
  /** A base URL, or a directory in the layout of C2SP tlog-tiles. */
  log: string;
  token?: string;
  vkey: string;
  /** An older note of the log; without it the newest is fetched. */
  checkpoint?: string;
  inclusion?: Inclusion[];
  consistency?: Consistency[];
};

/** What Go checked. */
export type Verified = {
  origin: string;
  size: number;
  root: string;
  unknown_signers: number;
  tiles: number;
  bundles: number;
  leaf_bytes: number;
  inclusion: number;
  consistency: number;
};

const PACKAGES = ["golang-go", "golang-golang-x-mod-dev"];
/** Where Debian puts Go sources: the build needs no network and no module. */
const SOURCES = "/usr/share/gocode";
const here = fileURLToPath(new URL("./", import.meta.url));

const isHere = () =>
  existsSync(join(SOURCES, "src/golang.org/x/mod/sumdb/tlog")) && spawnSync("go", ["version"]).status === 0;

/** Why Go cannot check here; null if it can. `npm run interop` installs it where it may. */
export function whyNot(): string | null {
  if (!isHere() && long && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) install();
  return isHere() ? null : `needs Go: apt-get install ${PACKAGES.join(" ")}`;
}

function install(): void {
  const words = `apt-get -q update; apt-get -qy --no-install-recommends install ${PACKAGES.join(" ")}`;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  // Test files run side by side, and apt-get refuses a second one of itself.
  spawnSync("flock", [here, "sh", "-c", words], { env, stdio: ["ignore", 2, 2] });
}

/** Answers how to run the program that knows nothing of ours; it is built when it runs first. */
export function goVerifier(): (request: Request) => Promise<Verified | { error: string }> {
  const directory = mkdtempSync(join(tmpdir(), "longwatch-go-"));
  after(() => rmSync(directory, { recursive: true, force: true }));
  let program: string | undefined;
  return (request) => run((program ??= build(directory)), request);
}

function build(directory: string): string {
  const program = join(directory, "verify");
  const built = spawnSync("go", ["build", "-o", program, "verify.go", "log.go"], {
    cwd: here,
    encoding: "utf8",
    env: { ...process.env, GO111MODULE: "off", GOPATH: SOURCES, GOENV: "off", GOFLAGS: "", CGO_ENABLED: "0" },
  });
  if (built.status !== 0) throw new Error(`go build: ${built.stderr}`);
  return program;
}

function run(program: string, request: Request): Promise<Verified | { error: string }> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, (error, stdout, stderr) => {
      // It ends with 1 and a sentence when it found something; anything else is a defect of the program.
      if (error && error.code !== 1) return reject(new Error(`verify: ${error.message} ${stderr}`));
      const answer = JSON.parse(stdout);
      if (Boolean(error) === "error" in answer) resolve(answer);
      else reject(new Error(`verify: ${stdout} ${stderr}`));
    });
    child.stdin!.end(JSON.stringify(request));
  });
}
