-- The statements of collisions. :tenant_id is filled in by the transaction.

-- name: collisions_open
-- One that is known already, by its digest, stays as it is.
insert into tickets.collisions (tenant_id, id, number, pattern, first_seat, first_at, first_title, first_ticket,
  second_seat, second_at, second_title, second_ticket, final, source, digest, opened_at, opened_by)
select :tenant_id, n.newest + row_number() over (order by w.n), w.number, w.pattern, w.first_seat, w.first_at,
  w.first_title, w.first_ticket, w.second_seat, w.second_at, w.second_title, w.second_ticket, w.final, w.source,
  w.digest, :at, :opened_by
from (select coalesce(max(id), 0) as newest from tickets.collisions where tenant_id = :tenant_id) n
cross join unnest(:numbers::text[], :patterns::text[], :first_seats::text[], :first_ats::timestamptz[],
  :first_titles::text[], :first_tickets::text[], :second_seats::text[], :second_ats::timestamptz[],
  :second_titles::text[], :second_tickets::text[], :finals::boolean[], :sources::text[], :digests::text[])
  with ordinality w (number, pattern, first_seat, first_at, first_title, first_ticket, second_seat, second_at,
  second_title, second_ticket, final, source, digest, n)
where not exists (select from tickets.collisions k where k.tenant_id = :tenant_id and k.digest = w.digest)
returning id, digest;

-- name: collisions_known
select id, digest, settled_at is null as open from tickets.collisions
where tenant_id = :tenant_id and digest = any (:digests::text[]);

-- name: collisions_settle
update tickets.collisions c set settled_at = :at, settled_by = :settled_by, outcome = w.outcome, reason = w.reason,
  amended_to = w.amended_to
from unnest(:ids::bigint[], :outcomes::text[], :reasons::text[], :amended_tos::text[])
  w (id, outcome, reason, amended_to)
where c.tenant_id = :tenant_id and c.id = w.id and c.id = any (:ids::bigint[]) and c.settled_at is null
returning c.id, c.number, c.first_seat, c.second_seat;

-- name: collisions_list
select * from tickets.collisions c where c.tenant_id = :tenant_id and c.id > :after
  and (:settled::boolean is null or (c.settled_at is not null) = :settled)
order by c.id limit :limit;

-- name: collisions_unsettled
-- The open ones by their own index, so that those of the past cost nothing.
select * from tickets.collisions c where c.tenant_id = :tenant_id and c.id > :after and c.settled_at is null
order by c.id limit :limit;

-- name: collision_find
select * from tickets.collisions where tenant_id = :tenant_id and id = :id;

-- name: collisions_of
-- The open collisions on these numbers, or between these tickets.
select id, number, first_ticket, second_ticket from tickets.collisions
where tenant_id = :tenant_id and settled_at is null and number = any (:names::text[])
union
select id, number, first_ticket, second_ticket from tickets.collisions
where tenant_id = :tenant_id and settled_at is null and first_ticket = any (:names::text[])
union
select id, number, first_ticket, second_ticket from tickets.collisions
where tenant_id = :tenant_id and settled_at is null and second_ticket = any (:names::text[])
order by id;

-- name: open_ids
-- Every open ticket, each part by its own index: what has ended costs nothing.
select id from tickets.tickets where tenant_id = :tenant_id and state = 'awaiting_claim' and open_blockers = 0
union all
select id from tickets.tickets where tenant_id = :tenant_id and state = 'in_progress'
union all
select id from tickets.tickets where tenant_id = :tenant_id
  and (state in ('reserved', 'blocked', 'parked', 'conditional') or (state = 'awaiting_claim' and open_blockers > 0));

-- name: waits_of
-- What these tickets wait for: by links, as parents for their children, and in the words that they are blocked with.
select l.ticket_id as id, l.target_id as awaited, 'link' as by, null as words from tickets.links l
where l.tenant_id = :tenant_id and l.ticket_id = any (:ids::text[]) and l.type = any (:waiting_types::text[])
  and l.target_id is not null
union all
select l.target_id, l.ticket_id, 'child', null from tickets.links l
where l.tenant_id = :tenant_id and l.target_id = any (:ids::text[]) and l.type = 'parent-child'
union all
select t.id, null, 'words', t.blocked_reason from tickets.tickets t
where t.tenant_id = :tenant_id and t.id = any (:ids::text[]) and t.state = 'blocked' and t.blocked_reason is not null;

