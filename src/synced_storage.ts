import * as fs from "node:fs";
import { dirname, join, resolve } from "node:path";

/**
 * Which program or network would keep copies of what lies at a path. A small file that is written with each append,
 * below a folder that a program synchronises, cost a fleet its machine: each write is noticed, hashed and sent, by
 * every writer. And a copy that is brought back is a torn database.
 */

/** What the folders of such programs are called. */
const FOLDERS: readonly (readonly [RegExp, string])[] = [
  [/\/Library\/Mobile Documents(\/|$)|\/com~apple~CloudDocs(\/|$)|\/iCloud ?Drive(\/|$)/i, "iCloud Drive"],
  [/\/Dropbox( \([^/]*\))?(\/|$)/, "Dropbox"],
  [/\/OneDrive( - [^/]*)?(\/|$)/, "OneDrive"],
  [/\/(Google ?Drive|My Drive)(\/|$)/i, "Google Drive"],
  [/\/Library\/CloudStorage(\/|$)/, "a cloud storage of macOS"],
  [/\/(Nextcloud|ownCloud|pCloudDrive|MEGAsync|Box Sync)(\/|$)/, "a cloud storage"],
];

/** What such programs leave at the top of a folder, whatever it is called. */
const LEFT_BEHIND: readonly (readonly [name: string, program: string])[] = [
  [".stfolder", "Syncthing"],
  [".dropbox.cache", "Dropbox"],
  [".tmp.drivedownload", "Google Drive"],
  [".nextcloudsync.log", "Nextcloud"],
  [".owncloudsync.log", "ownCloud"],
];

/** File systems whose files are on another machine. One that a virtual machine shares with its host is not meant. */
const REMOTE =
  /^(nfs\d?|cifs|smb\d?|smbfs|afs|ceph|glusterfs|lustre|davfs|fuse\.(sshfs|rclone|s3fs|gcsfuse|davfs2?|.*drive.*))$/;

/** What keeps copies of a path; null where nothing is known to. The path need not be there yet. */
export function syncedBy(path: string, mounts: string = mountsOfThisProcess()): string | null {
  const real = realPath(resolve(path));
  const named = FOLDERS.find(([folder]) => folder.test(real));
  if (named) return named[1];
  for (let at = real; ; at = dirname(at)) {
    const left = LEFT_BEHIND.find(([name]) => fs.existsSync(join(at, name)));
    if (left) return left[1];
    if (at === dirname(at)) break;
  }
  const type = fileSystemOf(real, mounts);
  return type !== null && REMOTE.test(type) ? `a network file system (${type})` : null;
}

/** The path behind links, as far as it is there. */
function realPath(path: string): string {
  try {
    return fs.realpathSync(path);
  } catch {
    return path === dirname(path) ? path : join(realPath(dirname(path)), path.slice(dirname(path).length));
  }
}

/** Linux tells the mounts of a process; elsewhere only names and what programs leave behind are known. */
function mountsOfThisProcess(): string {
  try {
    return fs.readFileSync("/proc/self/mountinfo", "utf8");
  } catch {
    return "";
  }
}

/** The type of the file system that holds a path, out of proc_pid_mountinfo(5). A later mount hides an earlier one. */
function fileSystemOf(path: string, mounts: string): string | null {
  let found: { point: string; type: string } | null = null;
  for (const line of mounts.split("\n")) {
    const [before, after] = line.split(" - ");
    const escaped = before?.split(" ")[4];
    const type = after?.split(" ")[0];
    if (escaped === undefined || type === undefined) continue;
    const point = escaped.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    const holds = path === point || path.startsWith(point.endsWith("/") ? point : `${point}/`);
    if (holds && (found === null || point.length >= found.point.length)) found = { point, type };
  }
  return found?.type ?? null;
}
