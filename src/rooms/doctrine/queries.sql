-- The statements of the doctrine room. :tenant_id is filled in by the transaction.

-- name: records
select id, type, title, rule, tags, dated::text, content, digest, shipped, maturity, maturity_since,
  filed_at as watched_since, held_down, proposed, observations, mode, mechanisms, sunset_on::text, review_on::text,
  reviewed_at, superseded_by
from doctrine.records
where tenant_id = :tenant_id and (:ids::text[] is null or id = any (:ids)) and id > :after order by id limit :limit;

-- name: record_insert
insert into doctrine.records (tenant_id, id, type, title, rule, tags, dated, content, digest, shipped, filed_by,
  filed_at, maturity, maturity_since, observations, mode, mechanisms, sunset_on, review_on)
values (:tenant_id, :id, :type, :title, :rule, :tags, :dated, :content, :digest, :shipped, :filed_by, :at, :maturity,
  :at, :observations, :mode, :mechanisms, :sunset_on,
  (:at::timestamptz at time zone 'UTC')::date + :review_days::integer);

-- name: number_take
insert into doctrine.series as s (tenant_id, year, next_number) values (:tenant_id, :year, 2)
on conflict (tenant_id, year) do update set next_number = s.next_number + 1
returning next_number - 1 as number;

-- name: number_pass
-- An imported record keeps its number; what is filed here comes behind it.
insert into doctrine.series as s (tenant_id, year, next_number) values (:tenant_id, :year, :number::integer + 1)
on conflict (tenant_id, year) do update set next_number = greatest(s.next_number, excluded.next_number);

-- name: links_insert
insert into doctrine.links (tenant_id, record_id, relation, target)
select :tenant_id, :record_id, l.relation, l.target
from unnest(:relations::text[], :targets::text[]) l (relation, target)
on conflict do nothing;

-- name: links_to
select record_id, relation from doctrine.links
where tenant_id = :tenant_id and target = :id order by relation, record_id limit 200;

-- name: supersede
update doctrine.records set superseded_by = :by_id, proposed = null, proposed_at = null
where tenant_id = :tenant_id and id = any (:ids::text[]);

-- name: superseder
-- A record that an import brings behind the one that takes its place.
select record_id from doctrine.links
where tenant_id = :tenant_id and target = :id and relation = 'supersedes' order by record_id desc limit 1;

-- name: sighting_insert
insert into doctrine.sightings (tenant_id, record_id, n, kind, at, principal_id, evidence, seq)
select :tenant_id, w.record_id, w.base + row_number() over (partition by w.record_id order by w.ordinality),
  w.kind, w.at, w.principal_id, w.evidence, w.seq
from (
  select u.*, (select coalesce(max(s.n), 0) from doctrine.sightings s
    where s.tenant_id = :tenant_id and s.record_id = u.record_id) as base
  from unnest(:record_ids::text[], :kinds::text[], :ats::timestamptz[], :principal_ids::bigint[], :evidences::text[],
    :seqs::bigint[]) with ordinality u (record_id, kind, at, principal_id, evidence, seq, ordinality)
) w;

-- name: observed
update doctrine.records set observations = observations + 1 where tenant_id = :tenant_id and id = :id
returning observations;

-- name: sightings_of
select s.kind, s.at, s.evidence, s.seq, p.name as by from doctrine.sightings s
left join seats.principals p on p.tenant_id = s.tenant_id and p.id = s.principal_id
where s.tenant_id = :tenant_id and s.record_id = :id order by s.n desc limit :limit;

-- name: sightings_counted
-- As of an instant.
select count(*)::integer as observations from doctrine.sightings s
where s.tenant_id = :tenant_id and s.kind = 'observation' and s.record_id = :id and s.at <= :as_of;

-- name: violations_newest
select r.id as record_id, v.at from unnest(:ids::text[]) r (id)
cross join lateral (select s.at from doctrine.sightings s
  where s.tenant_id = :tenant_id and s.kind = 'violation' and s.record_id = r.id and s.at <= :as_of
  order by s.at desc limit 1) v;

-- name: bypasses_newest
select r.id as record_id, b.at from unnest(:ids::text[]) r (id)
cross join lateral (select b.at from doctrine.bypasses b
  where b.tenant_id = :tenant_id and b.record_id = r.id and b.at <= :as_of order by b.n desc limit 1) b;

