import { type Call, found, known, optionOf, positionals, type Reader, resource, type Scene } from "./call.ts";
import { environmentOf } from "./environments.ts";
import { hasFlag } from "./patterns.ts";
import type { Found } from "../vocabulary.ts";
import { either } from "./either.ts";

/** Other machines: what runs on them and what is copied to them. */
const copiers = /^(rsync|scp|sftp|rclone|lftp|ncftpput|gsutil|aws|gcloud|s3cmd|s5cmd|mc|azcopy|az)$/;
const local_hosts = /^([\w.-]+@)?(localhost|127(\.\d+){3}|\[?::1\]?)$/;

export const readRemote: Reader = (call, scene) => [
  ...(copiers.test(call.name) ? copies(call) : []),
  ...containers(call, scene),
  ...services(call),
  ...remotely(call),
  ...inCluster(call),
  ...hosts(call, scene),
];

const deployed = (call: Call, where: string, because: string, certain = true): Found[] => [
  found(
    call,
    "deploy",
    resource("environment", where, environmentOf([], new Map(), [where]).production),
    because,
    certain,
  ),
];

function copies(call: Call): Found[] {
  if (
    known(call).some(
      (arg) =>
        /^(--dry-?run|-n|--list-only)$/.test(arg) || (call.name === "rsync" && /^-[a-zA-Z]*n[a-zA-Z]*$/.test(arg)),
    )
  )
    return [];
  const words = positionals(
    call,
    new Set(
      `-e --rsh --exclude --include -i -P -p -o -F -b -l --profile --region --endpoint-url --project --acl
  --cache-control --content-type`.split(/\s+/),
    ),
  );
  if (call.name === "sftp")
    return words[0] === undefined
      ? []
      : deployed(
          call,
          words[0]?.split(":")[0] ?? "unknown",
          "sftp to another machine",
          optionOf(call, "-b") !== undefined,
        );
  if (call.name === "lftp" || call.name === "ncftpput")
    return /\b(put|mput|mirror\s+-R|mirror\s+--reverse)\b/.test(known(call).join(" ")) || call.name === "ncftpput"
      ? deployed(call, words[0] ?? "unknown", `${call.name} that uploads`)
      : [];
  const target = words.at(-1);
  if (target === undefined || target === null) return [];
  if (call.name === "rclone")
    return /^(sync|copy|copyto|move|moveto|bisync)$/.test(words[0] ?? "") && /^[\w-]+:/.test(target)
      ? deployed(call, target, "rclone to a remote")
      : [];
  const cloud = /^(s3|gs|r2|oss|wasb|abfss?):\/\//.test(target);
  if (/^(aws|gsutil|gcloud|s3cmd|s5cmd)$/.test(call.name)) {
    const isLocalEndpoint = /^https?:\/\/(localhost|127\.0\.0\.1)/.test(optionOf(call, "--endpoint-url") ?? "");
    if (
      !cloud ||
      isLocalEndpoint ||
      !/^(s3|storage|cp|sync|rsync|mv|put)$/.test(words[0] ?? "") ||
      /^(ls|mb|presign|du|stat|cat|head)$/.test(words[1] ?? words[0] ?? "")
    )
      return [];
    if (/\brm\b|\brb\b/.test(words.slice(0, 2).join(" "))) return [];
    const founds = deployed(call, target, `${call.name} to ${target}`);
    return hasFlag(call, ["--delete", "-d"])
      ? [...founds, found(call, "delete", resource("service", target), `${call.name} that deletes in ${target}`)]
      : founds;
  }
  if (call.name === "mc" || call.name === "az" || call.name === "azcopy")
    return call.name === "azcopy" && /^(copy|sync)$/.test(words[0] ?? "") && /^https/.test(target)
      ? deployed(call, target, "azcopy to a container")
      : [];
  const [, host] =
    /^(?:rsync:\/\/|scp:\/\/)?((?:[\w.-]+@)?[\w.-]+|\[[\da-f:]+\])(?::|(?<=\/\/[^/]*)\/)/.exec(target) ?? [];
  const isRemote = host !== undefined && !/^[./]/.test(target);
  return isRemote && !local_hosts.test(host) ? deployed(call, host, `${call.name} to ${host}`) : [];
}

/** Containers of another machine. */
function containers(call: Call, scene: Scene): Found[] {
  if (!/^(docker|docker-compose|podman|nerdctl)$/.test(call.name)) return [];
  // Its own options stand before the first word; those behind it are the container's.
  const first = call.args.findIndex(
    (arg, index) =>
      arg !== null &&
      !arg.startsWith("-") &&
      !/^(-H|--host|--url|-c|--context|-l|--log-level|--config|-f|--file|-p|--project-name|--profile)$/.test(
        call.args[index - 1] ?? "",
      ),
  );
  const own = { ...call, args: first < 0 ? call.args : call.args.slice(0, first) };
  const host = optionOf(own, "-H", "--host", "--url") ?? call.env.get("DOCKER_HOST") ?? call.env.get("CONTAINER_HOST");
  if (known(call)[0] === "context" && known(call)[1] === "use")
    scene.configs.set("\0context", known(call)[2] ?? "unknown");
  const context = scene.configs.get("\0context") ?? optionOf(own, "--context", "-c") ?? call.env.get("DOCKER_CONTEXT");
  const isOther =
    (typeof host === "string" && /^(ssh|tcp|https?):\/\/(?!localhost|127\.)/.test(host)) ||
    (typeof context === "string" &&
      !/^(default|desktop-linux|colima|orbstack|rancher-desktop|.*\.ya?ml)$/.test(context));
  if (!isOther) return [];
  const verbs = known(call).filter((arg) => !arg.startsWith("-"));
  if (
    !verbs.some((verb) =>
      /^(up|run|start|stop|restart|rm|kill|deploy|create|update|exec|build|pull|down|rollback|load|cp|scale)$/.test(
        verb,
      ),
    )
  )
    return [];
  return deployed(call, String(typeof host === "string" ? host : context), `${call.name} on another machine`);
}

