import { basename, join } from "node:path";
import { entry, type Call, hasLetter, known, optionOf, positionals } from "./call.ts";

/** A file or directory that a call changes, and how. */
export type Touch = { path: string | null; how: "write" | "delete" | "empty"; isDeep: boolean; text: string };

const write = (path: string | null, text = path ?? "…"): Touch => ({ path, how: "write", isDeep: false, text });

const redirected = (call: Call): Touch[] => {
  const isEmpty =
    call.program === null
      ? call.args.length === 0
      : /^(:|true)$/.test(call.name) ||
        (call.name === "cat" && call.args.every((arg) => arg === "/dev/null") && call.args.length > 0);
  return call.writes.map(({ value, text }) => ({ path: value, how: isEmpty ? "empty" : "write", isDeep: false, text }));
};

/** Options of each program that take the next word, so that it is not taken for a file. */
const valued: Readonly<Record<string, string>> = {
  cp: "-S --suffix -t --target-directory",
  mv: "-S --suffix -t --target-directory",
  ln: "-S --suffix -t --target-directory",
  install: "-m --mode -o --owner -g --group -S -t --target-directory",
  rsync:
    "-e --rsh --exclude --include --filter -f --exclude-from --include-from --port --timeout --chmod --rsync-path -T",
  touch: "-d -t -r --date --reference",
  mkdir: "-m --mode",
  truncate: "-s --size -r",
  shred: "-n -s --iterations --size",
  sed: "-e -f --expression --file -l",
  perl: "-e -E -I -M",
  patch: "-p -i -d --input --directory -o --output -F",
  chmod: "",
  tar: "-f --file -C --directory --exclude -I --use-compress-program -T --checkpoint-action --to-command",
  unzip: "-d -x -P",
};
const words = (call: Call) => positionals(call, new Set((entry(valued, call.name) ?? "").split(" ")));

/** Copies and moves: into `-t`'s directory, or to the last word. */
const copied = (call: Call): Touch[] => {
  const all = words(call);
  const directory = optionOf(call, "-t", "--target-directory");
  const isIntoDirectory = call.name === "install" && known(call).some((arg) => /^(-d|--directory)$/.test(arg));
  if (isIntoDirectory) return all.map((path) => write(path));
  const target = directory !== undefined ? directory : all.at(-1);
  if (target === undefined) return [];
  const sources = directory !== undefined ? all : all.slice(0, -1);
  const isRemote = (path: string | null) => path !== null && /^[^/]+:/.test(path);
  if (isRemote(target)) return [];
  // Into a directory, it is also the file of the same name there.
  const named = sources
    .filter((path) => path !== null && !isRemote(path))
    .map((path) => write(join(target ?? "", basename(path!))));
  const touches = target === null ? [write(null)] : [write(target), ...named];
  if (call.name !== "mv") return touches;
  return [...touches, ...sources.map((path): Touch => ({ path, how: "delete", isDeep: true, text: path ?? "…" }))];
};

const removed = (call: Call): Touch[] => {
  const isDeep = known(call).some((arg) => /^--(recursive|parents)$/.test(arg)) || /[rRp]/.test(shorts(call));
  return words(call).map((path, index) => ({ path, how: "delete", isDeep, text: path ?? call.texts[index] ?? "…" }));
};
const shorts = (call: Call) =>
  known(call)
    .filter((arg) => /^-[a-zA-Z]+$/.test(arg))
    .join("");

const afterFirst = (call: Call): Touch[] => {
  const isByReference = known(call).some((arg) => arg.startsWith("--reference"));
  const all = call.args.filter((arg) => arg === null || !arg.startsWith("-") || /^-[rwxXst]+$/.test(arg));
  return all.slice(isByReference || all.length < 2 ? 0 : 1).map((path) => write(path));
};

const inPlace = (call: Call): Touch[] => {
  const edits = known(call).some((arg) => /^(-[a-zA-Z]*i|--in-place)/.test(arg) && !/^-(I|M)/.test(arg));
  if (!edits) return [];
  const hasScript = known(call).some(
    (arg) => /^(-e|-f|--expression|--file|-[a-zA-Z]*e)/.test(arg) && !arg.startsWith("--in"),
  );
  const files = words(call).filter((path) => path !== "");
  return files
    .slice(
      hasScript && call.name !== "perl" ? 0 : call.name === "perl" ? (files.length > 1 && !hasBareE(call) ? 1 : 0) : 1,
    )
    .map((path) => write(path));
};
const hasBareE = (call: Call) => call.args.includes("-e");

const named =
  (...options: string[]) =>
  (call: Call): Touch[] =>
    options.flatMap((option) => {
      const path = optionOf(call, option);
      return path === undefined || path === "-" ? [] : [write(path)];
    });

const extracted = (call: Call): Touch[] => {
  const mode = known(call)[0] ?? "";
  const extracts =
    /^-?[a-zA-Z]*x/.test(mode) || known(call).some((arg) => /^(-[a-zA-Z]*x[a-zA-Z]*|--extract|--get)$/.test(arg));
  if (known(call).includes("--remove-files"))
    return words(call).map((path) => ({ path, how: "delete", isDeep: true, text: path ?? "…" }));
  if (!extracts) {
    const file = optionOf(call, "-f", "--file") ?? (/^-?[a-zA-Z]*f$/.test(mode) ? call.args[1] : undefined);
    return file === undefined || file === "-" ? [] : [write(file)];
  }
  const directory = optionOf(call, "-C", "--directory");
  const members = positionals(call, new Set("-f --file -C --directory --exclude -I -T".split(" "))).filter(
    (path) => path !== null && !/\.(tar|tgz|t?gz|bz2|xz|zst)$/.test(path) && path !== mode,
  );
  return [
    ...(directory === undefined ? [] : [write(directory)]),
    ...members.map((path) => write(join(directory ?? "", path!))),
  ];
};

