-- The statements of what makes a ticket done. :tenant_id is filled in by the transaction.

-- name: requirements
select scope, name, proofs from tickets.requirements r
where r.tenant_id = :tenant_id and r.scope = 'everywhere' and r.name = ''
union all
select scope, name, proofs from tickets.requirements r
where r.tenant_id = :tenant_id and r.scope = 'namespace' and r.name = any (:namespaces::text[])
union all
select scope, name, proofs from tickets.requirements r
where r.tenant_id = :tenant_id and r.scope = 'type' and r.name = any (:types::text[]);

-- name: requirements_all
select scope, name, proofs from tickets.requirements where tenant_id = :tenant_id order by scope, name;

-- name: require
insert into tickets.requirements (tenant_id, scope, name, proofs) values (:tenant_id, :scope, :name, :proofs)
on conflict (tenant_id, scope, name) do update set proofs = excluded.proofs;

-- name: namespace_known
select prefix from tickets.namespaces where tenant_id = :tenant_id and prefix = :prefix;

-- name: open_children
-- Those of each by themselves: one parent's must not crowd out another's, which would then close over its own.
select w.id, c.child
from unnest(:ids::text[]) w (id)
cross join lateral (
  select l.ticket_id as child
  from tickets.links l
  cross join lateral (select state from tickets.tickets t
    where t.tenant_id = :tenant_id and t.id = l.ticket_id limit 1) t
  -- The type as words that no index knows: a young table's links would else be gone through by their type.
  where l.tenant_id = :tenant_id and l.target_id = w.id and l.type || '' = 'parent-child'
    and t.state not in ('done', 'cancelled')
  limit 1000
) c
order by c.child;

-- name: receipts_give
-- One that is there already stays as it is. `withdrawn_at is null` is the unique index's condition.
insert into tickets.receipts (tenant_id, at, by_id, round, ticket_id, stage, evidence, no_op)
select :tenant_id, :at, w.by_id, 1 + (select count(*) from tickets.receipts r where r.tenant_id = :tenant_id
  and r.ticket_id = w.ticket_id and r.stage = w.stage), w.ticket_id, w.stage, w.evidence, w.no_op
from unnest(:by_ids::bigint[], :ticket_ids::text[], :stages::text[], :evidences::text[], :no_ops::boolean[])
  w (by_id, ticket_id, stage, evidence, no_op)
on conflict (tenant_id, ticket_id, stage) where withdrawn_at is null do nothing
returning ticket_id, stage;

-- name: receipts_withdraw
update tickets.receipts r set withdrawn_at = :at, withdrawn_by = :by_id, withdrawn_reason = :reason
where r.tenant_id = :tenant_id and r.ticket_id = any (:ids::text[]) and r.stage = any (:stages::text[])
  and r.withdrawn_at is null
returning r.ticket_id, r.stage;

-- name: receipts_of
select r.stage, r.at, r.evidence, r.no_op,
  (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = r.by_id) as by
from tickets.receipts r
where r.tenant_id = :tenant_id and r.ticket_id = :id and r.withdrawn_at is null
order by r.at, r.stage;

-- name: no_ops
select r.ticket_id as id, r.at,
  (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = r.by_id) as seat
from tickets.receipts r
where r.tenant_id = :tenant_id and r.no_op and r.withdrawn_at is null
order by r.at desc limit :limit;

-- name: runs
select r.scope, r.name, r.run, r.incarnation, r.since, r.last_ticket
from unnest(:scopes::text[], :names::text[]) w (scope, name)
cross join lateral (select * from tickets.runs r
  where r.tenant_id = :tenant_id and r.scope = w.scope and r.name = w.name limit 1) r;

-- name: runs_write
insert into tickets.runs (tenant_id, scope, name, run, incarnation, since, last_ticket)
select :tenant_id, * from unnest(:scopes::text[], :names::text[], :runs::integer[], :incarnations::uuid[],
  :sinces::timestamptz[], :tickets::text[])
on conflict (tenant_id, scope, name) do update set run = excluded.run, incarnation = excluded.incarnation,
  since = excluded.since, last_ticket = excluded.last_ticket;

-- name: runs_standing
select r.scope, r.name, r.run, r.since, r.last_ticket, p.name as seat
from tickets.runs r
left join lateral (select name from seats.principals p
  where p.tenant_id = :tenant_id and p.id = case r.scope when 'seat' then r.name::bigint end limit 1) p on true
where r.tenant_id = :tenant_id and r.run >= :least
order by r.scope, r.run desc, r.name limit 1000;

-- name: deliverables_write
insert into tickets.deliverables (tenant_id, said_at, ticket_id, said_by, path, branch, sha, verify)
select :tenant_id, :at, * from unnest(:ids::text[], :said_bys::bigint[], :paths::text[], :branches::text[],
  :shas::text[], :verifies::text[])
on conflict (tenant_id, ticket_id) do update set said_at = excluded.said_at, said_by = excluded.said_by,
  path = excluded.path, branch = excluded.branch, sha = excluded.sha, verify = excluded.verify, state = 'unverified',
  attempts = 0, runner_id = null, fencing_token = null, lease_expires_at = null, settled_at = null, reason = null;

-- name: deliverables_withdraw
-- Nothing is to be verified of a ticket that is not done any more, or done with other proofs.
update tickets.deliverables d set state = 'withdrawn', settled_at = :at, runner_id = null, fencing_token = null,
  lease_expires_at = null
where d.tenant_id = :tenant_id and d.ticket_id = any (:ids::text[]) and d.state <> 'withdrawn';

-- name: deliverable_find
select d.*, t.title, t.proof,
  (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = d.runner_id) as runner
from tickets.deliverables d
cross join lateral (select title, proof from tickets.tickets t
  where t.tenant_id = :tenant_id and t.id = d.ticket_id limit 1) t
where d.tenant_id = :tenant_id and d.ticket_id = :id;

-- name: deliverable_next
-- The one that waits longest; what a runner was lost over goes behind what nobody tried.
select d.ticket_id from tickets.deliverables d
where d.tenant_id = :tenant_id and d.state in ('unverified', 'verifying')
  and (d.state = 'unverified' or d.lease_expires_at <= statement_timestamp())
  and (:not_by::bigint is null or d.said_by <> :not_by)
order by d.attempts, d.said_at, d.ticket_id limit 1;

-- name: deliverable_begin
update tickets.deliverables d set state = 'verifying', attempts = attempts + 1, runner_id = :runner_id,
  fencing_token = :fencing_token, lease_expires_at = :lease_expires_at
where d.tenant_id = :tenant_id and d.ticket_id = :id;

-- name: deliverable_settle
update tickets.deliverables d set state = :state, reason = :reason, settled_at = :settled_at, runner_id = null,
  fencing_token = null, lease_expires_at = null
where d.tenant_id = :tenant_id and d.ticket_id = :id and d.fencing_token = :fencing_token;

-- name: put_back
update tickets.tickets t set state = 'awaiting_claim', closed_at = null
where t.tenant_id = :tenant_id and t.id = :id and t.state = 'done';

-- name: deliverables
select d.ticket_id as id, d.path, d.branch, d.sha, d.verify, d.state, d.said_at, d.attempts, d.lease_expires_at,
  (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = d.said_by) as said_by,
  (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = d.runner_id) as runner
from tickets.deliverables d
where d.tenant_id = :tenant_id and d.state in ('unverified', 'verifying')
order by d.attempts, d.said_at, d.ticket_id limit :limit;
