-- The statements of tickets that open themselves. :tenant_id is filled in by the transaction.

-- name: namespaces_known
select prefix from tickets.namespaces where tenant_id = :tenant_id and prefix = any (:prefixes::text[]);

-- name: triggers_insert
insert into tickets.triggers (tenant_id, ticket_id, words, kind, target_id, state, stage, namespace, comparison, bound,
  at)
select :tenant_id, * from unnest(:ticket_ids::text[], :words::text[], :kinds::text[], :targets::text[],
  :states::text[], :stages::text[], :namespaces::text[], :comparisons::text[], :bounds::integer[],
  :ats::timestamptz[]);

-- name: trigger_of
select words from tickets.triggers where tenant_id = :tenant_id and ticket_id = :id;

-- name: trigger_end
update tickets.triggers set over_at = :at where tenant_id = :tenant_id and ticket_id = :id and over_at is null;

-- name: triggers_true
select g.ticket_id, g.words from tickets.triggers g
where g.tenant_id = :tenant_id and g.over_at is null
  and tickets.holds(:tenant_id, g.kind, g.target_id, g.state, g.stage, g.namespace, g.comparison, g.bound, g.at)
order by g.ticket_id;

-- name: open
-- What somebody moved by hand meanwhile is not moved again.
with ended as (
  update tickets.triggers g set over_at = :at
  where g.tenant_id = :tenant_id and g.ticket_id = any (:ids::text[]) and g.over_at is null
)
update tickets.tickets t set state = 'awaiting_claim'
where t.tenant_id = :tenant_id and t.id = any (:ids::text[]) and t.state = 'conditional'
returning t.id;

-- name: hold
select tickets.holds(:tenant_id, w.kind, w.target, w.state, w.stage, w.namespace, w.comparison, w.bound, w.at) as holds
from unnest(:kinds::text[], :targets::text[], :states::text[], :stages::text[], :namespaces::text[],
  :comparisons::text[], :bounds::integer[], :ats::timestamptz[]) with ordinality
  w (kind, target, state, stage, namespace, comparison, bound, at, n)
order by w.n;
