import { found, known, type Reader, resource } from "./call.ts";

/** What destroys disks, users and processes: not files by name, which outside.ts follows. */
export const readDeletion: Reader = (call) => {
  const words = known(call);
  if (
    /^(mkfs(\..+)?|mke2fs|mkswap|fdisk|cfdisk|badblocks)$/.test(call.name) &&
    words.some((word) => word.startsWith("/dev/"))
  )
    return words.includes("-l")
      ? []
      : [
          found(
            call,
            "delete",
            resource(
              "path",
              words.find((word) => word.startsWith("/dev/"))!,
            ),
            `${call.name} of a disk`,
          ),
        ];
  if (call.name === "kill" && words.includes("-1") && words.length > 1)
    return [found(call, "delete", resource("service", "every process"), "kill of every process")];
  if (/^(shutdown|reboot|poweroff|halt|init)$/.test(call.name) && !words.includes("-c"))
    return [found(call, "delete", resource("service", "this machine"), `${call.name} of this machine`)];
  return [];
};