-- name: bypass_insert
insert into doctrine.bypasses (tenant_id, record_id, n, at, said_by, reason, consent_id, decision_id, seq)
select :tenant_id, :id, 1 + (select count(*) from doctrine.bypasses b
  where b.tenant_id = :tenant_id and b.record_id = :id), :at, :said_by, :reason, :consent_id, :decision_id, :seq;

-- name: bypasses_of
select b.at, p.name as by, b.reason, b.consent_id as consent, b.decision_id as decision, b.seq as entry
from doctrine.bypasses b join seats.principals p on p.tenant_id = b.tenant_id and p.id = b.said_by
where b.tenant_id = :tenant_id and b.record_id = :id order by b.n desc limit :limit;

-- name: proofs
select
  :consent_id::bigint is null or exists (select from policy.consents c
    where c.tenant_id = :tenant_id and c.id = :consent_id) as consent,
  :decision_id::bigint is null or exists (select from policy.decisions d
    where d.tenant_id = :tenant_id and d.id = :decision_id and d.effect = 'allow') as decision,
  :seq::bigint is null or exists (select from ledger.entries e
    where e.tenant_id = :tenant_id and e.seq = :seq) as entry;

-- name: incidents
-- The newest first: of what the gates count back over there is little, and a partial index has it.
select seq, at, subject, kind, leaf from ledger.entries
where tenant_id = :tenant_id and kind in ('collision.opened', 'ticket.confirmed', 'ticket.amended')
  and kind = :kind and at > :after and at <= :as_of
order by at desc limit :limit;

-- name: namespaces_count
select count(*)::integer as count from tickets.namespaces where tenant_id = :tenant_id;

-- name: constraints
-- Keys and checks, indexes that hold a truth, and triggers, of our own schemas.
select c.conname as name from pg_catalog.pg_constraint c
join pg_catalog.pg_namespace n on n.oid = c.connamespace
where c.conname = any (:names::name[]) and n.nspname !~ '^(pg_|information_schema)' and :tenant_id > 0
union
select i.relname from pg_catalog.pg_class i
join pg_catalog.pg_index x on x.indexrelid = i.oid and x.indisunique
join pg_catalog.pg_namespace n on n.oid = i.relnamespace
where i.relname = any (:names::name[]) and n.nspname !~ '^(pg_|information_schema)'
union
select t.tgname from pg_catalog.pg_trigger t where t.tgname = any (:names::name[]) and not t.tgisinternal;

-- name: maturity_set
update doctrine.records set maturity = :maturity, maturity_since = :at, held_down = :held_down, proposed = null,
  proposed_at = null
where tenant_id = :tenant_id and id = :id;

-- name: propose
update doctrine.records set proposed = :proposed,
  proposed_at = case when :proposed::smallint is null then null else :at::timestamptz end
where tenant_id = :tenant_id and id = :id;

-- name: enforce
update doctrine.records set mode = :mode, mechanisms = :mechanisms, sunset_on = :sunset_on
where tenant_id = :tenant_id and id = :id;

-- name: reviews_open
select r.record_id, r.n, r.ticket_id, r.opened_at, r.because, t.state, t.closed_at
from doctrine.reviews r
left join lateral (select t.state, t.closed_at from tickets.tickets t
  where t.tenant_id = :tenant_id and t.id = r.ticket_id limit 1) t on true
where r.tenant_id = :tenant_id and r.settled_at is null;

-- name: causes_seen
-- What reviews that are over were opened for.
select distinct record_id, because from doctrine.reviews where tenant_id = :tenant_id and settled_at is not null;

-- name: review_insert
insert into doctrine.reviews (tenant_id, record_id, n, because, ticket_id, opened_at)
select :tenant_id, :id, 1 + (select count(*) from doctrine.reviews r
  where r.tenant_id = :tenant_id and r.record_id = :id), :because, :ticket_id, :at;

-- name: review_settle
update doctrine.reviews set settled_at = :at, settled_by = :settled_by, note = :note
where tenant_id = :tenant_id and record_id = :id and settled_at is null
returning n, ticket_id;

-- name: reviewed
update doctrine.records set reviewed_at = :at, review_on = :review_on, sunset_on = :sunset_on
where tenant_id = :tenant_id and id = :id;

-- name: reviews_of
select r.n, r.because, r.ticket_id as ticket, r.opened_at, r.settled_at, r.note from doctrine.reviews r
where r.tenant_id = :tenant_id and r.record_id = :id order by r.n desc limit :limit;

-- name: ledger_head
select seq from ledger.heads where tenant_id = :tenant_id;

-- name: cursor
select seq from doctrine.cursors where tenant_id = :tenant_id;

