import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openDataDirectory } from "./database/directory.ts";
import { machineFindings } from "./programs/doctor/machine_checks.ts";
import { preparePlace } from "./spool/own_place.ts";
import { syncedBy } from "./synced_storage.ts";

const top = mkdtempSync(join(tmpdir(), "longwatch-synced-"));
after(() => rmSync(top, { recursive: true, force: true }));
const make = (...path: string[]) => {
  const directory = join(top, ...path);
  mkdirSync(directory, { recursive: true });
  return directory;
};
const LOCAL = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n";
const mounted = (point: string, type: string) =>
  `${LOCAL}40 22 0:40 / ${point} rw,relatime - ${type} host:/export rw\n`;

test("J47: the folders of programs that synchronise are known by their names, however deep below", () => {
  for (const [path, program] of [
    ["/Volumes/x/Library/Mobile Documents/com~apple~CloudDocs/fleet", "iCloud Drive"],
    ["/Volumes/x/Library/CloudStorage/Box-Box/fleet", "a cloud storage of macOS"],
    ["/mnt/x/Dropbox", "Dropbox"],
    ["/mnt/x/Dropbox (Personal)/a/b", "Dropbox"],
    ["/mnt/x/OneDrive - Company/a", "OneDrive"],
    ["/Volumes/GoogleDrive/My Drive/a", "Google Drive"],
    ["/mnt/x/Nextcloud/a", "a cloud storage"],
  ])
    assert.equal(syncedBy(path!, LOCAL), program, path);
  for (const path of ["/var/lib/longwatch", "/srv/Dropboxes/a", "/srv/my-onedrive-tool", "/"])
    assert.equal(syncedBy(path, LOCAL), null, path);
});

test("J47: a folder that was renamed is known by what its program left in it, also behind a link", () => {
  const plain = make("plain", "data");
  assert.equal(syncedBy(plain, LOCAL), null);
  const below = make("shared", "deep", "down");
  writeFileSync(join(top, "shared", ".stfolder"), "");
  assert.equal(syncedBy(below, LOCAL), "Syncthing");
  assert.equal(syncedBy(join(below, "not", "there", "yet"), LOCAL), "Syncthing");
  symlinkSync(below, join(top, "link"));
  assert.equal(syncedBy(join(top, "link", "data"), LOCAL), "Syncthing");
  make("home", ".dropbox");
  assert.equal(syncedBy(make("home", "data"), LOCAL), null, "the program's own settings are not its folder");
});

test("J47: a network's file system is known by the mount that holds the path", () => {
  for (const type of ["nfs4", "cifs", "smb3", "fuse.sshfs", "fuse.rclone", "fuse.google-drive-ocamlfuse"]) {
    assert.equal(syncedBy("/mnt/far/data", mounted("/mnt/far", type)), `a network file system (${type})`);
    assert.equal(syncedBy("/mnt/farther", mounted("/mnt/far", type)), null);
  }
  for (const type of ["xfs", "overlay", "tmpfs", "9p", "virtiofs", "fuse.fuse-overlayfs"])
    assert.equal(syncedBy("/mnt/far/data", mounted("/mnt/far", type)), null, type);
  assert.match(syncedBy("/mnt/so far/data", mounted("/mnt/so\\040far", "nfs"))!, /nfs/);
  assert.equal(
    syncedBy("/mnt/far/disk/x", `${mounted("/mnt/far", "nfs")}41 40 8:2 / /mnt/far/disk rw - ext4 /dev/b rw`),
    null,
  );
});

test("J47: a data directory there is refused at the start and told by the doctor, with what to do", async () => {
  const data = make("Dropbox", "longwatch");
  await assert.rejects(openDataDirectory(data), (error: Error) => {
    assert.match(error.message, /Dropbox/);
    assert.match(error.message, /LONGWATCH_DATA/);
    return true;
  });
  const place = { data, anchors: undefined };
  const findings = await machineFindings(place, { reachable: false, published: null });
  const storage = findings.find(({ check }) => check === "storage")!;
  assert.equal(storage.state, "problem");
  assert.match(storage.told, /Dropbox/);
  assert.match(storage.next!, /LONGWATCH_DATA/);
  const fine = await machineFindings({ ...place, data: make("own") }, { reachable: false, published: null });
  assert.equal(fine.find(({ check }) => check === "storage")!.state, "ok");
});

test("J47: a spool there is refused before anything is kept in it", () => {
  assert.throws(() => preparePlace(join(top, "OneDrive", "spool")), { code: "spool.synced" });
  preparePlace(join(make("local"), "spool"));
});
