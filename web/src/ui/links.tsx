import { Link } from "@tanstack/react-router";

const style = "font-mono text-[0.92em] text-accent hover:underline";

export function TicketLink({ id }: { id: string }) {
  return (
    <Link to={`/tickets/${id}` as string} className={style}>
      {id}
    </Link>
  );
}

export function SeatLink({ name }: { name: string }) {
  return (
    <Link to={`/seats/${name}` as string} className={`${style} wrap-anywhere`}>
      {name}
    </Link>
  );
}

/** A decision of the policy, with its reasons and what became of it. */
export function DecisionLink({ id }: { id: number }) {
  return (
    <Link to={`/decisions/${id}` as string} className="whitespace-nowrap text-accent hover:underline">
      decision {id}
    </Link>
  );
}

/** Leads to a deploy's own page. */
export function DeployLink({ id }: { id: number }) {
  return (
    <Link to="/landing/deploys/$id" params={{ id: String(id) }} className="text-accent tabular-nums hover:underline">
      deploy {id}
    </Link>
  );
}

/** An entry of the ledger: where each claim of these pages is proven. */
export function EntryLink({ seq }: { seq: number }) {
  return (
    <Link to={`/ledger/${seq}` as string} className={`${style} tabular-nums`} title="The ledger’s entry">
      #{seq}
    </Link>
  );
}
