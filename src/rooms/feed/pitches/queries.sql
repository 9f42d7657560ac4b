-- Pitches, responses, and adoptions that a ticket has to carry out. :tenant_id is filled in by the transaction.

-- name: pitch_insert
insert into feed.pitches (tenant_id, subject, families_min, pitched_by, family, pitched_at)
values (:tenant_id, :subject, :families_min, :pitched_by, :family, :at) returning id;

-- name: pitches
select p.id, p.subject, p.families_min, p.pitched_by, p.family, p.pitched_at, s.name as pitcher
from feed.pitches p
cross join lateral (
  select name from seats.principals s where s.tenant_id = :tenant_id and s.id = p.pitched_by limit 1) s
where p.tenant_id = :tenant_id and (:id::bigint is null or p.id = :id::bigint)
  and (:before::bigint is null or p.id < :before::bigint)
order by p.id desc limit :limit;

-- name: response_insert
insert into feed.responses (tenant_id, pitch, by, family, verdict, at)
values (:tenant_id, :pitch, :by, :family, :verdict, :at);

-- name: responses
-- What each one answered last.
select distinct on (r.pitch, r.by) r.pitch, s.name as seat, r.family, r.verdict, r.at
from feed.responses r
cross join lateral (select name from seats.principals s where s.tenant_id = :tenant_id and s.id = r.by limit 1) s
where r.tenant_id = :tenant_id and r.pitch = any (:pitches::bigint[])
order by r.pitch, r.by, r.id desc;

-- name: adoption_insert
-- A pitch is carried out once, however many adopt it.
insert into feed.adoptions (tenant_id, adopted_by, adopted_at, pitch, item, subject)
values (:tenant_id, :by, :at, :pitch, :item, :subject)
on conflict (tenant_id, pitch) where pitch is not null and dropped is null do nothing returning id;

-- name: survey_begin
-- Tickets that were filed before the first adoption carry out none.
insert into feed.surveyed (tenant_id, seq)
select :tenant_id, h.seq from ledger.heads h where h.tenant_id = :tenant_id
on conflict do nothing;

-- name: survey_from
select (select s.seq from feed.surveyed s where s.tenant_id = :tenant_id) as after, h.seq as head
from ledger.heads h where h.tenant_id = :tenant_id;

-- name: survey_to
update feed.surveyed set seq = :seq where tenant_id = :tenant_id;

-- name: adoptions
-- Those that wait, the oldest first; or one of them, whatever became of it.
select a.id, a.adopted_at, a.pitch, a.item, a.subject, a.warned_at, a.ticket_id, a.dropped, a.settled_at,
  s.name as adopter, statement_timestamp() as now
from feed.adoptions a
cross join lateral (
  select name from seats.principals s where s.tenant_id = :tenant_id and s.id = a.adopted_by limit 1) s
where a.tenant_id = :tenant_id and case when :id::bigint is null then a.settled_at is null else a.id = :id::bigint end
order by a.adopted_at, a.id limit :limit;

-- name: adoptions_settle
update feed.adoptions a set ticket_id = w.ticket_id, dropped = w.dropped, settled_at = :at
from unnest(:ids::bigint[], :ticket_ids::text[], :reasons::text[]) w (id, ticket_id, dropped)
where a.tenant_id = :tenant_id and a.id = w.id and a.id = any (:ids::bigint[]) and a.settled_at is null
returning a.id, a.ticket_id;

-- name: adoptions_warn
update feed.adoptions set warned_at = :at
where tenant_id = :tenant_id and id = any (:ids::bigint[]) and warned_at is null;
