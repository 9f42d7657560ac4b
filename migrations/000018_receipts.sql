-- DONE is a chain of receipts, each with its proof; and conditional tickets open themselves.

-- Which proofs a finish needs: of everything, of a namespace, and beside those of a type of ticket.
create table tickets.requirements (
  tenant_id integer not null references kernel.tenants,
  scope text not null,
  -- The namespace or the type; '' for everywhere.
  name text not null,
  proofs text[] not null,
  primary key (tenant_id, scope, name),
  constraint requirement_scope check (scope in ('everywhere', 'namespace', 'type')),
  constraint everywhere_has_no_name check ((scope = 'everywhere') = (name = '')),
  constraint known_proofs check (proofs <@ array['deliverable', 'merge', 'work_proof', 'user_value', 'follow_ons',
    'activation', 'design_review'])
);

-- Code-complete, merged, deployed and observed are facts of their own, each with its own instant and evidence.
create table tickets.receipts (
  tenant_id integer not null,
  ticket_id text not null,
  stage text not null,
  -- Grows when a receipt was taken back and is given again.
  round integer not null,
  at timestamptz not null,
  by_id bigint not null,
  evidence text not null default '',
  -- Claimed and done within a minute, and nothing exists because of it (J18).
  no_op boolean not null default false,
  withdrawn_at timestamptz,
  withdrawn_by bigint,
  withdrawn_reason text,
  primary key (tenant_id, ticket_id, stage, round),
  foreign key (tenant_id, ticket_id) references tickets.tickets,
  constraint receipt_stage check (stage in ('code_complete', 'merged', 'deployed', 'observed')),
  constraint receipt_round check (round >= 1),
  constraint no_op_is_a_finish check (not no_op or stage = 'code_complete'),
  constraint withdrawn_whole check (num_nonnulls(withdrawn_at, withdrawn_by, withdrawn_reason) in (0, 3))
);
create unique index one_receipt_for_each_stage on tickets.receipts (tenant_id, ticket_id, stage)
  where withdrawn_at is null;
create index receipts_of_no_ops on tickets.receipts (tenant_id, at) where no_op and withdrawn_at is null;

-- What a finish says it delivered: a runner checks it in a clean clone, under a lease with a fencing token (J20).
create table tickets.deliverables (
  tenant_id integer not null,
  ticket_id text not null,
  path text not null,
  branch text not null,
  sha text not null,
  verify text not null,
  said_by bigint not null,
  said_at timestamptz not null,
  state text not null default 'unverified',
  attempts integer not null default 0,
  runner_id bigint,
  fencing_token uuid,
  lease_expires_at timestamptz,
  settled_at timestamptz,
  reason text,
  primary key (tenant_id, ticket_id),
  foreign key (tenant_id, ticket_id) references tickets.tickets,
  constraint deliverable_state check (state in ('unverified', 'verifying', 'verified', 'failed', 'withdrawn')),
  constraint deliverable_sha check (sha ~ '^[0-9a-f]{7,64}$'),
  constraint runner_iff_verifying check (
    num_nonnulls(runner_id, fencing_token, lease_expires_at) = case state when 'verifying' then 3 else 0 end),
  constraint settled_iff_over check ((settled_at is not null) = (state in ('verified', 'failed', 'withdrawn'))),
  constraint failure_has_reason check (state <> 'failed' or reason is not null)
);
-- What waits for a runner. One that keeps breaking its runners goes behind the others.
create index deliverables_waiting on tickets.deliverables (tenant_id, attempts, said_at)
  where state in ('unverified', 'verifying');

-- How many DONEs in a row had nothing to show: of a seat's session, of a lane, of the fleet (J17, J19). A counter, so
-- that a finish costs the same however long the history.
create table tickets.runs (
  tenant_id integer not null references kernel.tenants,
  scope text not null,
  -- The seat's number, the lane, or '' for the fleet.
  name text not null,
  run integer not null,
  -- The session that a seat's run belongs to; null where there are none.
  incarnation uuid,
  since timestamptz not null,
  last_ticket text not null,
  primary key (tenant_id, scope, name),
  constraint run_scope check (scope in ('seat', 'lane', 'fleet')),
  constraint run_counted check (run >= 0)
) with (fillfactor = 50);

