-- The statements of what is merged. :tenant_id is filled in by the transaction.

-- name: hook
select h.name, h.provider, h.repository, h.branch, h.round, h.opened_at, h.closed_at, statement_timestamp() as now,
  (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = h.opened_by) as opened_by
from landing.hooks h where h.tenant_id = :tenant_id and h.name = :name;

-- name: hooks
select h.name, h.provider, h.repository, h.branch, h.round, h.opened_at, h.closed_at,
  (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = h.opened_by) as opened_by
from landing.hooks h where h.tenant_id = :tenant_id order by h.name;

-- name: hook_open
insert into landing.hooks (tenant_id, name, provider, repository, branch, round, opened_by, opened_at)
values (:tenant_id, :name, :provider, :repository, :branch, 1, :opened_by, :at)
on conflict (tenant_id, name) do update set provider = excluded.provider, repository = excluded.repository,
  branch = excluded.branch, round = landing.hooks.round + 1, opened_by = excluded.opened_by,
  opened_at = excluded.opened_at, closed_at = null
returning round;

-- name: hook_close
update landing.hooks set closed_at = :at where tenant_id = :tenant_id and name = :name and closed_at is null;

-- name: delivery_take
insert into landing.deliveries (tenant_id, hook, delivery, digest, at)
values (:tenant_id, :hook, :delivery, decode(:digest, 'hex'), :at)
on conflict do nothing returning delivery;

-- name: merges_see
-- A fact that is known tells nothing new. One that was lost comes back only when git itself was asked: an old delivery
-- knows nothing of what the branch has now.
insert into landing.merges (tenant_id, repository, branch, hook, seen_at, ticket_id, commit)
select :tenant_id, :repository, :branch, :hook, :at, w.ticket_id, w.commit
from unnest(:tickets::text[], :commits::text[]) w (ticket_id, commit)
on conflict (tenant_id, ticket_id, repository, branch, commit)
  do update set lost_at = null, seen_at = excluded.seen_at
  where landing.merges.lost_at is not null and excluded.hook is null
returning ticket_id, commit;

-- name: merges_lose
update landing.merges m set lost_at = :at
where m.tenant_id = :tenant_id and m.repository = :repository and m.branch = :branch
  and m.commit = any (:commits::text[]) and m.lost_at is null
returning m.ticket_id, m.commit;

-- name: still_merged
select distinct m.ticket_id from landing.merges m
where m.tenant_id = :tenant_id and m.ticket_id = any (:tickets::text[]) and m.lost_at is null;

-- name: merges
select m.ticket_id, m.commit, m.hook, m.seen_at from landing.merges m
where m.tenant_id = :tenant_id and m.repository = :repository and m.branch = :branch and m.lost_at is null
  and (m.commit, m.ticket_id) > (:after_commit, :after_ticket)
order by m.commit, m.ticket_id limit :limit;

-- name: head
select h.head, h.seen_at from landing.heads h
where h.tenant_id = :tenant_id and h.repository = :repository and h.branch = :branch;

-- name: head_write
insert into landing.heads (tenant_id, repository, branch, head, seen_at)
values (:tenant_id, :repository, :branch, :head, :at)
on conflict (tenant_id, repository, branch) do update set head = excluded.head, seen_at = excluded.seen_at;
