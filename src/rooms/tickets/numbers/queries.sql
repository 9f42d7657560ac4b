-- The statements of namespaces, their counters and what is reserved. :tenant_id is filled in by the transaction.

-- name: namespaces_find
select prefix, format, lane from tickets.namespaces where tenant_id = :tenant_id and prefix = any (:prefixes::text[]);

-- name: namespace_insert
insert into tickets.namespaces (tenant_id, prefix, format, period_form, lane)
values (:tenant_id, :prefix, :format, :period_form, :lane);

-- name: namespace_list
select n.prefix, n.format, n.lane, coalesce(sum(s.next_number - 1), 0)::bigint as numbers_given
from tickets.namespaces n left join tickets.series s on s.tenant_id = n.tenant_id and s.prefix = n.prefix
where n.tenant_id = :tenant_id group by n.prefix, n.format, n.lane order by n.prefix;

-- name: take
-- Takes a run of numbers in each namespace. The period is the calendar's, in UTC, by the database's clock; it is made
-- first, since below row-level security no condition with to_char in it may serve the index.
with w as materialized (
  select n.prefix, n.format, n.lane, w.count,
    coalesce(to_char(statement_timestamp() at time zone 'UTC', n.period_form), '') as period
  from unnest(:prefixes::text[], :counts::bigint[]) w (prefix, count)
  join tickets.namespaces n on n.tenant_id = :tenant_id and n.prefix = w.prefix and n.prefix = any (:prefixes::text[])
)
update tickets.series s set next_number = s.next_number + w.count
from w
where s.tenant_id = :tenant_id and s.prefix = w.prefix and s.period = w.period
returning s.prefix, s.period, s.next_number - w.count as first, w.format, w.lane;

-- name: series_begin
-- The counters of this period, for namespaces that have none yet.
insert into tickets.series (tenant_id, prefix, period, next_number)
select :tenant_id, n.prefix, coalesce(to_char(statement_timestamp() at time zone 'UTC', n.period_form), ''), :first
from tickets.namespaces n where n.tenant_id = :tenant_id and n.prefix = any (:prefixes::text[])
on conflict do nothing returning prefix;

-- name: series_pass
-- Counters that are beyond these numbers from now on.
insert into tickets.series (tenant_id, prefix, period, next_number)
select :tenant_id, w.prefix, w.period, max(w.number) + 1
from unnest(:prefixes::text[], :periods::text[], :numbers::bigint[]) w (prefix, period, number)
group by w.prefix, w.period
on conflict (tenant_id, prefix, period) do update
set next_number = greatest(tickets.series.next_number, excluded.next_number);

-- name: ids_taken
-- Also what a filing that was made without the server holds or has won: its ticket comes when its turn does.
select t.id from unnest(:ids::text[]) w (id)
cross join lateral (select id from tickets.tickets t where t.tenant_id = :tenant_id and t.id = w.id limit 1) t
union all
select coalesce(s.held, s.final_id) from tickets.spooled s
where s.tenant_id = :tenant_id and s.state <> 'settled' and coalesce(s.held, s.final_id) = any (:ids::text[]);

-- name: aliases_like
select alias from tickets.aliases where tenant_id = :tenant_id and starts_with(alias, :beginning);

-- name: fill_reserved
update tickets.tickets t set state = :state, body = :body, type = :type, priority = :priority, lane = :lane,
  labels = :labels, surface_key = :surface_key, closes_when = :closes_when, owner_id = :owner_id
where tenant_id = :tenant_id and id = :id and state = 'reserved';
