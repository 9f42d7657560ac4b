import { Link } from "@tanstack/react-router";

/** Leads to a deploy's own page. */
export function DeployLink({ id }: { id: number }) {
  return (
    <Link to="/landing/deploys/$id" params={{ id: String(id) }} className="text-accent tabular-nums hover:underline">
      deploy {id}
    </Link>
  );
}