-- What a conditional ticket waits for (J23).
create table tickets.triggers (
  tenant_id integer not null,
  ticket_id text not null,
  -- As it was said, with the target's own id.
  words text not null,
  kind text not null,
  target_id text,
  -- The state of the target, or of the tickets that are counted.
  state text,
  stage text,
  namespace text,
  comparison text,
  bound integer,
  at timestamptz,
  -- When it opened its ticket, or somebody moved that by hand.
  over_at timestamptz,
  primary key (tenant_id, ticket_id),
  foreign key (tenant_id, ticket_id) references tickets.tickets,
  foreign key (tenant_id, target_id) references tickets.tickets,
  foreign key (tenant_id, namespace) references tickets.namespaces,
  constraint trigger_whole check (case kind
    when 'ticket' then num_nonnulls(target_id, state) = 2 and num_nulls(stage, namespace, comparison, bound, at) = 5
    when 'receipt' then num_nonnulls(target_id, stage) = 2 and num_nulls(state, namespace, comparison, bound, at) = 5
    when 'count' then num_nonnulls(namespace, state, comparison, bound) = 4 and num_nulls(target_id, stage, at) = 3
    when 'date' then at is not null and num_nulls(target_id, state, stage, namespace, comparison, bound) = 6
    else false end)
);
create index triggers_armed on tickets.triggers (tenant_id, ticket_id) where over_at is null;
-- What a trigger counts, up to its bound. Partial, by what is true of every ticket: so that only the statement that
-- repeats it can go by this index. As long as the table is young and unmeasured, look-ups by an id took it for one of
-- theirs, and read all of the tenant (measured: 90 ms instead of 1 for a finish among 150,000 tickets).
create index tickets_counted on tickets.tickets (tenant_id, namespace, state) where namespace <> '';

-- Whether a condition holds now. One rule for triggers and for what a parent closes with.
create function tickets.holds(in_tenant integer, kind text, target text, wanted_state text, wanted_stage text,
  in_namespace text, comparison text, bound integer, due timestamptz) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select case kind
    when 'ticket' then exists (select from tickets.tickets t
      where t.tenant_id = in_tenant and t.id = target and t.state = wanted_state)
    when 'receipt' then exists (select from tickets.receipts r where r.tenant_id = in_tenant and r.ticket_id = target
      and r.stage = wanted_stage and r.withdrawn_at is null)
    when 'count' then (select case comparison when 'least' then count(*) >= bound else count(*) <= bound end
      from (select from tickets.tickets t where t.tenant_id = in_tenant and t.namespace = in_namespace
        and t.namespace <> '' and t.state = wanted_state limit bound::bigint + 1) counted)
    when 'date' then due <= statement_timestamp()
    else false end
$$;

alter table tickets.requirements enable row level security;
alter table tickets.receipts enable row level security;
alter table tickets.deliverables enable row level security;
alter table tickets.runs enable row level security;
alter table tickets.triggers enable row level security;
create policy own_tenant on tickets.requirements using (tenant_id = kernel.tenant());
create policy own_tenant on tickets.receipts using (tenant_id = kernel.tenant());
create policy own_tenant on tickets.deliverables using (tenant_id = kernel.tenant());
create policy own_tenant on tickets.runs using (tenant_id = kernel.tenant());
create policy own_tenant on tickets.triggers using (tenant_id = kernel.tenant());
grant select, insert on tickets.requirements, tickets.receipts, tickets.deliverables, tickets.runs, tickets.triggers
  to longwatch_app;
grant update (proofs) on tickets.requirements to longwatch_app;
grant update (withdrawn_at, withdrawn_by, withdrawn_reason) on tickets.receipts to longwatch_app;
grant update on tickets.deliverables, tickets.runs to longwatch_app;
grant update (over_at) on tickets.triggers to longwatch_app;
