-- The statements of the tickets room. :tenant_id is filled in by the transaction.
-- Look-ups by a key stand in `lateral (… limit 1)`, and updates repeat their keys as `= any (:ids)`: both make the
-- planner go by the whole key. Without them it joins on the tenant alone as long as a table is young and unmeasured,
-- and reads all of it (measured: 80 ms instead of 0.1 for a claim among 40,000 tickets).

-- name: insert
insert into tickets.tickets (tenant_id, filed_by, filed_at, id, namespace, state, priority, lane, title, body, type,
  labels, surface_key, closes_when, owner_id, open_blockers, closed_at)
select :tenant_id, w.filed_by, w.filed_at, w.id, w.namespace, w.state, w.priority, w.lane, w.title, w.body, w.type,
  coalesce(string_to_array(w.labels, chr(31)), '{}'), w.surface_key, w.closes_when, w.owner_id, w.open_blockers,
  w.closed_at
from unnest(:filed_bys::bigint[], :filed_ats::timestamptz[], :ids::text[], :namespaces::text[], :states::text[],
  :priorities::smallint[], :lanes::text[], :titles::text[], :bodies::text[], :types::text[], :labels::text[],
  :surface_keys::text[], :closes_whens::text[], :owner_ids::bigint[], :open_blockers::integer[],
  :closed_ats::timestamptz[]) w (filed_by, filed_at, id, namespace, state, priority, lane, title, body, type,
  labels, surface_key, closes_when, owner_id, open_blockers, closed_at);

-- name: find
-- Tickets by id or by a name they had elsewhere; an id wins, so that no import's old name hides a ticket from here.
-- The case is a coalesce that PostgreSQL trusts below row-level security: with coalesce itself the id is no index
-- condition and every call reads the whole table (85,000 tickets: 22 to 200 ms, against 0.6).
select w.ref, t.*, p.name as holder, o.name as owner, f.name as filer, statement_timestamp() as now
from unnest(:refs::text[]) w (ref)
left join lateral (select ticket_id from tickets.aliases a where a.tenant_id = :tenant_id and a.alias = w.ref
  and not exists (select from tickets.tickets o where o.tenant_id = :tenant_id and o.id = w.ref) limit 1) a on true
cross join lateral (select * from tickets.tickets t
  where t.tenant_id = :tenant_id and t.id = case when a.ticket_id is null then w.ref else a.ticket_id end limit 1) t
left join lateral (select name from seats.principals p where p.tenant_id = :tenant_id and p.id = t.claimed_by limit 1) p
  on true
left join lateral (select name from seats.principals p where p.tenant_id = :tenant_id and p.id = t.owner_id limit 1) o
  on true
left join lateral (select name from seats.principals p where p.tenant_id = :tenant_id and p.id = t.filed_by limit 1) f
  on true;

-- name: lapse
-- Leases that have ended. They go back to the queue before anything else is decided, all of them: one that was left
-- standing would let its old holder pass the fence.
with was as materialized (
  select o.id, (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = o.claimed_by) as name
  from tickets.tickets o
  where o.tenant_id = :tenant_id and o.state = 'in_progress' and o.lease_expires_at <= statement_timestamp()
  -- The order is the leases' index's, so that no other one looks as good while the table is empty.
  order by o.lease_expires_at
)
update tickets.tickets t set state = 'awaiting_claim', claimed_by = null, claimed_incarnation = null,
  claim_token = null, claimed_at = null, lease_expires_at = null
from was
where t.tenant_id = :tenant_id and t.id = was.id and t.id = any (array(select id from was))
returning t.id, was.name as holder;

-- name: claimable
-- The first claimable tickets of each lane that anyone may have, and those of each lane that were given to a caller.
-- Apart, so that neither can crowd the other out of its page.
select t.id, t.lane, t.title, t.priority, t.filed_by, t.owner_id, t.surface_key, t.filed_at
from unnest(:lanes::text[], :counts::integer[]) w (lane, count)
cross join lateral (
  select * from tickets.tickets t
  where t.tenant_id = :tenant_id and t.lane = w.lane and t.state = 'awaiting_claim' and t.open_blockers = 0
    and t.owner_id is null
    and t.id <> all (:taken::text[]) and (t.surface_key is null or t.surface_key <> all (:surfaces::text[]))
    -- Written as a filter, not a join: a join would give up the index's order and sort the whole lane. Without the
    -- offset the keys of all that is claimed would be read once, instead of the few that are asked for.
    and (t.surface_key is null or not exists (select from tickets.tickets h where h.tenant_id = :tenant_id
      and h.surface_key = t.surface_key and h.state = 'in_progress' offset 0))
  order by t.priority, t.filed_at, t.id
  limit w.count
) t
union all
select t.id, t.lane, t.title, t.priority, t.filed_by, t.owner_id, t.surface_key, t.filed_at
from unnest(:given_lanes::text[], :given_to::bigint[], :given_counts::integer[]) w (lane, owner_id, count)
cross join lateral (
  select * from tickets.tickets t
  where t.tenant_id = :tenant_id and t.lane = w.lane and t.owner_id = w.owner_id and t.state = 'awaiting_claim'
    and t.open_blockers = 0
    and t.id <> all (:taken::text[]) and (t.surface_key is null or t.surface_key <> all (:surfaces::text[]))
    and (t.surface_key is null or not exists (select from tickets.tickets h where h.tenant_id = :tenant_id
      and h.surface_key = t.surface_key and h.state = 'in_progress' offset 0))
  order by t.priority, t.filed_at, t.id
  limit w.count
) t
order by lane, priority, filed_at, id;

