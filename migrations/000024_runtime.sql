-- Under which label a session's window shows in a program, and what the clock wakes sessions for.

-- The labels of present sessions; who had one before, the ledger tells. One label is one seat's, and a seat has one.
create table seats.labels (
  tenant_id integer not null references kernel.tenants,
  principal_id bigint not null,
  label text not null,
  labelled_at timestamptz not null default statement_timestamp(),
  primary key (tenant_id, principal_id),
  constraint one_seat_for_a_label unique (tenant_id, label),
  foreign key (tenant_id, principal_id) references seats.principals,
  constraint label_says_something check (label ~ '\S')
);
alter table seats.labels enable row level security;
create policy own_tenant on seats.labels using (tenant_id = kernel.tenant());
grant select, insert, update, delete on seats.labels to longwatch_app;

-- A window is its session's: with the session ends what it was called, whoever ends it.
create function seats.end_label() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  delete from seats.labels l where l.tenant_id = new.tenant_id and l.principal_id = new.id;
  return null;
end $$;
create trigger label_ends_with_session after update of incarnation on seats.principals
  for each row when (old.incarnation is distinct from new.incarnation and old.incarnation is not null)
  execute function seats.end_label();
alter table seats.principals enable always trigger label_ends_with_session;

create schema runtime;
grant usage on schema runtime to longwatch_app;

create table runtime.schedules (
  tenant_id integer not null references kernel.tenants,
  name text not null,
  -- What the session is told when it is woken; short by custom: "read the protocol file again".
  prompt text not null,
  -- The seat that is woken.
  seat_id bigint not null,
  git_writes boolean not null,
  -- Patterns that it may change to by itself, fastest first. Empty: it changes by nobody but who swaps it.
  paces text[] not null,
  defined_at timestamptz not null,
  -- How many cadences and runs it has had.
  cadences integer not null default 0,
  runs integer not null default 0,
  -- Where its runs write, as it was looked at when it was armed.
  machine text,
  worktree text,
  armed_at timestamptz,
  armed_by bigint,
  -- When it is due next; the clock reads this.
  next_at timestamptz,
  primary key (tenant_id, name),
  foreign key (tenant_id, seat_id) references seats.principals,
  foreign key (tenant_id, armed_by) references seats.principals,
  constraint armed_whole check (num_nonnulls(armed_at, armed_by, next_at) in (0, 3)),
  -- What writes into a repository does not run where nobody looked (J41).
  constraint git_writes_looked_at check (armed_at is null or not git_writes or num_nulls(machine, worktree) = 0),
  constraint worktree_whole check (num_nonnulls(machine, worktree) in (0, 2))
);
create index schedules_due on runtime.schedules (tenant_id, next_at, name) where next_at is not null;
-- Two loops that write do not share a working tree.
create unique index one_armed_schedule_in_a_worktree on runtime.schedules (tenant_id, machine, worktree)
  where armed_at is not null and git_writes;

-- The history of how often: each change is a number of its own, which names the one before (J44).
create table runtime.cadences (
  tenant_id integer not null,
  schedule text not null,
  number integer not null,
  pattern text not null,
  timezone text not null,
  replaces integer,
  reason text not null,
  begun_by bigint not null,
  begun_at timestamptz not null,
  ended_at timestamptz,
  primary key (tenant_id, schedule, number),
  foreign key (tenant_id, schedule) references runtime.schedules,
  foreign key (tenant_id, begun_by) references seats.principals,
  foreign key (tenant_id, schedule, replaces) references runtime.cadences,
  constraint cadences_follow check (number >= 1 and replaces is not distinct from nullif(number - 1, 0)),
  constraint cadence_in_order check (ended_at >= begun_at)
);
create unique index one_cadence_stands on runtime.cadences (tenant_id, schedule) where ended_at is null;

-- One prompt that was due. Two schedules are two runs, whenever they are due.
create table runtime.runs (
  tenant_id integer not null,
  schedule text not null,
  number integer not null,
  cadence integer not null,
  due_at timestamptz not null,
  fired_at timestamptz not null,
  -- How many more instants went by before it was taken: an outage, or a seat that is away, is caught up by one run.
  missed integer not null,
  seat_id bigint not null,
  -- The session that took it, and when.
  taken_by uuid,
  taken_at timestamptz,
  settled_at timestamptz,
  outcome text,
  note text,
  primary key (tenant_id, schedule, number),
  foreign key (tenant_id, schedule, cadence) references runtime.cadences,
  foreign key (tenant_id, seat_id) references seats.principals,
  constraint one_run_for_an_instant unique (tenant_id, schedule, due_at),
  constraint run_in_order check (number >= 1 and fired_at >= due_at and taken_at >= fired_at and missed >= 0),
  constraint run_taken_whole check ((taken_at is null) = (taken_by is null)),
  constraint run_settled_whole check ((settled_at is null) = (outcome is null)),
  constraint run_outcome check (outcome in ('useful', 'zero', 'incident', 'lost')),
  -- What nobody took came to nothing that a session could tell.
  constraint only_taken_runs_are_settled check (settled_at is null or taken_at is not null)
);
-- Runs of one schedule do not pile up behind a seat that is away.
create unique index one_run_waits on runtime.runs (tenant_id, schedule) where taken_at is null;
-- A session works on one prompt at a time: two that are due together never become one turn (J42).
create unique index one_prompt_a_run on runtime.runs (tenant_id, seat_id)
  where taken_at is not null and settled_at is null;
create index runs_waiting on runtime.runs (tenant_id, seat_id, due_at, schedule) where taken_at is null;

-- How many narratives a coordinator has posted since its tick began.
create table runtime.ticks (
  tenant_id integer not null references kernel.tenants,
  principal_id bigint not null,
  began_at timestamptz not null,
  posts integer not null,
  primary key (tenant_id, principal_id),
  foreign key (tenant_id, principal_id) references seats.principals
);

-- Those above the budget of a tick, until they are posted as one.
create table runtime.held_posts (
  tenant_id integer not null references kernel.tenants,
  principal_id bigint not null,
  number integer not null,
  held_at timestamptz not null,
  item text,
  subject text not null,
  body text not null,
  primary key (tenant_id, principal_id, number),
  foreign key (tenant_id, principal_id) references seats.principals
);

alter table runtime.schedules enable row level security;
alter table runtime.cadences enable row level security;
alter table runtime.runs enable row level security;
alter table runtime.ticks enable row level security;
alter table runtime.held_posts enable row level security;
create policy own_tenant on runtime.schedules using (tenant_id = kernel.tenant());
create policy own_tenant on runtime.cadences using (tenant_id = kernel.tenant());
create policy own_tenant on runtime.runs using (tenant_id = kernel.tenant());
create policy own_tenant on runtime.ticks using (tenant_id = kernel.tenant());
create policy own_tenant on runtime.held_posts using (tenant_id = kernel.tenant());
grant select, insert on runtime.schedules, runtime.cadences, runtime.runs to longwatch_app;
grant update (cadences, runs, machine, worktree, armed_at, armed_by, next_at) on runtime.schedules to longwatch_app;
grant update (ended_at) on runtime.cadences to longwatch_app;
grant update (missed, taken_by, taken_at, settled_at, outcome, note) on runtime.runs to longwatch_app;
grant select, insert, update, delete on runtime.ticks to longwatch_app;
grant select, insert, delete on runtime.held_posts to longwatch_app;
