/**
 * What happens inside the namespaces before the command: a shell script, as mounts are the business of mount(8). It is
 * the first process there, and stays: when it ends, whatever the command has left behind ends with it.
 */
export const SETUP = String.raw`
set -eu
work=$1 temporary=$2 size=$3 small=$4 processes=$5 drop=$6 hidden=$7 shown=$8 line=$9
resolver=$(cat /etc/resolv.conf 2>/dev/null || :)
resolver_at=$(readlink -f /etc/resolv.conf || :)
# The worktree becomes a mount of its own, the only one that stays writable; it is held open while /tmp is covered.
mount --bind "$work" "$work"
exec 9<"$work"
if [ -n "$shown" ]; then exec 8<"$shown"; else exec 8</; fi
while read -r _ _ _ _ at _; do
  at=$(printf '%b' "$at")
  case $at in
    "$work" | /proc | /proc/* | /dev/pts) ;;
    /) mount -o remount,bind,ro / ;;
    *) mount -o remount,bind,ro "$at" 2>/dev/null || : ;;
  esac
done </proc/self/mountinfo
# Sockets of other programs lie in these too: whoever reaches a service manager runs things outside.
for at in "$temporary" /tmp /var/tmp /run /dev/shm; do
  [ -d "$at" ] && [ ! -L "$at" ] || continue
  bound=$small
  [ "$at" = "$temporary" ] && bound=$size
  mount -t tmpfs -o "size=$bound""m,mode=1777,nosuid,nodev" tmpfs "$at"
done
# Before what is hidden is covered, so that nothing of it shows through.
if [ -n "$shown" ] && [ ! -e "$shown" ]; then
  mkdir -p "$shown"
  mount -c --bind /proc/self/fd/8 "$shown"
  mount -o remount,bind,ro "$shown"
fi
exec 8<&-
# Who may open somebody's terminal reads what is typed there: the command gets terminals of its own, or none.
if [ -d /dev/pts ]; then
  if mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts /dev/pts 2>/dev/null; then
    mount --bind /dev/pts/ptmx /dev/ptmx 2>/dev/null || :
  else mount -t tmpfs -o size=4k,mode=0555,ro tmpfs /dev/pts
  fi
fi
case $resolver_at in
  /run/*) mkdir -p "$(dirname "$resolver_at")" && printf '%s\n' "$resolver" >"$resolver_at" ;;
esac
printf '%s\n' "$hidden" | while read -r at; do
  if [ -d "$at" ]; then mount -t tmpfs -o size=4k,mode=0555,ro tmpfs "$at"
  elif [ -e "$at" ]; then mount --bind /dev/null "$at"
  fi
done
mkdir -p "$work" /tmp/home
chmod 0777 /tmp/home
mount -c --bind /proc/self/fd/9 "$work"
exec 9<&-
ip link set lo up 2>/dev/null || :
cd "$work"
HOME=/tmp/home TMPDIR=/tmp $drop prlimit "--nproc=$processes" sh -c "$line" &
wait $!
`;
