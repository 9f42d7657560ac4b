-- The statements of the seats room. :tenant_id is filled in by the transaction.

-- name: resolve
-- Every principal that a name finds. Its own name wins over a short form of another's.
select w.name as wanted, p.id, p.name, p.kind, p.role, p.lane, p.incarnation, p.adopted_at, p.retired_at,
  p.heard_at, n.form, statement_timestamp() as now
from unnest(:names::text[]) w (name)
join seats.names n on n.tenant_id = :tenant_id and n.name = w.name and n.name = any (:names::text[])
cross join lateral (select * from seats.principals p
  where p.tenant_id = :tenant_id and p.id = n.principal_id limit 1) p
order by w.name, n.form = 'own' desc, n.form = 'alias' desc, p.name;

-- name: insert
insert into seats.principals (tenant_id, name, kind, role, lane)
select :tenant_id, * from unnest(:names::text[], :kinds::text[], :roles::text[], :lanes::text[])
returning id, name;

-- name: insert_names
insert into seats.names (tenant_id, name, principal_id, form)
select :tenant_id, * from unnest(:names::text[], :principal_ids::bigint[], :forms::text[])
on conflict do nothing;

-- name: adopt
update seats.principals
set role = :role, lane = coalesce(:lane, lane), incarnation = :incarnation, adopted_at = statement_timestamp(),
  heard_at = statement_timestamp(), output_at = null, status = 'idle', retired_at = null
where tenant_id = :tenant_id and id = :id;

-- name: retire
update seats.principals set retired_at = statement_timestamp(), incarnation = null, adopted_at = null
where tenant_id = :tenant_id and id = :id;

-- name: revoke
update seats.tokens set revoked_at = statement_timestamp()
where tenant_id = :tenant_id and revoked_at is null and principal_id = :principal_id
returning principal_id;

-- name: spend
-- Uses up a sign-in token of the caller's own; any other token is left as it is.
update seats.tokens set revoked_at = statement_timestamp()
where tenant_id = :tenant_id and token_hash = :token_hash and principal_id = :principal_id and scope = 'sign_in'
  and revoked_at is null and expires_at > statement_timestamp()
returning principal_id;

-- name: insert_token
insert into seats.tokens (tenant_id, token_hash, principal_id, incarnation, scope, expires_at)
values (:tenant_id, :token_hash, :principal_id, :incarnation, :scope,
  statement_timestamp() + make_interval(secs => :seconds))
returning expires_at;

-- name: token_holder
select * from seats.token_holder(:token_hash);

-- name: inner_holder
select p.tenant_id, t.name as tenant, p.id as principal_id, p.name, p.role, p.incarnation,
  null::timestamptz as expires_at, h.authority_revision
from seats.principals p
join kernel.tenants t on t.id = p.tenant_id
join ledger.heads h on h.tenant_id = p.tenant_id
where p.tenant_id = :tenant_id and p.name = :name and p.kind <> 'seat';

-- name: open_tenant
select t.tenant_id as opened_tenant_id, t.operator_id from seats.open_tenant(:name) t;

-- name: first_token
select seats.first_token(:for_tenant, :token_hash, :days);

-- name: beat
-- A beat of a replaced session changes nothing (MON-FENCE). The rows come locked in order, so that two do not deadlock.
update seats.principals p
set heard_at = statement_timestamp(), status = b.status,
  output_at = case when b.output then statement_timestamp() else p.output_at end
from (
  select old.id, old.status as was, w.status, w.output
  from unnest(:ids::bigint[], :incarnations::uuid[], :statuses::text[], :outputs::boolean[])
    w (id, incarnation, status, output)
  join seats.principals old on old.tenant_id = :tenant_id and old.id = w.id and old.id = any (:ids::bigint[])
    and old.incarnation = w.incarnation
  order by old.id
  for update of old
) b
where p.tenant_id = :tenant_id and p.id = b.id and p.id = any (:ids::bigint[])
returning p.id, b.was;

-- name: list
select p.id, p.name, p.kind, p.role, p.lane, p.incarnation, p.adopted_at, p.retired_at, p.status, p.heard_at,
  p.output_at, statement_timestamp() as now
from seats.principals p
where tenant_id = :tenant_id and kind = any (:kinds::text[]) and (:lane::text is null or lane = :lane)
order by name collate "C" limit :limit;
