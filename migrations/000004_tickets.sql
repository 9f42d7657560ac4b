-- Units of work with reserved numbers, and the claims on them.

create schema tickets;
grant usage on schema tickets to longwatch_app;

create table tickets.namespaces (
  tenant_id integer not null references kernel.tenants,
  prefix text not null,
  -- `CMB-NNNN`, `FLT-YYYYMMDDNN`, `ORA-YYYY-NNNN`: the prefix, a period of the calendar or none, and a number.
  format text not null,
  -- The period as to_char writes it: YYYY, YYYYMM or YYYYMMDD; null where the format has none.
  period_form text,
  lane text not null,
  created_at timestamptz not null default statement_timestamp(),
  primary key (tenant_id, prefix),
  constraint prefix_form check (prefix ~ '^[A-Z][A-Z0-9]{0,11}$'),
  constraint format_begins_with_prefix check (starts_with(format, prefix || '-'))
);

-- The counter of a namespace in one period ('' where the format has none). A number is taken in the transaction that
-- files the ticket, so that a rollback gives it back: no gap (a PostgreSQL sequence leaves gaps, measured).
create table tickets.series (
  tenant_id integer not null,
  prefix text not null,
  period text not null,
  next_number bigint not null default 1,
  primary key (tenant_id, prefix, period),
  foreign key (tenant_id, prefix) references tickets.namespaces,
  constraint next_number_positive check (next_number >= 1)
) with (fillfactor = 50);

create table tickets.tickets (
  tenant_id integer not null,
  id text not null,
  state text not null,
  priority smallint not null,
  namespace text not null,
  lane text not null,
  title text not null,
  body text not null default '',
  type text not null default 'task',
  labels text[] not null default '{}',
  surface_key text,
  -- What must be true for a parent to close, in words; its finish then needs evidence (J22).
  closes_when text,
  -- The only seat that may claim it, when it was given to one.
  owner_id bigint,
  filed_by bigint not null,
  filed_at timestamptz not null,
  -- How many tickets this one waits for that are not finished. It is claimable at 0.
  open_blockers integer not null default 0,
  blocked_reason text,
  claimed_by bigint,
  claimed_incarnation uuid,
  claim_token uuid,
  claimed_at timestamptz,
  lease_expires_at timestamptz,
  closed_at timestamptz,
  proof jsonb,
  primary key (tenant_id, id),
  constraint ticket_state check (state in ('reserved', 'awaiting_claim', 'in_progress', 'blocked', 'parked',
    'conditional', 'done', 'cancelled')),
  constraint ticket_priority check (priority between 0 and 4),
  constraint lease_iff_claimed check (
    num_nonnulls(claimed_by, claim_token, claimed_at, lease_expires_at)
      = case state when 'in_progress' then 4 else 0 end),
  constraint closed_iff_ended check ((closed_at is not null) = (state in ('done', 'cancelled'))),
  constraint open_blockers_counted check (open_blockers >= 0)
) with (fillfactor = 80);

-- The queue: reading it touches claimable tickets only, however long the history.
create index tickets_claimable on tickets.tickets (tenant_id, lane, priority, filed_at, id)
  where state = 'awaiting_claim' and open_blockers = 0;
-- Claims take what was given to the caller first. Without an index of their own such tickets would be looked for
-- behind everything else that is claimable in the lane.
create index tickets_given on tickets.tickets (tenant_id, owner_id, lane, priority, filed_at, id)
  where state = 'awaiting_claim' and open_blockers = 0 and owner_id is not null;
-- The leases, for their lapse and for the active part of the queue.
create index tickets_leased on tickets.tickets (tenant_id, lease_expires_at) where state = 'in_progress';
-- What a seat has claimed: each decision asks it of whoever acts and of each seat that is idle, and must read neither
-- the other seats' work for it nor the history. Not by the state, so that what looks for ended leases cannot take it
-- (docs/decisions, 0007): every claim would then read all that are claimed.
create index tickets_claimed on tickets.tickets (tenant_id, claimed_by, id) where claimed_by is not null;
-- The rest of what is open.
create index tickets_waiting on tickets.tickets (tenant_id, lane, priority, filed_at, id)
  where state in ('reserved', 'blocked', 'parked', 'conditional') or (state = 'awaiting_claim' and open_blockers > 0);
-- What was filed and what ended lately, for the pictures of the queue: they read no more than the time they show.
create index tickets_filed on tickets.tickets (tenant_id, filed_at) include (lane);
create index tickets_ended on tickets.tickets (tenant_id, closed_at) include (lane, state) where closed_at is not null;
-- One active owner for each surface key (J11).
create unique index one_claim_per_surface on tickets.tickets (tenant_id, surface_key)
  where state = 'in_progress' and surface_key is not null;

-- Names that a ticket had elsewhere.
create table tickets.aliases (
  tenant_id integer not null,
  alias text not null,
  ticket_id text not null,
  -- Tells an import that comes again from one that contradicts it.
  digest text not null,
  primary key (tenant_id, alias),
  foreign key (tenant_id, ticket_id) references tickets.tickets
);

-- How tickets hang together. `target_ref` is what was named; `target_id` is null while no ticket has that name.
create table tickets.links (
  tenant_id integer not null,
  ticket_id text not null,
  type text not null,
  target_ref text not null,
  target_id text,
  primary key (tenant_id, ticket_id, type, target_ref),
  foreign key (tenant_id, ticket_id) references tickets.tickets,
  foreign key (tenant_id, target_id) references tickets.tickets,
  constraint link_type check (type ~ '^[a-z][a-z-]{0,39}$'),
  constraint link_not_to_itself check (ticket_id is distinct from target_id)
);
-- Links that wait for a ticket to arrive under the name they know it by.
create index links_dangling on tickets.links (tenant_id, target_ref) where target_id is null;
create index links_target on tickets.links (tenant_id, target_id) where target_id is not null;

alter table tickets.namespaces enable row level security;
alter table tickets.series enable row level security;
alter table tickets.tickets enable row level security;
alter table tickets.aliases enable row level security;
alter table tickets.links enable row level security;
create policy own_tenant on tickets.namespaces using (tenant_id = kernel.tenant());
create policy own_tenant on tickets.series using (tenant_id = kernel.tenant());
create policy own_tenant on tickets.tickets using (tenant_id = kernel.tenant());
create policy own_tenant on tickets.aliases using (tenant_id = kernel.tenant());
create policy own_tenant on tickets.links using (tenant_id = kernel.tenant());
grant select, insert on tickets.namespaces, tickets.aliases, tickets.links to longwatch_app;
-- A link that named a ticket before it was here is tied to it when it comes.
grant update (target_id) on tickets.links to longwatch_app;
grant select, insert, update on tickets.series, tickets.tickets to longwatch_app;
