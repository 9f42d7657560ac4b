-- What the fleet learned: records with their maturity, the rules that the seats start with, and who has read them.

create schema doctrine;
grant usage on schema doctrine to longwatch_app;

-- A record's words are never changed: another record amends or supersedes it. What changes beside them is how sure the
-- fleet is of it, how it is enforced, and when it is looked at again.
create table doctrine.records (
  tenant_id integer not null references kernel.tenants,
  id text not null,
  type text not null,
  title text not null,
  rule text not null,
  tags text[] not null,
  dated date not null,
  -- Everything else that it says, and the digest of all that it says (RFC 8785): under it a reader says what was read.
  content jsonb not null,
  digest text not null,
  -- Comes with Longwatch; kept here since something was first written about it.
  shipped boolean not null,
  filed_by bigint,
  filed_at timestamptz not null,
  maturity smallint not null default 0,
  maturity_since timestamptz not null,
  -- A person took its level back: what its gates reach is proposed to people, whatever it says of itself.
  held_down boolean not null default false,
  -- A level whose gate holds and that nobody has given yet.
  proposed smallint,
  proposed_at timestamptz,
  observations integer not null default 0,
  mode text not null,
  -- What enforces it: refusal:CODE, policy:RULE, constraint:NAME, event:KIND.
  mechanisms text[] not null,
  sunset_on date,
  review_on date,
  reviewed_at timestamptz,
  superseded_by text,
  primary key (tenant_id, id),
  foreign key (tenant_id, filed_by) references seats.principals,
  constraint record_id_form check (id ~ '^ORA-[0-9]{4}-[0-9]{4,9}$'),
  constraint record_type check (type in ('failure', 'observation', 'pattern', 'hypothesis', 'experiment', 'synthesis',
    'decision', 'doctrine')),
  constraint record_digest check (digest ~ '^[0-9a-f]{64}$'),
  constraint maturity_level check (maturity between 0 and 4),
  constraint proposed_is_higher check (proposed between maturity + 1 and 4),
  constraint proposed_whole check ((proposed is null) = (proposed_at is null)),
  constraint pattern_rests_on_two_observations check (type <> 'pattern' or observations >= 2),
  constraint enforcement_mode check (mode in ('text', 'warn', 'reject')),
  constraint enforcement_has_a_mechanism check (mode = 'text' or cardinality(mechanisms) > 0),
  constraint mechanism_forms check (cardinality(mechanisms) = 0
    or array_to_string(mechanisms, ' ') ~ '^((refusal|policy|constraint|event):[a-z][a-z0-9_.-]*( |$))+$'),
  -- Every hard rule ends or is renewed (origins E, 0120).
  constraint hard_rule_has_a_sunset check (mode <> 'reject' or sunset_on is not null),
  constraint filed_by_somebody_unless_shipped check (shipped or filed_by is not null),
  constraint not_superseded_by_itself check (superseded_by is distinct from id)
);
-- What is told where something is refused.
create index records_enforced on doctrine.records (tenant_id) where cardinality(mechanisms) > 0;

-- The number of the next record of a year.
create table doctrine.series (
  tenant_id integer not null references kernel.tenants,
  year smallint not null,
  next_number integer not null default 1,
  primary key (tenant_id, year),
  constraint next_number_positive check (next_number >= 1)
) with (fillfactor = 50);

-- Which records it supersedes, amends or names. What is named may come later, by an import.
create table doctrine.links (
  tenant_id integer not null,
  record_id text not null,
  relation text not null,
  target text not null,
  primary key (tenant_id, record_id, relation, target),
  foreign key (tenant_id, record_id) references doctrine.records,
  constraint link_relation check (relation in ('supersedes', 'amends', 'references')),
  constraint link_not_to_itself check (record_id <> target)
);
create index links_target on doctrine.links (tenant_id, target);

-- What was seen of it, and where it was broken. The ledger's entry is the evidence where there is one.
create table doctrine.sightings (
  tenant_id integer not null,
  record_id text not null,
  n integer not null,
  kind text not null,
  at timestamptz not null,
  -- Who saw it, or who broke it; null where nobody is known here.
  principal_id bigint,
  evidence text not null,
  -- An entry, by its number. No key points there: one would have PostgreSQL answer a truncation before our trigger.
  seq bigint,
  primary key (tenant_id, record_id, n),
  foreign key (tenant_id, record_id) references doctrine.records,
  foreign key (tenant_id, principal_id) references seats.principals,
  constraint sighting_counted check (n >= 1),
  constraint sighting_kind check (kind in ('observation', 'violation')),
  constraint sighting_of_an_entry_once unique (tenant_id, record_id, kind, seq)
);
create index sightings_latest on doctrine.sightings (tenant_id, kind, record_id, at);

-- Somebody went past a hard rule. Without proof there is no bypass: a consent, a decision, or an entry of the ledger.
create table doctrine.bypasses (
  tenant_id integer not null,
  record_id text not null,
  n integer not null,
  at timestamptz not null,
  said_by bigint not null,
  reason text not null,
  consent_id bigint,
  decision_id bigint,
  seq bigint,
  primary key (tenant_id, record_id, n),
  foreign key (tenant_id, record_id) references doctrine.records,
  foreign key (tenant_id, said_by) references seats.principals,
  foreign key (tenant_id, consent_id) references policy.consents,
  foreign key (tenant_id, decision_id) references policy.decisions,
  constraint bypass_has_proof check (num_nonnulls(consent_id, decision_id, seq) >= 1),
  constraint bypass_has_a_reason check (length(btrim(reason)) > 0)
);

