/** A release as people tell it apart: its first ten digits; the whole of it on hover. */
export function ReleaseId({ sha }: { sha: string }) {
  return (
    <code title={sha} className="font-mono text-sm">
      {sha.slice(0, 10)}
    </code>
  );
}
