-- Protocol B: what seats filed while the server could not be reached, as their spools hand it in.

-- A spool lies on one machine and belongs to one seat.
create table tickets.spools (
  tenant_id integer not null references kernel.tenants,
  name text not null,
  seat_id bigint not null,
  -- Every post up to the first is with us, every post up to the second has its outcome.
  received_upto bigint not null default 0,
  settled_upto bigint not null default 0,
  -- The instant that its latest post was given: none that comes after it is earlier.
  effective_upto timestamptz,
  opened_at timestamptz not null,
  answered_at timestamptz not null,
  primary key (tenant_id, name),
  foreign key (tenant_id, seat_id) references seats.principals,
  constraint settled_within_received check (settled_upto between 0 and received_upto)
);

create table tickets.spooled (
  tenant_id integer not null,
  spool text not null,
  n bigint not null,
  -- The post before it: a spool has no gap.
  previous bigint generated always as (nullif(n - 1, 0)) stored,
  -- Tells a post that comes again from another under the same number.
  digest text not null,
  operation text not null,
  provisional text,
  -- Of a filing: the namespace, the id that it expects there, and the title.
  namespace text,
  expected text,
  title text,
  -- As it was posted, in JSON. Gone once the post has its outcome: its words are in the entries then.
  input text,
  posted_at timestamptz not null,
  effective_at timestamptz not null,
  received_at timestamptz not null,
  state text not null,
  -- contending: when its contest ends, and the number that it brought into it, where the namespace is defined.
  due_at timestamptz,
  held text,
  -- It took effect before it was spooled, and only the answer was lost.
  said_before boolean not null,
  -- The number that it got; of a post, the ticket that it is about.
  final_id text,
  outcome text,
  reason text,
  code text,
  settled_at timestamptz,
  primary key (tenant_id, spool, n),
  foreign key (tenant_id, spool) references tickets.spools,
  constraint spool_without_gap foreign key (tenant_id, spool, previous) references tickets.spooled,
  constraint spooled_counted check (n >= 1),
  constraint spooled_operation check (operation in ('ticket.file', 'post.append')),
  -- contending for a number, waiting for its turn, or settled.
  constraint spooled_state check (state in ('contending', 'waiting', 'settled')),
  constraint contending_until_due check ((state = 'contending') = (due_at is not null)),
  constraint number_held_in_a_contest check (held is null or state = 'contending'),
  constraint contending_has_no_outcome check (state <> 'contending' or num_nonnulls(final_id, outcome) = 0),
  constraint said_before_has_outcome check (not said_before or outcome in ('confirmed', 'amended', 'posted')),
  constraint settled_whole check (case state when 'settled'
    then num_nonnulls(settled_at, outcome) = 2 and input is null else settled_at is null end),
  constraint spooled_outcome check (outcome in ('confirmed', 'amended', 'posted', 'refused', 'lost')),
  constraint no_number_without_ticket check (state <> 'settled' or outcome not in ('confirmed', 'amended')
    or final_id is not null)
);
-- A provisional id is one post's, a number in a contest one contender's, and a final number one filing's.
create unique index provisional_once on tickets.spooled (tenant_id, provisional) where provisional is not null;
create unique index held_once on tickets.spooled (tenant_id, held) where held is not null;
create unique index settled_number_once on tickets.spooled (tenant_id, final_id)
  where final_id is not null and outcome <> 'posted';
create index spooled_pending on tickets.spooled (tenant_id, effective_at) where state <> 'settled';
create index spooled_contending on tickets.spooled (tenant_id, spool, n) where state = 'contending';
create index spooled_due on tickets.spooled (tenant_id, due_at) where state = 'contending';
-- Whether two seats have filed in a namespace. Partial, by what is true of every ticket, as tickets_counted is.
create index tickets_filers on tickets.tickets (tenant_id, namespace, filed_by) where namespace <> '';

-- A post that has its outcome keeps it.
create function tickets.keep_outcome() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise 'tickets: post % of spool % has its outcome', old.n, old.spool using errcode = 'LW019';
end $$;
create trigger keep_outcome before update on tickets.spooled
  for each row when (old.state = 'settled') execute function tickets.keep_outcome();
alter table tickets.spooled enable always trigger keep_outcome;

-- How long a contest is open for, where it is not 15 seconds.
create table tickets.contest_rules (
  tenant_id integer not null references kernel.tenants,
  contest_seconds integer not null,
  primary key (tenant_id),
  constraint contest_ends_in_time check (contest_seconds between 0 and 20)
);

alter table tickets.spools enable row level security;
alter table tickets.spooled enable row level security;
alter table tickets.contest_rules enable row level security;
create policy own_tenant on tickets.spools using (tenant_id = kernel.tenant());
create policy own_tenant on tickets.spooled using (tenant_id = kernel.tenant());
create policy own_tenant on tickets.contest_rules using (tenant_id = kernel.tenant());
grant select, insert on tickets.spools, tickets.spooled, tickets.contest_rules to longwatch_app;
grant update (received_upto, settled_upto, effective_upto, answered_at) on tickets.spools to longwatch_app;
grant update (input, state, due_at, held, final_id, outcome, reason, code, settled_at) on tickets.spooled
  to longwatch_app;
grant update (contest_seconds) on tickets.contest_rules to longwatch_app;