-- Looking at a record again: by its date, by a trigger, after it was taken back, or at its sunset.
create table doctrine.reviews (
  tenant_id integer not null,
  record_id text not null,
  n integer not null,
  because text not null,
  -- Null where the tenant had no namespace that a ticket's number could come from.
  ticket_id text,
  opened_at timestamptz not null,
  settled_at timestamptz,
  settled_by bigint,
  note text,
  primary key (tenant_id, record_id, n),
  foreign key (tenant_id, record_id) references doctrine.records,
  foreign key (tenant_id, ticket_id) references tickets.tickets,
  foreign key (tenant_id, settled_by) references seats.principals,
  constraint review_counted check (n >= 1),
  constraint settled_with_a_note check ((settled_at is null) = (note is null))
);
create unique index one_open_review on doctrine.reviews (tenant_id, record_id) where settled_at is null;

-- How often each mechanism fired, as far as the ledger was read.
create table doctrine.firings (
  tenant_id integer not null references kernel.tenants,
  mechanism text not null,
  times bigint not null,
  last_at timestamptz not null,
  last_seq bigint not null,
  primary key (tenant_id, mechanism)
) with (fillfactor = 50);
create table doctrine.cursors (
  tenant_id integer primary key references kernel.tenants,
  seq bigint not null
) with (fillfactor = 50);

-- The principles of the brief, version by version. Saturation is what makes rules fail together (origins E, 0078).
create table doctrine.boot_sets (
  tenant_id integer not null references kernel.tenants,
  version integer not null,
  set_by bigint not null,
  set_at timestamptz not null,
  primary key (tenant_id, version),
  foreign key (tenant_id, set_by) references seats.principals,
  constraint boot_set_counted check (version >= 1)
);
create table doctrine.principles (
  tenant_id integer not null,
  version integer not null,
  place smallint not null,
  record_id text not null,
  primary key (tenant_id, version, place),
  foreign key (tenant_id, version) references doctrine.boot_sets,
  foreign key (tenant_id, record_id) references doctrine.records,
  constraint at_most_seven_principles check (place between 1 and 7),
  constraint principle_once unique (tenant_id, version, record_id)
);

-- Read receipts: a record by its digest, and a brief by its own for each session.
create table doctrine.readings (
  tenant_id integer not null,
  record_id text not null,
  digest text not null,
  principal_id bigint not null,
  at timestamptz not null,
  primary key (tenant_id, record_id, digest, principal_id),
  foreign key (tenant_id, record_id) references doctrine.records,
  foreign key (tenant_id, principal_id) references seats.principals
);
create table doctrine.acknowledgements (
  tenant_id integer not null,
  principal_id bigint not null,
  -- The session; '' for whoever has none.
  incarnation text not null,
  digest text not null,
  at timestamptz not null,
  primary key (tenant_id, principal_id, incarnation, digest),
  foreign key (tenant_id, principal_id) references seats.principals
);

-- The gates count back from an instant over what happened: few of the entries, so the index costs the others nothing.
create index entries_of_gates on ledger.entries (tenant_id, kind, at)
  where kind in ('collision.opened', 'ticket.confirmed', 'ticket.amended');

alter table doctrine.records enable row level security;
alter table doctrine.series enable row level security;
alter table doctrine.links enable row level security;
alter table doctrine.sightings enable row level security;
alter table doctrine.bypasses enable row level security;
alter table doctrine.reviews enable row level security;
alter table doctrine.firings enable row level security;
alter table doctrine.cursors enable row level security;
alter table doctrine.boot_sets enable row level security;
alter table doctrine.principles enable row level security;
alter table doctrine.readings enable row level security;
alter table doctrine.acknowledgements enable row level security;
create policy own_tenant on doctrine.records using (tenant_id = kernel.tenant());
create policy own_tenant on doctrine.series using (tenant_id = kernel.tenant());
create policy own_tenant on doctrine.links using (tenant_id = kernel.tenant());
create policy own_tenant on doctrine.sightings using (tenant_id = kernel.tenant());
create policy own_tenant on doctrine.bypasses using (tenant_id = kernel.tenant());
create policy own_tenant on doctrine.reviews using (tenant_id = kernel.tenant());
create policy own_tenant on doctrine.firings using (tenant_id = kernel.tenant());
create policy own_tenant on doctrine.cursors using (tenant_id = kernel.tenant());
create policy own_tenant on doctrine.boot_sets using (tenant_id = kernel.tenant());
create policy own_tenant on doctrine.principles using (tenant_id = kernel.tenant());
create policy own_tenant on doctrine.readings using (tenant_id = kernel.tenant());
create policy own_tenant on doctrine.acknowledgements using (tenant_id = kernel.tenant());
grant select, insert on doctrine.records, doctrine.links, doctrine.sightings, doctrine.bypasses, doctrine.reviews,
  doctrine.boot_sets, doctrine.principles, doctrine.readings, doctrine.acknowledgements to longwatch_app;
-- Never the words.
grant update (maturity, maturity_since, held_down, proposed, proposed_at, observations, mode, mechanisms, sunset_on,
  review_on, reviewed_at, superseded_by) on doctrine.records to longwatch_app;
grant update (settled_at, settled_by, note) on doctrine.reviews to longwatch_app;
grant select, insert, update on doctrine.series, doctrine.firings, doctrine.cursors to longwatch_app;