/** Codex runs its patches under these names, as a word or from the input. */
const patched = (call: Call): Touch[] =>
  [...known(call), call.stdin ?? ""].flatMap((text) =>
    [...text.matchAll(/^\s*\*\*\* *(?:Add File|Update File|Delete File|Move to): *(.+)$/gim)].map(([, path]) =>
      write(path!.trim()),
    ),
  );

const all = (call: Call): Touch[] => words(call).map((path) => write(path));

const toucher: Readonly<Record<string, (call: Call) => Touch[]>> = {
  cp: copied,
  mv: copied,
  ln: copied,
  install: copied,
  rsync: (call) =>
    copied(call).flatMap((touch) =>
      known(call).some((arg) => /^--del(ete)?/.test(arg))
        ? [touch, { ...touch, how: "delete" as const, isDeep: true }]
        : [touch],
    ),
  scp: copied,
  tee: all,
  sponge: all,
  touch: all,
  mkdir: all,
  mkfifo: all,
  mktemp: () => [],
  truncate: (call) => words(call).map((path) => ({ ...write(path), how: "empty" as const })),
  rm: removed,
  unlink: removed,
  rmdir: removed,
  shred: (call) => removed(call).map((touch) => ({ ...touch, isDeep: true })),
  srm: removed,
  trash: removed,
  chmod: afterFirst,
  chown: afterFirst,
  chgrp: afterFirst,
  chattr: afterFirst,
  setfacl: afterFirst,
  sed: inPlace,
  perl: inPlace,
  ruby: inPlace,
  patch: (call) => [
    ...words(call)
      .slice(0, 1)
      .map((path) => write(path)),
    ...named("-d", "--directory", "-o", "--output")(call),
  ],
  apply_patch: patched,
  applypatch: patched,
  dd: (call) =>
    known(call)
      .filter((arg) => arg.startsWith("of="))
      .map((arg) => ({
        ...write(arg.slice(3)),
        how:
          /^of=\/dev\/(?!null|zero|stdout|full)/.test(arg) ||
          call.args.some((one) => /^if=\/dev\/(zero|u?random|null)/.test(one ?? ""))
            ? ("empty" as const)
            : ("write" as const),
      })),
  sort: named("-o", "--output"),
  curl: named("-o", "--output", "--output-dir", "-D", "--dump-header", "-c", "--cookie-jar"),
  wget: named("-O", "--output-document", "-P", "--directory-prefix", "-o", "--output-file"),
  tar: extracted,
  bsdtar: extracted,
  unzip: named("-d"),
  "7z": (call) =>
    known(call)
      .filter((arg) => /^-o./.test(arg))
      .map((arg) => write(arg.slice(2))),
  cpio: named("-D", "--directory"),
  openssl: named("-out"),
  "ssh-keygen": (call) => (hasLetter(call, "l") || hasLetter(call, "y") ? [] : named("-f")(call)),
  gcc: named("-o"),
  cc: named("-o"),
  clang: named("-o"),
  go: named("-o"),
  pandoc: named("-o", "--output"),
  gpg: named("-o", "--output"),
  "yt-dlp": named("-o", "-P"),
  split: (call) =>
    words(call)
      .slice(1)
      .map((path) => write(path)),
  git: (call) => {
    const at = call.args.findIndex(
      (arg) => arg === "clone" || arg === "worktree" || arg === "init" || arg === "bundle",
    );
    const verb = call.args[at];
    const rest = positionals(
      { ...call, args: call.args.slice(at + 1) },
      new Set(
        "-b -B --branch --depth -o --origin -c --config -u --reference --template --reason -j --filter".split(" "),
      ),
    );
    if (at < 0 || (at > 0 && known(call)[0]?.startsWith("-") === false)) return [];
    if (verb === "clone") return rest.slice(1, 2).map((path) => write(path));
    if (verb === "worktree")
      return rest[0] === "add" || rest[0] === "move"
        ? rest.slice(rest[0] === "move" ? 2 : 1, rest[0] === "move" ? 3 : 2).map((path) => write(path))
        : [];
    return verb === "init"
      ? rest.slice(0, 1).map((path) => write(path))
      : rest[0] === "create"
        ? rest.slice(1, 2).map((path) => write(path))
        : [];
  },
  find: (call) => {
    const deletes = call.args.some(
      (arg, index) =>
        arg === "-delete" ||
        (/^-(exec|execdir|ok|okdir)$/.test(arg ?? "") &&
          /^(.*\/)?(rm|shred|unlink|rmdir|truncate)$/.test(call.args[index + 1] ?? "")),
    );
    const writes = call.args.flatMap((arg, index) =>
      /^-(fprint0?|fls|fprintf)$/.test(arg ?? "") ? [write(call.args[index + 1] ?? null)] : [],
    );
    if (!deletes) return writes;
    return [
      ...writes,
      ...findStarts(call).map((path): Touch => ({
        path: path === null ? null : join(path, "*"),
        how: "delete",
        isDeep: true,
        text: path ?? "…",
      })),
    ];
  },
};

/** Where find begins to look. */
export function findStarts(call: Call): (string | null)[] {
  const end = call.args.findIndex((arg) => arg !== null && /^[-(!]/.test(arg) && !/^-[HLPD]$/.test(arg));
  const starts = call.args.slice(0, end < 0 ? undefined : end).filter((arg) => arg === null || !arg.startsWith("-"));
  return starts.length > 0 ? starts : ["."];
}

export function touchesOf(call: Call): Touch[] {
  return [...redirected(call), ...(entry(toucher, call.name)?.(call) ?? [])];
}
