-- The statements of the delegation room. :tenant_id is filled in by the transaction.

-- name: seats_now
-- Whether somebody sits there.
select p.id, p.incarnation, p.adopted_at, p.retired_at, p.status, p.heard_at, p.output_at
from seats.principals p where p.tenant_id = :tenant_id and p.id = any (:ids::bigint[]);

-- name: lane_of
select lane from seats.principals where tenant_id = :tenant_id and id = :id;

-- name: dispatched_for
-- The dispatch that was made of a denial: the first of all, or that for this seat or for no seat.
select d.ticket_id, (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = d.to_id) as to
from delegation.dispatches d
where d.tenant_id = :tenant_id and d.decision_id = :decision_id
  and (:any::boolean or d.to_id is not distinct from :to_id::bigint)
order by d.dispatched_at, d.ticket_id limit 1;

-- name: dispatched_of
-- Every dispatch that was made of a denial: at most one for each seat.
select d.ticket_id as id, t.title, t.state, d.dispatched_at, d.verdict,
  (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = d.to_id) as to,
  (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = d.by_id) as by
from delegation.dispatches d
cross join lateral (select t.title, t.state from tickets.tickets t
  where t.tenant_id = :tenant_id and t.id = d.ticket_id limit 1) t
where d.tenant_id = :tenant_id and d.decision_id = :decision_id
order by d.dispatched_at, d.ticket_id;

-- name: dispatch_insert
insert into delegation.dispatches (tenant_id, dispatched_at, by_id, decision_id, diagnosis, ticket_id, attempt, to_id)
select :tenant_id, :at, :by_id, :decision_id, :diagnosis, *
from unnest(:ticket_ids::text[], :attempts::integer[], :to_ids::bigint[]);

-- name: standing
-- The giving of a ticket that stands now, with who is meant and what became of the ticket.
select d.ticket_id, d.attempt, d.to_id, d.by_id, d.delivered_at, d.acknowledged_at, d.verdict, d.verdict_at,
  (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = d.to_id) as to,
  (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = d.by_id) as by
from delegation.dispatches d
where d.tenant_id = :tenant_id and d.ticket_id = :ticket_id and d.superseded_at is null;

-- name: supersede
update delegation.dispatches set superseded_at = :at
where tenant_id = :tenant_id and ticket_id = :ticket_id and superseded_at is null;

-- name: deliver
update delegation.dispatches set delivered_at = :at
where tenant_id = :tenant_id and to_id = :to_id and ticket_id = any (:ticket_ids::text[]) and delivered_at is null
  and superseded_at is null
returning ticket_id;

-- name: acknowledge
update delegation.dispatches set acknowledged_at = :at
where tenant_id = :tenant_id and ticket_id = :ticket_id and superseded_at is null;

-- name: judge
update delegation.dispatches set verdict = :verdict, verdict_at = :at, verdict_by = :verdict_by,
  verdict_reason = :reason
where tenant_id = :tenant_id and ticket_id = :ticket_id and superseded_at is null;

-- name: dispatches_list
-- The newest first. When it was claimed is what the ledger says of it: the first claim since, by the one it was given
-- to; the index of subjects finds it among the few entries of its ticket.
select d.ticket_id as id, t.title, t.state, t.closed_at, t.owner_id, d.to_id, b.name as by, s.name as to,
  s.incarnation, s.adopted_at, s.retired_at, s.status, s.heard_at, s.output_at, d.dispatched_at, d.delivered_at,
  c.at as consumed_at, d.acknowledged_at, d.verdict, d.verdict_at, d.verdict_reason, statement_timestamp() as now
from delegation.dispatches d
cross join lateral (select * from tickets.tickets t
  where t.tenant_id = :tenant_id and t.id = d.ticket_id limit 1) t
cross join lateral (select * from seats.principals p where p.tenant_id = :tenant_id and p.id = d.by_id limit 1) b
left join lateral (select * from seats.principals p where p.tenant_id = :tenant_id and p.id = d.to_id limit 1) s
  on true
left join lateral (
  select e.at from ledger.entries e
  where e.tenant_id = :tenant_id and e.subject = d.ticket_id and e.kind = 'ticket.claimed'
    and e.at >= d.dispatched_at and (d.to_id is null or e.principal_id = d.to_id)
  order by e.seq limit 1
) c on true
where d.tenant_id = :tenant_id and d.superseded_at is null and (:to_id::bigint is null or d.to_id = :to_id)
  and (:all::boolean or (d.verdict is distinct from 'accepted' and t.state <> 'cancelled'))
order by d.dispatched_at desc, d.ticket_id limit :limit;

-- name: aftermath_of
-- What became of denials. Each look has its index; of what was allowed later, a bounded number of the seat's acts of
-- the same kind is looked through. Materialized, since the numbers within a protocol find no row by an index.
with denied as materialized (
  select d.id, d.subject_id, d.action, d.resource_type, d.resource_id,
    (d.protocol ->> 'approval')::bigint as approval, (d.protocol ->> 'escalation')::bigint as escalation
  from unnest(:decisions::bigint[]) wanted (id)
  cross join lateral (select d.* from policy.decisions d
    where d.tenant_id = :tenant_id and d.id = wanted.id and d.effect = 'deny' limit 1) d
)
select d.id as decision, given.tickets, d.approval, a.state as approval_state, d.escalation,
  e.closed_at is not null as escalation_closed, later.id as allowed_by
from denied d
cross join lateral (
  select coalesce(json_agg(json_build_object('id', g.ticket_id, 'state', t.state, 'verdict', g.verdict)
    order by g.dispatched_at, g.ticket_id), '[]') as tickets
  from (select g.* from delegation.dispatches g where g.tenant_id = :tenant_id and g.decision_id = d.id
    order by g.to_id limit :tickets_max) g
  cross join lateral (select t.state from tickets.tickets t
    where t.tenant_id = :tenant_id and t.id = g.ticket_id limit 1) t
) given
left join lateral (select a.state from policy.approvals a
  where a.tenant_id = :tenant_id and a.id = d.approval limit 1) a on true
left join lateral (select e.closed_at from policy.escalations e
  where e.tenant_id = :tenant_id and e.id = d.escalation limit 1) e on true
left join lateral (
  select l.id from (select l.id, l.resource_type, l.resource_id from policy.decisions l
    where l.tenant_id = :tenant_id and l.subject_id = d.subject_id and l.action = d.action and l.effect = 'allow'
      and l.id > d.id
    order by l.id limit :later_max) l
  where l.resource_type = d.resource_type and l.resource_id = d.resource_id order by l.id limit 1
) later on true
order by d.id desc;
