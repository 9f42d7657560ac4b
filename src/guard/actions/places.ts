import { normalize } from "node:path";
import type { Around } from "../tool_call.ts";

const within = (path: string, directory: string) =>
  path === directory || path.startsWith(`${directory.replace(/\/$/, "")}/`);

/** Directories whose contents nobody expects to find again. */
export function isTemporary(path: string, around: Around): boolean {
  const places = [
    "/tmp",
    "/var/tmp",
    "/dev/shm",
    "/private/tmp",
    "/private/var/folders",
    "/var/folders",
    around.env.TMPDIR,
  ];
  return places.some((place) => place !== undefined && place !== "/" && within(normalize(path), normalize(place)));
}

/** Devices that take everything and keep nothing. */
export const isSink = (path: string) =>
  /^\/dev\/(null|stdin|stdout|stderr|tty|fd\/\d+|full|zero|(tcp|udp)\/.*)$|^\/proc\/self\/fd\/\d+$|^&?\d+$/.test(path);

export const isInside = (path: string, around: Around) => within(normalize(path), normalize(around.worktree));
