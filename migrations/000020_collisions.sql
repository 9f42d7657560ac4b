-- Two seats on one number, one surface or one name; actors that never registered; and what was made of them.

create table tickets.collisions (
  tenant_id integer not null references kernel.tenants,
  -- 1 to n in each tenant: taken under the lock of the ledger's head, the highest so far and one more.
  id bigint not null,
  -- What both want: a ticket's number, a surface key, a seat's name.
  number text not null,
  pattern text not null,
  -- Who posted first. Names as they were said: a party need not be known here.
  first_seat text not null,
  first_at timestamptz not null,
  first_title text not null,
  first_ticket text,
  second_seat text not null,
  second_at timestamptz not null,
  second_title text not null,
  second_ticket text,
  -- The first had the number for good when the second came: reserved at the write site, or confirmed. A cited number
  -- does not move, whatever a clock elsewhere says.
  final boolean not null,
  -- Where it was seen: a spool, an import, a mirrored feed, a repository.
  source text not null,
  -- Of the number and of both parties with their titles: the same collision is opened once, however often it is seen.
  digest text not null,
  opened_at timestamptz not null,
  opened_by bigint not null,
  settled_at timestamptz,
  settled_by bigint,
  outcome text,
  reason text,
  -- The ticket that holds the later content now.
  amended_to text,
  primary key (tenant_id, id),
  foreign key (tenant_id, opened_by) references seats.principals,
  foreign key (tenant_id, settled_by) references seats.principals,
  foreign key (tenant_id, first_ticket) references tickets.tickets,
  foreign key (tenant_id, second_ticket) references tickets.tickets,
  foreign key (tenant_id, amended_to) references tickets.tickets,
  constraint collision_once unique (tenant_id, digest),
  constraint collision_pattern check (pattern in ('simultaneous_filing', 'mass_dispatch', 'unseen_actor', 'reservation',
    'surface', 'identity')),
  -- First post wins; of two at one instant the smaller name.
  constraint first_post_wins check (final or first_at < second_at
    or (first_at = second_at and first_seat collate "C" <= second_seat collate "C")),
  constraint collision_outcome check (outcome in ('amended', 'ruled', 'explained')),
  constraint settled_whole check (num_nonnulls(settled_at, settled_by, outcome, reason) in (0, 4)),
  constraint amendment_has_ticket check ((outcome is not distinct from 'amended') = (amended_to is not null)),
  constraint amendment_is_another check (amended_to <> first_ticket)
);
create index collisions_open on tickets.collisions (tenant_id, id) where settled_at is null;
create index collisions_open_number on tickets.collisions (tenant_id, number) where settled_at is null;
create index collisions_open_first on tickets.collisions (tenant_id, first_ticket) where settled_at is null;
create index collisions_open_second on tickets.collisions (tenant_id, second_ticket) where settled_at is null;

alter table tickets.collisions enable row level security;
create policy own_tenant on tickets.collisions using (tenant_id = kernel.tenant());
grant select, insert on tickets.collisions to longwatch_app;
grant update (settled_at, settled_by, outcome, reason, amended_to) on tickets.collisions to longwatch_app;

-- Whoever posted, committed or claimed somewhere without being registered here (J6).
create table tickets.actors (
  tenant_id integer not null references kernel.tenants,
  -- As it was seen: a seat's name, a commit's author, a chat's handle.
  actor text not null,
  opened_at timestamptz not null,
  settled_at timestamptz,
  settled_by bigint,
  -- The seat or person that it turned out to be.
  principal_id bigint,
  reason text,
  primary key (tenant_id, actor),
  foreign key (tenant_id, settled_by) references seats.principals,
  foreign key (tenant_id, principal_id) references seats.principals,
  constraint actor_settled_whole check (num_nonnulls(settled_at, settled_by, reason) in (0, 3)),
  constraint mapped_is_settled check (principal_id is null or settled_at is not null)
);
create index actors_open on tickets.actors (tenant_id, actor) where settled_at is null;

-- What was seen of actors outside, registered or not: each once (J7).
create table tickets.sightings (
  tenant_id integer not null references kernel.tenants,
  actor text not null,
  act text not null,
  -- As it was named there; '' where none was.
  ticket text not null,
  at timestamptz not null,
  source text not null,
  evidence text not null,
  seen_at timestamptz not null,
  primary key (tenant_id, actor, act, ticket),
  constraint sighting_act check (act in ('posted', 'committed', 'claimed'))
);

alter table tickets.actors enable row level security;
alter table tickets.sightings enable row level security;
create policy own_tenant on tickets.actors using (tenant_id = kernel.tenant());
create policy own_tenant on tickets.sightings using (tenant_id = kernel.tenant());
grant select, insert on tickets.actors, tickets.sightings to longwatch_app;
grant update (settled_at, settled_by, principal_id, reason) on tickets.actors to longwatch_app;
-- A ruling frees a ticket of what it waited for; its entry tells which.
grant delete on tickets.links to longwatch_app;
-- A repair takes away a trigger that no entry tells of.
grant delete on tickets.triggers to longwatch_app;