-- name: cursor_move
insert into doctrine.cursors (tenant_id, seq) values (:tenant_id, :seq)
on conflict (tenant_id) do update set seq = excluded.seq;

-- name: entries_between
select seq, at, kind, principal_id, subject, leaf from ledger.entries
where tenant_id = :tenant_id and seq > :after and seq <= :upto and kind = any (:kinds::text[]) order by seq;

-- name: firings_add
insert into doctrine.firings as f (tenant_id, mechanism, times, last_at, last_seq)
select :tenant_id, * from unnest(:mechanisms::text[], :times::bigint[], :last_ats::timestamptz[], :last_seqs::bigint[])
on conflict (tenant_id, mechanism) do update
set times = f.times + excluded.times, last_at = excluded.last_at, last_seq = excluded.last_seq;

-- name: firings_of
select mechanism, times, last_at from doctrine.firings
where tenant_id = :tenant_id and mechanism = any (:mechanisms::text[]);

-- name: readers
select r.record_id, count(distinct r.principal_id)::integer as readers from doctrine.readings r
where r.tenant_id = :tenant_id and r.record_id = any (:ids::text[]) and r.digest = any (:digests::text[])
group by r.record_id;

-- name: enforced
-- What is told where something is refused; and those that ship with this release, which may have been superseded here.
select id, title, rule, mechanisms, superseded_by from doctrine.records
where tenant_id = :tenant_id and (cardinality(mechanisms) > 0 or id = any (:shipped::text[])) order by id;

-- name: instant
select clock_timestamp() as at where :tenant_id > 0;

-- name: principles
select p.record_id from doctrine.principles p
where p.tenant_id = :tenant_id and p.version = (select max(b.version) from doctrine.boot_sets b
  where b.tenant_id = :tenant_id)
order by p.place;

-- name: boot_set_newest
select coalesce(max(version), 0) as version from doctrine.boot_sets where tenant_id = :tenant_id;

-- name: boot_set_insert
insert into doctrine.boot_sets (tenant_id, version, set_by, set_at) values (:tenant_id, :version, :set_by, :at);

-- name: principles_insert
insert into doctrine.principles (tenant_id, version, place, record_id)
select :tenant_id, :version, p.place, p.id from unnest(:record_ids::text[]) with ordinality p (id, place);

-- name: seat
select lane from seats.principals where tenant_id = :tenant_id and id = :id;

-- name: held
-- Not asked by the state, which says the same: the index of leases has every other seat's too (docs/decisions, 0007).
select t.id, t.title, t.state, t.lane from tickets.tickets t
where t.tenant_id = :tenant_id and t.claimed_by = :id
order by t.priority, t.claimed_at, t.id limit :limit;

-- name: claimable
-- By each lane's index, and no further than the limit. What was given to another is not claimable for this one.
select c.id, c.title, c.state, c.lane from unnest(:lanes::text[]) w (lane)
cross join lateral (select t.id, t.title, t.state, t.lane, t.priority, t.filed_at from tickets.tickets t
  where t.tenant_id = :tenant_id and t.lane = w.lane and t.state = 'awaiting_claim' and t.open_blockers = 0
    and (t.owner_id is null or t.owner_id = :id)
  order by t.priority, t.filed_at, t.id limit :limit) c
order by c.priority, c.filed_at, c.id limit :limit;

-- name: given
select t.id, t.title, t.state, t.lane from tickets.tickets t
where t.tenant_id = :tenant_id and t.state = 'awaiting_claim' and t.open_blockers = 0 and t.owner_id = :id
order by t.priority, t.filed_at, t.id limit :limit;

-- name: rules_counted
select count(*) filter (where rule <> '' and superseded_by is null)::integer as rules,
  count(*) filter (where id = any (:shipped::text[]))::integer as kept
from doctrine.records where tenant_id = :tenant_id;

-- name: acknowledged
select 1 as known from doctrine.acknowledgements
where tenant_id = :tenant_id and principal_id = :id and incarnation = :incarnation and digest = :digest;

-- name: acknowledge
insert into doctrine.acknowledgements (tenant_id, principal_id, incarnation, digest, at)
values (:tenant_id, :id, :incarnation, :digest, :at) on conflict do nothing;

-- name: readings_insert
insert into doctrine.readings (tenant_id, record_id, digest, principal_id, at)
select :tenant_id, r.record_id, r.digest, :id, :at
from unnest(:record_ids::text[], :digests::text[]) r (record_id, digest)
on conflict do nothing;
