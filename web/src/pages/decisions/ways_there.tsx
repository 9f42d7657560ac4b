import { Link } from "@tanstack/react-router";

const look = "rounded-md border border-line-2 bg-card px-3 py-1.5 text-sm font-medium hover:border-ink-3";

/** To everything that was decided. */
export function DecisionsLink() {
  return (
    <Link to="/decisions" className={look}>
      Decisions
    </Link>
  );
}

/** To the rules. */
export function PolicyLink() {
  return (
    <Link to="/decisions/policy" className={look}>
      The policy
    </Link>
  );
}

/** To what was bundled. */
export function ManifestsLink() {
  return (
    <Link to="/decisions/manifests" className={look}>
      Manifests
    </Link>
  );
}

/** To one manifest. */
export function ManifestLink({ id }: { id: number }) {
  return (
    <Link
      to="/decisions/manifests/$id"
      params={{ id: String(id) }}
      className="whitespace-nowrap text-accent hover:underline"
    >
      manifest {id}
    </Link>
  );
}
