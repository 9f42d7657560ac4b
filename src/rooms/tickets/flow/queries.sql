-- The statements behind the pictures of the queue. :tenant_id is filled in by the transaction.

-- name: instant
select statement_timestamp() as at;

-- name: flow
-- What was filed and what ended since an instant, counted by slices of time, and how much is open now.
select 'filed' as what, floor(extract(epoch from t.filed_at) / :slice_seconds::integer)::bigint as slice,
  count(*)::integer as count
from tickets.tickets t
where t.tenant_id = :tenant_id and t.filed_at >= :since and (:lane::text is null or t.lane = :lane::text)
group by slice
union all
select t.state, floor(extract(epoch from t.closed_at) / :slice_seconds::integer)::bigint as slice, count(*)::integer
from tickets.tickets t
where t.tenant_id = :tenant_id and t.closed_at >= :since and (:lane::text is null or t.lane = :lane::text)
group by t.state, slice
union all
select 'open', null, (
  select count(*) from tickets.tickets t where t.tenant_id = :tenant_id and t.state = 'awaiting_claim'
    and t.open_blockers = 0 and t.lane between :lane_first and :lane_last
)::integer + (
  select count(*) from tickets.tickets t where t.tenant_id = :tenant_id and t.state = 'in_progress'
    and t.lane between :lane_first and :lane_last
)::integer + (
  select count(*) from tickets.tickets t where t.tenant_id = :tenant_id and t.lane between :lane_first and :lane_last
    and (t.state in ('reserved', 'blocked', 'parked', 'conditional')
      or (t.state = 'awaiting_claim' and t.open_blockers > 0))
)::integer;

-- name: ages
-- What is open by lane, part of the queue and age, each part from its index: what has ended costs nothing.
select o.lane, o.part, count(*)::integer as count, min(o.filed_at) as oldest_at,
  width_bucket(extract(epoch from statement_timestamp() - o.filed_at)::float8, :bounds::float8[]) as age
from (
  select t.lane, t.filed_at, 'claimable' as part from tickets.tickets t
  where t.tenant_id = :tenant_id and t.state = 'awaiting_claim' and t.open_blockers = 0
  union all
  select t.lane, t.filed_at, 'active' from tickets.tickets t
  where t.tenant_id = :tenant_id and t.state = 'in_progress'
  union all
  select t.lane, t.filed_at, 'waiting' from tickets.tickets t
  where t.tenant_id = :tenant_id and (t.state in ('reserved', 'blocked', 'parked', 'conditional')
    or (t.state = 'awaiting_claim' and t.open_blockers > 0))
) o
group by o.lane, o.part, age;
