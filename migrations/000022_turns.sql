-- Turns: when a seat's session began to work, why it may stop, and the idle cycles after which it retires.

create schema turns;
grant usage on schema turns to longwatch_app;

-- The turn of each seat that is on, or was last; the turns before it stand in the ledger.
create table turns.turns (
  tenant_id integer not null,
  seat_id bigint not null,
  -- Counted for each seat, whatever its session.
  turn integer not null,
  incarnation uuid not null,
  opened_at timestamptz not null,
  closed_at timestamptz,
  -- How often a hook was told in a row that the turn may not end yet.
  turned_around integer not null default 0,
  primary key (tenant_id, seat_id),
  foreign key (tenant_id, seat_id) references seats.principals,
  constraint turn_counted check (turn >= 1),
  constraint turn_in_order check (closed_at >= opened_at),
  -- A hook that turns a model around for ever costs more than a follow-on that lies there.
  constraint turned_around_bounded check (turned_around between 0 and 3)
) with (fillfactor = 50);

-- Why a session leaves a follow-on of its own to others (J15). One for each, and the newest counts.
create table turns.reasons (
  tenant_id integer not null,
  seat_id bigint not null,
  ticket_id text not null,
  incarnation uuid not null,
  class text not null,
  reason text not null,
  at timestamptz not null,
  primary key (tenant_id, seat_id, ticket_id),
  foreign key (tenant_id, seat_id) references seats.principals,
  foreign key (tenant_id, ticket_id) references tickets.tickets,
  constraint reason_class check (class in ('capacity', 'handoff', 'expertise')),
  constraint reason_said check (reason <> '')
);

-- The idle cycles in a row of a seat's session, each with what it saw. The third is the last: the seat retires (J16).
create table turns.cycles (
  tenant_id integer not null,
  seat_id bigint not null,
  cycle integer not null,
  incarnation uuid not null,
  at timestamptz not null,
  previous_cycle integer generated always as (nullif(cycle - 1, 0)) stored,
  previous_at timestamptz,
  snapshot jsonb not null,
  primary key (tenant_id, seat_id, cycle),
  constraint cycle_instant unique (tenant_id, seat_id, cycle, at),
  foreign key (tenant_id, seat_id) references seats.principals,
  -- Each cycle names the one before it by its instant: no cycle counts that is not long enough after another.
  constraint cycle_follows foreign key (tenant_id, seat_id, previous_cycle, previous_at)
    references turns.cycles (tenant_id, seat_id, cycle, at),
  constraint cycle_of_three check (cycle between 1 and 3),
  constraint first_cycle_has_none_before check ((cycle = 1) = (previous_at is null)),
  constraint cycles_apart check (at >= previous_at + interval '120 seconds')
);

-- What a seat filed and nobody holds. The last condition is true of every ticket: only the statement that repeats it
-- goes by this index, so that a look-up by an id in a young table cannot take it for one of its own (as in 000018).
create index tickets_self_filed on tickets.tickets (tenant_id, filed_by, filed_at)
  where state = 'awaiting_claim' and open_blockers = 0 and filed_by > 0;
-- What a seat finished lately.
create index receipts_of_finishes on tickets.receipts (tenant_id, by_id, at)
  where stage = 'code_complete' and withdrawn_at is null;

alter table turns.turns enable row level security;
alter table turns.reasons enable row level security;
alter table turns.cycles enable row level security;
create policy own_tenant on turns.turns using (tenant_id = kernel.tenant());
create policy own_tenant on turns.reasons using (tenant_id = kernel.tenant());
create policy own_tenant on turns.cycles using (tenant_id = kernel.tenant());
grant select, insert, update on turns.turns, turns.reasons to longwatch_app;
grant select, insert, delete on turns.cycles to longwatch_app;