-- name: surface_holders
select t.surface_key, t.id,
  (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = t.claimed_by) as holder
from unnest(:surface_keys::text[]) w (surface_key)
cross join lateral (select t.surface_key, t.id, t.claimed_by from tickets.tickets t
  where t.tenant_id = :tenant_id and t.surface_key = w.surface_key and t.state = 'in_progress' limit 1) t;

-- name: claim
update tickets.tickets t set state = 'in_progress', claimed_by = w.claimed_by,
  claimed_incarnation = w.incarnation, claim_token = w.claim_token, claimed_at = :at,
  lease_expires_at = w.lease_expires_at
from unnest(:ids::text[], :claimed_bys::bigint[], :incarnations::uuid[], :claim_tokens::uuid[], :leases::timestamptz[])
  w (id, claimed_by, incarnation, claim_token, lease_expires_at)
where t.tenant_id = :tenant_id and t.id = w.id and t.id = any (:ids::text[])
  -- A parameter, so that the planner does not take the queue's index, which has no id to look up.
  and t.state = :from and t.open_blockers = 0
returning t.id;

-- name: renew
-- The fence is in the condition: a token of an earlier claim changes nothing. Only a ticket in progress has a token
-- (lease_iff_claimed).
update tickets.tickets t set lease_expires_at = w.lease_expires_at
from unnest(:ids::text[], :claim_tokens::uuid[], :leases::timestamptz[]) w (id, claim_token, lease_expires_at)
where t.tenant_id = :tenant_id and t.id = w.id and t.id = any (:ids::text[])
  and t.claim_token = w.claim_token
returning t.id;

-- name: unclaim
-- Ends claims: back to the queue, done, blocked, parked or cancelled. Fenced like renew.
update tickets.tickets t set state = w.state, claimed_by = null, claimed_incarnation = null, claim_token = null,
  claimed_at = null, lease_expires_at = null, blocked_reason = w.reason,
  closed_at = case when w.state in ('done', 'cancelled') then :at::timestamptz end,
  proof = coalesce(w.proof::jsonb, t.proof)
from unnest(:ids::text[], :claim_tokens::uuid[], :states::text[], :reasons::text[], :proofs::text[])
  w (id, claim_token, state, reason, proof)
where t.tenant_id = :tenant_id and t.id = w.id and t.id = any (:ids::text[])
  and t.claim_token = w.claim_token
returning t.id;

-- name: move
-- Moves a ticket that nobody holds.
update tickets.tickets t set state = :state, blocked_reason = :reason,
  closed_at = case when :state::text in ('done', 'cancelled') then :at::timestamptz end
where t.tenant_id = :tenant_id and t.id = :id and t.state = :from
returning t.id;

-- name: assign
update tickets.tickets t set owner_id = :owner_id, lane = :lane, priority = :priority where t.tenant_id = :tenant_id
  and t.id = :id;

-- name: aliases_insert
insert into tickets.aliases (tenant_id, alias, ticket_id, digest)
select :tenant_id, * from unnest(:aliases::text[], :ids::text[], :digests::text[]);

-- name: aliases_find
select alias, ticket_id, digest from tickets.aliases where tenant_id = :tenant_id and alias = any (:aliases::text[]);

-- name: links_insert
insert into tickets.links (tenant_id, ticket_id, type, target_ref, target_id)
select :tenant_id, * from unnest(:ticket_ids::text[], :types::text[], :target_refs::text[], :target_ids::text[])
on conflict do nothing returning ticket_id, type, target_ref;

-- name: links_of
select l.ticket_id, l.type, l.target_ref, l.target_id, t.state as target_state, t.title as target_title
from tickets.links l
left join lateral (select state, title from tickets.tickets t
  where t.tenant_id = :tenant_id and t.id = l.target_id limit 1) t on true
where l.tenant_id = :tenant_id and l.ticket_id = :id
order by l.type, l.target_ref;

-- name: links_to
select l.ticket_id, l.type, t.state, t.title
from tickets.links l
cross join lateral (select state, title from tickets.tickets t
  where t.tenant_id = :tenant_id and t.id = l.ticket_id limit 1) t
