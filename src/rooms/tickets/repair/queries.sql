-- The statements of drift and its repair. :tenant_id is filled in by the transaction.

-- name: ids_after
select id from tickets.tickets where tenant_id = :tenant_id and id > :after order by id limit :limit;

-- name: states_of
-- What drift compares, of these tickets.
select t.id, t.state, t.title, t.lane, t.priority, t.surface_key, t.closes_when,
  (select g.words from tickets.triggers g where g.tenant_id = :tenant_id and g.ticket_id = t.id) as opens_when,
  (select d.state from tickets.deliverables d where d.tenant_id = :tenant_id and d.ticket_id = t.id
    and d.state <> 'withdrawn') as verification,
  (select string_agg(r.stage, ' ' order by r.stage) from tickets.receipts r where r.tenant_id = :tenant_id
    and r.ticket_id = t.id and r.withdrawn_at is null) as receipts,
  (select s.provisional from tickets.spooled s where s.tenant_id = :tenant_id and s.final_id = t.id
    and s.outcome <> 'posted') as provisional,
  (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = t.claimed_by) as holder,
  (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = t.owner_id) as owner
from unnest(:ids::text[]) w (id)
cross join lateral (select * from tickets.tickets t where t.tenant_id = :tenant_id and t.id = w.id limit 1) t
order by t.id;

-- name: history
-- What the ledger says of one ticket, in order.
select seq, leaf from ledger.entries where tenant_id = :tenant_id and subject = :id and seq > :after
order by seq limit :limit;

-- name: surface_elsewhere
-- Whether another claim holds this surface.
select from tickets.tickets where tenant_id = :tenant_id and surface_key = :surface_key and state = 'in_progress'
  and surface_key is not null and id <> :id;

-- name: repair_words
update tickets.tickets set title = :title, lane = :lane, priority = :priority, owner_id = :owner_id,
  surface_key = :surface_key, closes_when = :closes_when
where tenant_id = :tenant_id and id = :id;

-- name: repair_state
-- A claim that the ledger knows of and the table has lost is given back with a new token, for its holder to claim anew.
update tickets.tickets set state = :state, claimed_by = :claimed_by, claim_token = :claim_token,
  claimed_incarnation = (select p.incarnation from seats.principals p where p.tenant_id = :tenant_id
    and p.id = :claimed_by),
  claimed_at = case when :claimed_by::bigint is not null then :at::timestamptz end,
  lease_expires_at = case when :claimed_by::bigint is not null
    then :at::timestamptz + make_interval(secs => :lease_seconds) end,
  blocked_reason = case when :state = 'blocked' then blocked_reason end,
  closed_at = case when :state::text in ('done', 'cancelled') then coalesce(closed_at, :at::timestamptz) end
where tenant_id = :tenant_id and id = :id;

-- name: trigger_drop
delete from tickets.triggers where tenant_id = :tenant_id and ticket_id = :id;
