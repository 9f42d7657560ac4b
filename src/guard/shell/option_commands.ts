import { nothingRun, runText, runWords } from "./running.ts";
import type { Handler } from "./shell.ts";
import { certainly } from "./values.ts";

/** What ssh and those that start it run here. */
export const local = /^(?:-o)?\s*(?:Proxy|Local|KnownHosts)Command\s*[= ]\s*(.+)$/is;

/** What apt starts around an installation. */
const packageHook = /(?:Pre|Post)-(?:Invoke|Install-Pkgs)[\w-]*(?:::)?\s*=\s*\{?\s*"?([^"}]+)/is;

/** Programs with an option, or a word after a mark, that is a command: `tar --to-command='sh -c …'`. */
const options: Record<string, RegExp> = {
  tar: /^--(?:(?:to-command|use-compress-program|rsh-command|rmt-command|info-script)=|checkpoint-action=exec=)(.+)/s,
  rsync: /^--(?:rsh|rsync-path)=(.+)/s,
  split: /^--filter=(.+)/s,
  sort: /^--compress-program=(.+)/s,
  man: /^--(?:pager|html)=(.+)/s,
  less: /^\+!(.+)/s,
  pandoc: /^--filter=(.+)/s,
  socat: /^(?:EXEC|SYSTEM):([^,]+)/is,
  ip: /^$/,
  scp: local,
  ...Object.fromEntries(["apt", "apt-get"].map((name) => [name, packageHook])),
  wget: /^--use-askpass=(.+)/s,
  fzf: /\b(?:execute|become|reload|transform)[\w-]*[^\w\s-]([^)\]}]+)/s,
  tcpdump: /^-z(.+)/s,
};
/** Options whose next word is the command. */
const next: Record<string, RegExp> = {
  tar: /^(-I|-F|--to-command|--use-compress-program|--checkpoint-action)$/,
  rsync: /^(-[a-zA-Z]*e|--rsh|--rsync-path)$/,
  man: /^(-P|--pager|-H)$/,
  nc: /^(-e|-c|--exec|--sh-exec)$/,
  ncat: /^(-e|-c|--exec|--sh-exec)$/,
  capsh: /^-c$/,
  scp: /^-S$/,
  tcpdump: /^-z$/,
  zip: /^(-TT|--unzip-command)$/,
  fzf: /^--preview$/,
  pandoc: /^(-F|--filter)$/,
};

export const optionCommands = new Map<string, Handler>(
  [...new Set([...Object.keys(options), ...Object.keys(next)])].map((name) => [name, optionCommand(name)] as const),
);

function optionCommand(via: string): Handler {
  return (shell, call, state) => {
    const words = call.argv.map(certainly);
    for (const [at, word] of words.entries()) {
      const match = options[via]?.exec(word);
      const text = match?.[1] ?? (next[via]?.test(word) ? words[at + 1]?.replace(/^exec=/, "") : undefined);
      if (text !== undefined) runText(shell, call, { ...state, output: undefined }, text, { via });
    }
    // `ip netns exec name cmd`
    const verb = via === "ip" ? words.indexOf("exec") : -1;
    if (verb > 0) runWords(shell, call, state, call.argv.slice(verb + 2), { via });
    return nothingRun(state);
  };
}
