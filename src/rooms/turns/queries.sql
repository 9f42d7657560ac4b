-- The statements of the turns room. :tenant_id is filled in by the transaction.

-- name: standing
-- A seat and its turn, in whatever session that began.
select p.name, p.lane, p.incarnation as present, t.turn, t.incarnation, t.opened_at, t.closed_at,
  coalesce(t.turned_around, 0) as turned_around, statement_timestamp() as now
from seats.principals p
left join lateral (select * from turns.turns t
  where t.tenant_id = :tenant_id and t.seat_id = p.id limit 1) t on true
where p.tenant_id = :tenant_id and p.id = :seat_id;

-- name: turn_write
insert into turns.turns (tenant_id, seat_id, turn, incarnation, opened_at, closed_at, turned_around)
values (:tenant_id, :seat_id, :turn, :incarnation, :opened_at, :closed_at, :turned_around)
on conflict (tenant_id, seat_id) do update set turn = excluded.turn, incarnation = excluded.incarnation,
  opened_at = excluded.opened_at, closed_at = excluded.closed_at, turned_around = excluded.turned_around;

-- name: touched
-- What the seat holds now, and what it finished lately. Not asked by the state, which says the same: the index of
-- leases has every other seat's too (docs/decisions, 0007).
select t.id, t.lane, t.surface_key, t.title, null::timestamptz as finished_at
from tickets.tickets t
where t.tenant_id = :tenant_id and t.claimed_by = :seat_id
union all
select t.id, t.lane, t.surface_key, t.title, r.at
from (
  select r.ticket_id, r.at from tickets.receipts r
  where r.tenant_id = :tenant_id and r.by_id = :seat_id and r.stage = 'code_complete' and r.withdrawn_at is null
    and r.at >= :since
  order by r.at desc limit :limit
) r
cross join lateral (select * from tickets.tickets t
  where t.tenant_id = :tenant_id and t.id = r.ticket_id limit 1) t;

-- name: related
-- What is one step from these tickets: their parents, the other children of those, their own children, their links.
with touched as materialized (
  select w.id from unnest(:ids::text[]) w (id)
), linked as materialized (
  select l.target_id as id, case l.type when 'parent-child' then 'parent' else 'link' end as relation, w.id as of
  from touched w
  cross join lateral (select l.target_id, l.type from tickets.links l
    where l.tenant_id = :tenant_id and l.ticket_id = w.id and l.target_id is not null
    order by l.type, l.target_ref limit :limit) l
  union all
  select l.ticket_id, case l.type when 'parent-child' then 'child' else 'link' end, w.id
  from touched w
  cross join lateral (select l.ticket_id, l.type from tickets.links l
    where l.tenant_id = :tenant_id and l.target_id = w.id limit :limit) l
)
select id, relation, of from linked
union all
select l.ticket_id, 'sibling', p.id
from (select distinct id from linked where relation = 'parent') p
cross join lateral (select l.ticket_id from tickets.links l
  where l.tenant_id = :tenant_id and l.target_id = p.id and l.type = 'parent-child' limit :limit) l;

-- name: candidates
-- What this seat could claim now: filed by itself in any lane, the first of its lane, given to it, or related to what
-- it touched. A parent with open children is not worked on: it closes last.
with found as materialized (
  (select t.id from tickets.tickets t
  where t.tenant_id = :tenant_id and t.filed_by = :seat_id and t.filed_by > 0 and t.state = 'awaiting_claim'
    and t.open_blockers = 0
  order by t.filed_at desc limit :limit)
  union
  (select t.id from tickets.tickets t
  where t.tenant_id = :tenant_id and t.lane between :lane_first and :lane_last and t.state = 'awaiting_claim'
    and t.open_blockers = 0 and t.owner_id is null
  order by t.lane, t.priority, t.filed_at, t.id limit :limit)
  union
  (select t.id from tickets.tickets t
  where t.tenant_id = :tenant_id and t.owner_id = :seat_id and t.state = 'awaiting_claim' and t.open_blockers = 0
  order by t.lane, t.priority, t.filed_at, t.id limit :limit)
  union
  select w.id from unnest(:related::text[]) w (id)
)
select t.id, t.title, t.lane, t.priority, t.surface_key, t.filed_at, t.filed_by = :seat_id as own,
  t.owner_id is not null as given
from found f
cross join lateral (select * from tickets.tickets t
  where t.tenant_id = :tenant_id and t.id = f.id limit 1) t
left join lateral (select h.id from tickets.tickets h
  where h.tenant_id = :tenant_id and h.surface_key = t.surface_key and h.state = 'in_progress' limit 1) held on true
left join lateral (select c.id from tickets.links l
  cross join lateral (select c.id, c.state from tickets.tickets c
    where c.tenant_id = :tenant_id and c.id = l.ticket_id limit 1) c
  where l.tenant_id = :tenant_id and l.target_id = t.id and l.type = 'parent-child'
    and c.state not in ('done', 'cancelled') limit 1) child on true
where t.state = 'awaiting_claim' and t.open_blockers = 0 and (t.owner_id is null or t.owner_id = :seat_id)
  and held.id is null and child.id is null;

-- name: excused
select r.ticket_id from turns.reasons r
where r.tenant_id = :tenant_id and r.seat_id = :seat_id and r.ticket_id = any (:ids::text[])
  and r.incarnation = :incarnation and r.at >= :since;

-- name: reasons_write
insert into turns.reasons (tenant_id, seat_id, incarnation, class, reason, at, ticket_id)
select :tenant_id, :seat_id, :incarnation, :class, :reason, :at, w.id from unnest(:ids::text[]) w (id)
on conflict (tenant_id, seat_id, ticket_id) do update set incarnation = excluded.incarnation, class = excluded.class,
  reason = excluded.reason, at = excluded.at;

-- name: cycles
select cycle, at, incarnation, snapshot from turns.cycles
where tenant_id = :tenant_id and seat_id = :seat_id order by cycle;

-- name: cycle_insert
insert into turns.cycles (tenant_id, seat_id, cycle, incarnation, at, previous_at, snapshot)
values (:tenant_id, :seat_id, :cycle, :incarnation, :at, :previous_at, :snapshot);

-- name: cycles_delete
delete from turns.cycles where tenant_id = :tenant_id and seat_id = :seat_id;
