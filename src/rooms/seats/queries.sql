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

-- name: spawn
-- A sub-agent that was here before is begun anew, under its own row.
insert into seats.principals (tenant_id, name, kind, role, lane, scope, incarnation, adopted_at, heard_at)
select :tenant_id, :name, 'sub_agent', p.role, p.lane, :scope::text[], :incarnation, statement_timestamp(),
  statement_timestamp()
from seats.principals p where p.tenant_id = :tenant_id and p.id = :parent_id
on conflict (tenant_id, name) do update set role = excluded.role, lane = excluded.lane, scope = excluded.scope,
  incarnation = excluded.incarnation, adopted_at = excluded.adopted_at, heard_at = excluded.heard_at,
  output_at = null, status = 'idle', retired_at = null
returning id, lane;

-- name: insert_child_token
-- A sub-agent's token does not outlive those of its parent's session.
insert into seats.tokens (tenant_id, token_hash, principal_id, incarnation, scope, expires_at)
select :tenant_id, :token_hash, :principal_id, :incarnation, 'full',
  least(max(t.expires_at), statement_timestamp() + make_interval(secs => :seconds))
from seats.tokens t
where t.tenant_id = :tenant_id and t.principal_id = :parent_id and t.incarnation = :parent_incarnation
  and t.revoked_at is null
returning expires_at;

-- name: end_sub_agents
select name from seats.end_sub_agents(:tenant_id, :name) name order by name;

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

-- name: end_token
-- The caller's own one; any other stays as it is.
update seats.tokens set revoked_at = statement_timestamp()
where tenant_id = :tenant_id and token_hash = :token_hash and principal_id = :principal_id and revoked_at is null
returning principal_id;

-- name: live_tokens
-- People and services, with each one's newest tokens that still open something.
select p.name, p.kind, p.role, t.scope, t.created_at, t.expires_at
from seats.principals p
left join lateral (select scope, created_at, expires_at from seats.tokens
  where tenant_id = :tenant_id and principal_id = p.id and revoked_at is null and expires_at > statement_timestamp()
  order by created_at desc limit :limit) t on true
where p.tenant_id = :tenant_id and p.kind in ('person', 'service')
order by p.kind, p.name collate "C", t.created_at desc;

-- name: tenants
select name from kernel.every_tenant() order by name;

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
where p.tenant_id = :tenant_id and p.name = :name and p.kind in ('person', 'service');

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
  select old.id, old.status as was, old.heard_at as heard_before, w.status, w.output
  from unnest(:ids::bigint[], :incarnations::uuid[], :statuses::text[], :outputs::boolean[])
    w (id, incarnation, status, output)
  join seats.principals old on old.tenant_id = :tenant_id and old.id = w.id and old.id = any (:ids::bigint[])
    and old.incarnation = w.incarnation
  order by old.id
  for update of old
) b
where p.tenant_id = :tenant_id and p.id = b.id and p.id = any (:ids::bigint[])
returning p.id, b.was, b.heard_before, extract(epoch from statement_timestamp() - b.heard_before)::float8
  as silent_seconds;

-- name: list
select p.id, p.name, p.kind, p.role, p.lane, p.incarnation, p.adopted_at, p.retired_at, p.status, p.heard_at,
  p.output_at, statement_timestamp() as now
from seats.principals p
where tenant_id = :tenant_id and kind = any (:kinds::text[]) and (:lane::text is null or lane = :lane)
order by name collate "C" limit :limit;

-- name: timeline_seats
-- Seats that were taken at some time since an instant, a page of them in the order of their names.
select p.name, p.role, p.lane, p.incarnation, p.adopted_at, p.retired_at, p.status, p.heard_at, p.output_at,
  statement_timestamp() as now
from seats.principals p
where p.tenant_id = :tenant_id and p.kind = 'seat' and p.name collate "C" > :after
  and (:lane::text is null or p.lane = :lane::text) and (p.incarnation is not null
    or :retired::boolean and p.retired_at >= statement_timestamp() - make_interval(hours => :hours::integer))