where l.tenant_id = :tenant_id and l.target_id = :id
order by l.type, l.ticket_id limit 500;

-- name: recount_blockers
-- Counts anew what waits for these tickets, and these tickets themselves. One rule in one place: after any change of
-- a state or of a link this makes the counters true again.
with touched as materialized (
  select i.id from unnest(:ids::text[]) i (id)
  union
  select l.ticket_id from tickets.links l
  where l.tenant_id = :tenant_id and l.target_id = any (:ids::text[]) and l.type = any (:waiting_types::text[])
), counted as materialized (
  select w.id, (
    select count(distinct l.target_id) from tickets.links l
    cross join lateral (select state from tickets.tickets b
      where b.tenant_id = :tenant_id and b.id = l.target_id limit 1) b
    where l.tenant_id = :tenant_id and l.ticket_id = w.id and l.type = any (:waiting_types::text[])
      and b.state not in ('done', 'cancelled')
  )::integer as count
  from touched w
)
update tickets.tickets t set open_blockers = c.count
from counted c
where t.tenant_id = :tenant_id and t.id = c.id and t.id = any (array(select id from touched))
  and t.open_blockers <> c.count;

-- name: waits_for
-- Everything that a ticket waits for, through any number of steps; a cycle would lead back. A parent waits for its
-- children to close. What is coming are the waits that this batch is about to write.
with recursive waits (id) as (
  select :id::text
  union
  select n.id from waits w cross join lateral (
    select l.target_id as id from tickets.links l
    where l.tenant_id = :tenant_id and l.ticket_id = w.id and l.type = any (:waiting_types::text[])
      and l.target_id is not null
    union all
    select l.ticket_id from tickets.links l
    where l.tenant_id = :tenant_id and l.target_id = w.id and l.type = 'parent-child'
    union all
    select c.awaited from unnest(:coming_ids::text[], :coming_awaited::text[]) c (id, awaited) where c.id = w.id
  ) n
)
select id from waits;

-- name: links_adopt
-- A ticket arrives under a name that links named before it was here.
update tickets.links l set target_id = w.id
from unnest(:aliases::text[], :ids::text[]) w (alias, id)
where l.tenant_id = :tenant_id and l.target_ref = w.alias and l.target_ref = any (:aliases::text[])
  and l.target_id is null and l.ticket_id <> w.id
returning l.ticket_id;

-- name: list
select t.id, t.namespace, t.state, t.priority, t.lane, t.title, t.type, t.labels, t.surface_key, t.open_blockers,
  t.blocked_reason, t.filed_at, t.closed_at, t.lease_expires_at,
  (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = t.claimed_by) as holder,
  (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = t.owner_id) as owner,
  (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = t.filed_by) as filer
from tickets.tickets t
where t.tenant_id = :tenant_id
  and (:state::text is null or t.state = :state) and (:lane::text is null or t.lane = :lane)
  and (:namespace::text is null or t.namespace = :namespace) and (:type::text is null or t.type = :type)
  and (:label::text is null or t.labels @> array[:label::text])
  and (:holder::bigint is null or t.claimed_by = :holder)
  and t.id > :after
order by t.id limit :limit;

-- name: counts
select state, count(*)::integer as count from tickets.tickets where tenant_id = :tenant_id
group by state order by state;

-- name: queue
-- What is open, claimable first. Each part has its index, so that closed tickets cost nothing. The lanes are a range,
-- from one to itself or from the first to the last, which the index can follow.
(select 'claimable' as part, t.id, t.state, t.priority, t.lane, t.title, t.filed_at, t.open_blockers, t.blocked_reason,
  t.lease_expires_at, t.claimed_by, t.owner_id from tickets.tickets t
where t.tenant_id = :tenant_id and t.state = 'awaiting_claim' and t.open_blockers = 0
  and t.lane between :lane_first and :lane_last
order by t.lane, t.priority, t.filed_at, t.id limit :limit)
union all
(select 'active', t.id, t.state, t.priority, t.lane, t.title, t.filed_at, t.open_blockers, t.blocked_reason,
  t.lease_expires_at, t.claimed_by, t.owner_id from tickets.tickets t
where t.tenant_id = :tenant_id and t.state = 'in_progress' and t.lane between :lane_first and :lane_last
order by t.lease_expires_at limit :limit)
union all
(select 'waiting', t.id, t.state, t.priority, t.lane, t.title, t.filed_at, t.open_blockers, t.blocked_reason,
  t.lease_expires_at, t.claimed_by, t.owner_id from tickets.tickets t
where t.tenant_id = :tenant_id and t.lane between :lane_first and :lane_last
  and (t.state in ('reserved', 'blocked', 'parked', 'conditional')
    or (t.state = 'awaiting_claim' and t.open_blockers > 0))
order by t.lane, t.priority, t.filed_at, t.id limit :limit);

-- name: names
select id, name from seats.principals where tenant_id = :tenant_id and id = any (:ids::bigint[]);
