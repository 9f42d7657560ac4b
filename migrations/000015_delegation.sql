-- Who gave which work to whom, and what became of it.

create schema delegation;
grant usage on schema delegation to longwatch_app;

-- One giving of one ticket. Each receipt is a fact with an instant of its own. That the ticket was claimed is not kept
-- here: its entry in the ledger says so.
create table delegation.dispatches (
  tenant_id integer not null references kernel.tenants,
  ticket_id text not null,
  -- A ticket that is given again begins another; the one before it is superseded.
  attempt integer not null,
  -- Null when it was given to a lane: whoever of it claims it first.
  to_id bigint,
  by_id bigint not null,
  -- The denial that it was made of.
  decision_id bigint,
  -- What the giving rests on: PRIOR-DIAGNOSTIC.
  diagnosis text,
  dispatched_at timestamptz not null,
  -- The seat's session has read it.
  delivered_at timestamptz,
  acknowledged_at timestamptz,
  verdict text,
  verdict_at timestamptz,
  verdict_by bigint,
  verdict_reason text,
  superseded_at timestamptz,
  primary key (tenant_id, ticket_id, attempt),
  foreign key (tenant_id, ticket_id) references tickets.tickets,
  foreign key (tenant_id, to_id) references seats.principals,
  foreign key (tenant_id, by_id) references seats.principals,
  foreign key (tenant_id, verdict_by) references seats.principals,
  foreign key (tenant_id, decision_id) references policy.decisions,
  constraint attempts_counted check (attempt >= 1),
  constraint not_to_oneself check (to_id <> by_id),
  -- Work that is given anew rests on what was found out before (J14).
  constraint given_anew_is_diagnosed check (attempt = 1 or diagnosis is not null),
  constraint receipts_follow_dispatch check (delivered_at >= dispatched_at and acknowledged_at >= dispatched_at
    and verdict_at >= dispatched_at and superseded_at >= dispatched_at),
  constraint receipts_need_a_seat check (to_id is not null or num_nonnulls(delivered_at, acknowledged_at) = 0),
  constraint verdict_known check (verdict in ('accepted', 'rejected')),
  constraint verdict_told check (num_nonnulls(verdict, verdict_at, verdict_by) in (0, 3)
    and (verdict is distinct from 'rejected' or verdict_reason is not null)),
  constraint nobody_judges_oneself check (verdict_by <> to_id)
);
-- Said twice for the same denial and the same seat, or for no seat, it makes one ticket.
create unique index one_dispatch_for_decision_and_seat on delegation.dispatches (tenant_id, decision_id, to_id)
  nulls not distinct where decision_id is not null;
create unique index one_dispatch_stands on delegation.dispatches (tenant_id, ticket_id) where superseded_at is null;
-- What a coordinator looks at, and what a seat does.
create index dispatches_open on delegation.dispatches (tenant_id, dispatched_at, ticket_id)
  where superseded_at is null and verdict is distinct from 'accepted';
create index dispatches_to on delegation.dispatches (tenant_id, to_id, dispatched_at);

-- A receipt is given once. A verdict can follow another: what was rejected is done again and judged again.
create function delegation.keep_receipts() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if old.delivered_at is distinct from new.delivered_at and old.delivered_at is not null
    or old.acknowledged_at is distinct from new.acknowledged_at and old.acknowledged_at is not null
    or old.superseded_at is not null or old.verdict = 'accepted'
  then
    raise 'delegation: a receipt of % stands as it was given', old.ticket_id using errcode = 'LW017';
  end if;
  return new;
end $$;
create trigger keep_receipts before update on delegation.dispatches
  for each row execute function delegation.keep_receipts();
alter table delegation.dispatches enable always trigger keep_receipts;

alter table delegation.dispatches enable row level security;
create policy own_tenant on delegation.dispatches using (tenant_id = kernel.tenant());
grant select, insert on delegation.dispatches to longwatch_app;
grant update (delivered_at, acknowledged_at, verdict, verdict_at, verdict_by, verdict_reason, superseded_at)
  on delegation.dispatches to longwatch_app;