-- name: waiting_for
-- Who waits for these tickets, by a link or in the words that they are blocked with (those are read again), which may
-- name them as they were called elsewhere. The blocked ones are found by the index of what waits, whose condition is
-- repeated.
select l.ticket_id as id, null as words from tickets.links l
where l.tenant_id = :tenant_id and l.target_id = any (:ids::text[]) and l.target_id is not null
  and l.type = any (:waiting_types::text[])
union
select t.id, t.blocked_reason from tickets.tickets t
where t.tenant_id = :tenant_id and t.state = 'blocked'
  and (t.state in ('reserved', 'blocked', 'parked', 'conditional')
    or (t.state = 'awaiting_claim' and t.open_blockers > 0))
  and (t.blocked_reason ~ :names or exists (
    select from regexp_matches(t.blocked_reason, '[A-Z][A-Z0-9]*-[0-9][0-9-]*(?:~[a-z0-9]+)?', 'g') m (parts)
    join tickets.aliases a on a.tenant_id = :tenant_id and a.alias = m.parts[1]
    where a.ticket_id = any (:ids::text[])));

-- name: links_release
delete from tickets.links l where l.tenant_id = :tenant_id and l.ticket_id = any (:ids::text[])
  and l.target_id = any (:targets::text[]) and l.type = any (:waiting_types::text[])
returning l.ticket_id as id, l.target_id as target;

-- name: absorb
-- Moves tickets wherever they are; a claim on one of them ends.
update tickets.tickets t set state = w.state, claimed_by = null, claimed_incarnation = null, claim_token = null,
  claimed_at = null, lease_expires_at = null, blocked_reason = null,
  closed_at = case when w.state in ('done', 'cancelled') then :at::timestamptz end
from unnest(:ids::text[], :states::text[]) w (id, state)
where t.tenant_id = :tenant_id and t.id = w.id and t.id = any (:ids::text[]);

-- name: sightings_insert
-- What was seen before is not seen again.
insert into tickets.sightings (tenant_id, actor, act, ticket, at, source, evidence, seen_at)
select :tenant_id, w.actor, w.act, w.ticket, w.at, w.source, w.evidence, :seen_at
from unnest(:actors::text[], :acts::text[], :tickets::text[], :ats::timestamptz[], :sources::text[],
  :evidences::text[]) w (actor, act, ticket, at, source, evidence)
on conflict do nothing returning actor, act, ticket;

-- name: sightings_of
select s.* from unnest(:actors::text[]) w (actor)
cross join lateral (select actor, act, ticket, at, source, evidence from tickets.sightings s
  where s.tenant_id = :tenant_id and s.actor = w.actor order by s.act, s.ticket limit :limit) s;

-- name: sighting_known
select from tickets.sightings where tenant_id = :tenant_id and actor = :actor and act = :act and ticket = :ticket;

-- name: actors_insert
insert into tickets.actors (tenant_id, actor, opened_at)
select :tenant_id, w.actor, :at from unnest(:actors::text[]) w (actor)
on conflict do nothing;

-- name: actors_open
select actor, opened_at from tickets.actors
where tenant_id = :tenant_id and settled_at is null and actor > :after order by actor limit :limit;

-- name: actor_find
select actor, settled_at, reason from tickets.actors where tenant_id = :tenant_id and actor = :actor;

-- name: actor_settle
update tickets.actors set settled_at = :at, settled_by = :settled_by, principal_id = :principal_id, reason = :reason
where tenant_id = :tenant_id and actor = :actor and settled_at is null;

-- name: claimed_by
-- Which of these seats ever claimed which of these tickets, themselves or by a sub-agent of theirs.
select w.ticket, w.principal_id
from unnest(:tickets::text[], :principal_ids::bigint[], :names::text[]) w (ticket, principal_id, name)
where exists (select from ledger.entries e where e.tenant_id = :tenant_id and e.subject = w.ticket
  and e.kind = 'ticket.claimed' and (e.principal_id = w.principal_id or e.principal_id in (
    select c.id from seats.principals c where c.tenant_id = :tenant_id and starts_with(c.name, w.name || '/'))));
