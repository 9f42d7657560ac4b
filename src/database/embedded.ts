import * as fs from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type Account, chooseAccount, letThrough } from "./account.ts";
import { type Binaries, findBinaries } from "./binaries.ts";
import { alone, type ClusterFiles, clusterFiles, ensureCluster, port, socketDirectory, superuser } from "./cluster.ts";
import {
  findPostmaster,
  launch,
  logSince,
  type Postmaster,
  type PostgresSettings,
  shutDown,
  untilReady,
} from "./postmaster.ts";

export type EmbeddedPostgres = {
  /** Give this to `pg` as `host`, with `port`. There is no TCP. */
  readonly socketDirectory: string;
  readonly port: number;
  readonly superuser: string;
  readonly password: string;
  /** Of the present server process: another one after a restart. */
  readonly pid: number;
  /** True when the server was running already, left by a Longwatch that was killed (or held by one that lives). */
  readonly adopted: boolean;
  /** Stops the server, also one that was adopted. Call it once no connection is needed any more. */
  stop(): Promise<void>;
  /** Stops watching and leaves the server running: for who adopted it and then found that another one holds it. */
  leave(): void;
  /** Calls back each time the server is gone unasked; by then a restart is under way. */
  onExit(callback: (pid: number) => void): void;
};

export type EmbeddedOptions = {
  /** The data directory, as `openDataDirectory` answers it. */
  directory: string;
  /** Told about adoptions, deaths and restarts, a line each. */
  log?: (line: string) => void;
  /** What this server has instead of our settings: that of the tests is not durable, as it dies with them. */
  settings?: PostgresSettings;
};

/** What a restart needs to know. */
type World = {
  files: ClusterFiles;
  binaries: Binaries;
  account: Account | undefined;
  password: string;
  log: (line: string) => void;
  settings: PostgresSettings;
};

/** How long a start may fail for the remains of a killed server: its backends, its shared memory, its lock file. */
const remainsSecondsMax = 15;

/** Before each attempt to restart; the last one repeats. */
const backoffMilliseconds = [0, 100, 500, 1000, 2000, 5000, 10_000];

/**
 * Runs the PostgreSQL that came with the packages on `<directory>/postgres`: makes the cluster if there is none,
 * adopts a server that already runs on it, restarts it when it dies. Answers when it takes connections.
 *
 * The server is in a process group of its own and outlives us when we are killed; the next start adopts it.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { directory, log = () => {}, settings = {} } = options;
  // Canonical, as a server is recognised by the path in its command line.
  const files = clusterFiles(await fs.realpath(directory));
  const account = await chooseAccount(files.cluster);
  await letThrough(files.directory, account);
  const binaries = await findBinaries(account);
  const [world, postmaster] = await alone(files, async () => {
    const password = await ensureCluster(files, binaries, account);
    const world: World = { files, binaries, account, password, log, settings };
    return [world, await ensureRunning(world)] as const;
  });
  if (!postmaster.child) log(`adopted the PostgreSQL that was running already (pid ${postmaster.pid})`);
  return new Supervised(world, postmaster);
}

/** Adopts the server that runs, else starts one; call it `alone`. */
async function ensureRunning(world: World): Promise<Postmaster> {
  const { files, binaries, account, password, log, settings } = world;
  for (const since = Date.now(); ; await sleep(100)) {
    const running = await findPostmaster(files);
    if (running) {
      if (await untilReady(running, password, log)) return running;
      continue; // it was stopping, or dying
    }
    const sockets = await socketDirectory(files, account);
    const logged = (await fs.stat(files.log).catch(() => undefined))?.size ?? 0;
    const started = await launch(files, binaries, account, sockets, settings);
    // Should another server have been quicker, ours is about to give up, and the connection was to that one.
    if ((await untilReady(started, password, log)) && (await findPostmaster(files))?.pid === started.pid)
      return started;
    const words = await logSince(files, logged);
    const remains = /shared memory|lock file|another (postgres|postmaster|server)|still in use/i.test(words);
    if (!remains || Date.now() - since > remainsSecondsMax * 1000)
      throw new Error(`PostgreSQL does not start on ${files.cluster}. Its log (${files.log}) says:\n${words}`);
  }
}

class Supervised implements EmbeddedPostgres {
  readonly port = port;
  readonly superuser = superuser;
  readonly adopted: boolean;
  #world: World;
  #postmaster: Postmaster;
  #callbacks: ((pid: number) => void)[] = [];
  #done = false;
  #watch: NodeJS.Timeout | undefined;
  #restart: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(world: World, postmaster: Postmaster) {
    this.#world = world;
    this.#postmaster = postmaster;
    this.adopted = postmaster.child === undefined;
    this.#observe();
  }

  get socketDirectory(): string {
    return this.#postmaster.sockets;
  }

  get password(): string {
    return this.#world.password;
  }

  get pid(): number {
    return this.#postmaster.pid;
  }

  onExit(callback: (pid: number) => void): void {
    this.#callbacks.push(callback);
  }

  leave(): void {
    this.#done = true;
    clearInterval(this.#watch);
  }

  stop(): Promise<void> {
    this.leave();
    this.#stopped ??= (async () => {
      await this.#restart;
      await shutDown(this.#postmaster);
    })();
    return this.#stopped;
  }

  #observe(): void {
    const watched = this.#postmaster;
    const gone = () => {
      clearInterval(this.#watch);
      if (this.#done || watched !== this.#postmaster || this.#restart) return;
      this.#restart = this.#bringBack(watched.pid).finally(() => {
        this.#restart = undefined;
        if (!this.#done) this.#observe();
      });
    };
    if (!watched.isAlive()) gone();
    else if (watched.child) watched.child.once("exit", gone);
    // Not our child, so nobody tells us. Watching must not keep a process alive that has nothing else to do.
    else this.#watch = setInterval(() => watched.isAlive() || gone(), 200).unref();
  }

  async #bringBack(pid: number): Promise<void> {
    const { log, files } = this.#world;
    log(`PostgreSQL (pid ${pid}) is gone; starting it again`);
    for (const callback of this.#callbacks) callback(pid);
    for (let attempt = 0; !this.#done; attempt++) {
      await sleep(backoffMilliseconds[attempt] ?? backoffMilliseconds.at(-1));
      if (this.#done) return;
      try {
        this.#postmaster = await alone(files, () => ensureRunning(this.#world));
        log(`PostgreSQL runs again (pid ${this.#postmaster.pid})`);
        return;
      } catch (error) {
        log(`PostgreSQL could not be started again: ${(error as Error).message}`);
      }
    }
  }
}
