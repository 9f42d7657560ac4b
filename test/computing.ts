/** For how long this thread computed at `work`, in milliseconds: a busy machine makes us wait, and no sum longer. */
export function computingTime(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}