/** Services of this machine that bear production's name. */
function services(call: Call): Found[] {
  if (!/^(systemctl|service|supervisorctl|pm2)$/.test(call.name) || call.via.some((via) => via === "ssh")) return [];
  const words = known(call);
  if (!words.some((word) => /^(restart|reload|start|stop|try-restart|enable|disable)$/.test(word))) return [];
  return words.some((word) => /\b(prod|production|live)\b/i.test(word))
    ? deployed(call, "production", `${call.name} of a production service`)
    : [];
}

/** What a command that runs over ssh may only look at; all else changes the machine. */
const looking = either(
  /^(uptime|tail|head|cat|less|ls|df|du|free|ps|top|who|w|whoami|id|hostname|date|uname|echo)$/,
  /^(printf|grep|zgrep|egrep|awk|wc|sort|uniq|find|stat|file|journalctl|dmesg|env|printenv)$/,
  /^(pwd|cd|test|\[|true|false|exit|set|export|which|netstat|ss|ip|ping|curl|dig|nslookup)$/,
  /^(lsof|vmstat|iostat|cut|jq|md5sum|sha256sum|sleep|:|tr|xargs|sudo|psql|mysql|redis-cli)$/,
  /^(git|docker|systemctl|service|kubectl|pm2|hostnamectl|last|history|sed|tee|ssh|screen)$/,
  /^(tmux|nginx|node|npm|python|bash|sh|timeout|watch|nvidia-smi)$/,
);
const changing_words = either(
  /\b(restart|reload|start|stop|enable|disable|kill|delete|pull|checkout|reset|up|down|run)\b/,
  /\b(rm|install|ci|update|deploy|build|exec|merge|clone|clean|prune|edit|apply|scale)\b/,
);

/** In a cluster's containers people mostly look; these change what runs there. */
const changing_containers = /^(kill|pkill|killall|rm|mv|tee|reboot|shutdown|supervisorctl|nginx|service|systemctl)$/;

function inCluster(call: Call): Found[] {
  if (!call.via.includes("kubectl") && !call.via.includes("oc")) return [];
  const words = known(call).slice(0, 3).join(" ");
  const isChange =
    changing_containers.test(call.name) ||
    (/^(git|npm|yarn|pnpm|pip|apt|apt-get|apk)$/.test(call.name) && changing_words.test(words)) ||
    (call.name === "sed" && known(call).some((arg) => /^-\w*i|--in-place/.test(arg)));
  return isChange ? deployed(call, "a cluster", `${call.name} in a running container`, false) : [];
}

function remotely(call: Call): Found[] {
  if ((!call.via.includes("ssh") && !call.via.includes("mosh")) || call.name === "")
    return call.via.includes("ssh") && call.program === null && call.args.length > 0
      ? deployed(call, "unknown", "a command on another machine that is not known", false)
      : [];
  const words = known(call)
    .filter((arg) => !arg.startsWith("-"))
    .slice(0, 3)
    .join(" ");
  const writes = call.writes.some(({ value }) => value === null || !/^\/(dev|tmp|var\/tmp)\//.test(value));
  const isLook =
    looking.test(call.name) &&
    !(
      /^(git|docker|systemctl|service|kubectl|pm2|npm|sudo|screen|tmux|nginx|node|python|bash|sh)$/.test(call.name) &&
      (changing_words.test(words) || /^(node|python|bash|sh)$/.test(call.name))
    ) &&
    !(call.name === "sed" && known(call).some((arg) => /^-\w*i|--in-place/.test(arg))) &&
    call.name !== "tee";
  return isLook && !writes ? [] : deployed(call, "another machine", `${call.name} over ssh`);
}

/** ssh itself, where what it runs was not read: its standard input, or a word that is not known. */
function hosts(call: Call, scene: Scene): Found[] {
  if (call.name !== "ssh" || known(call).some((arg) => /^-(V|Q|G)$/.test(arg))) return [];
  const words = positionals(call, new Set("-b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w -B".split(" ")));
  const proxies = known(call).flatMap((arg, index) => {
    const [, command] =
      /^(?:-o)?\s*(?:ProxyCommand|LocalCommand|KnownHostsCommand)\s*=?\s*(.+)$/is.exec(
        /^-o$/.test(call.args[index - 1] ?? "") ? `-o${arg}` : arg,
      ) ?? [];
    return command === undefined ? [] : scene.shell(command, call);
  });
  const [host, ...command] = words;
  if (host === undefined || (host !== null && local_hosts.test(host))) return proxies;
  if (command.length === 0 && call.stdin !== undefined)
    return [...proxies, ...deployed(call, host ?? "unknown", "ssh with commands from its input", call.stdin !== null)];
  return proxies;
}