order by p.name collate "C" limit :limit;

-- name: instant
select statement_timestamp() as at;

-- name: timeline_changes
-- The newest entries that tell how each seat stood, from the index that has only these.
select s.name, e.leaf from unnest(:names::text[]) s (name)
cross join lateral (
  select e.seq, e.leaf from ledger.entries e
  where e.tenant_id = :tenant_id and e.subject = s.name
    and e.kind in ('seat.adopted', 'seat.replaced', 'seat.changed', 'seat.heard_again', 'seat.retired')
  order by e.seq desc limit :changes_max) e
order by s.name, e.seq;

-- name: deputy_insert
insert into seats.deputies (tenant_id, role, deputy_id, named_by)
values (:tenant_id, :role, :deputy_id, :named_by) on conflict do nothing returning deputy_id;

-- name: deputy_delete
delete from seats.deputies where tenant_id = :tenant_id and role = :role and deputy_id = :deputy_id
returning deputy_id;

-- name: role_holders
select p.role, p.name, p.incarnation, p.adopted_at, p.retired_at, p.status, p.heard_at, p.output_at,
  statement_timestamp() as now
from seats.principals p
where p.tenant_id = :tenant_id and p.role = any (:roles::text[]) and p.retired_at is null and p.kind = 'seat'
order by p.name collate "C";

-- name: role_deputies
select d.role, p.name, p.incarnation, p.adopted_at, p.retired_at, p.status, p.heard_at, p.output_at,
  statement_timestamp() as now
from seats.deputies d
cross join lateral (select * from seats.principals p
  where p.tenant_id = :tenant_id and p.id = d.deputy_id limit 1) p
where d.tenant_id = :tenant_id and d.role = any (:roles::text[])
order by p.name collate "C";

-- name: role_silences
-- Since when each role is silent: its holders' last beat. A role whose holders have all retired is looked at as long
-- as it has a deputy, from when that one was named.
select s.role, max(s.at) as since
from (
  select p.role, p.heard_at as at from seats.principals p
  where p.tenant_id = :tenant_id and p.role = any (:roles::text[]) and p.retired_at is null and p.kind = 'seat'
    and p.incarnation is not null
  union all
  select d.role, d.named_at from seats.deputies d where d.tenant_id = :tenant_id and d.role = any (:roles::text[])
) s
where s.at is not null
group by s.role order by s.role;

-- name: dormancies_open
select role, since from seats.dormancies where tenant_id = :tenant_id and ended_at is null order by role;

-- name: dormancies_begin
insert into seats.dormancies (tenant_id, noticed_at, role, since)
select :tenant_id, :at, * from unnest(:roles::text[], :sinces::timestamptz[]);

-- name: dormancies_end
update seats.dormancies set ended_at = :at
where tenant_id = :tenant_id and role = any (:roles::text[]) and ended_at is null;

-- name: labels
-- The labels of present sessions, with what tells whether those are heard.
select l.label, l.labelled_at, p.id, p.name, p.incarnation, p.adopted_at, p.retired_at, p.status, p.heard_at,
  p.output_at, statement_timestamp() as now
from seats.labels l
cross join lateral (select * from seats.principals p
  where p.tenant_id = :tenant_id and p.id = l.principal_id limit 1) p
where l.tenant_id = :tenant_id and (:label::text is null or l.label = :label)
  and (:principal_id::bigint is null or l.principal_id = :principal_id)
order by l.label collate "C" limit :limit;

-- name: label_end
delete from seats.labels where tenant_id = :tenant_id and principal_id = :principal_id;

-- name: label_take
insert into seats.labels (tenant_id, principal_id, label, labelled_at)
values (:tenant_id, :principal_id, :label, :at)
on conflict (tenant_id, principal_id) do update set label = excluded.label, labelled_at = excluded.labelled_at;
