-- Who may read a tenant's transparency log, and Longwatch as a witness for the logs of others (C2SP tlog-witness).

-- The tenant of a name whose newest log is open to everyone; nothing for every other name, known or not. It is what a
-- reader without a token may learn of tenants.
create function ledger.public_log(tenant_name text) returns integer
  language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select newest.tenant_id
  from kernel.tenants t
  cross join lateral (
    select l.tenant_id, l.audience from ledger.logs l where l.tenant_id = t.id order by l.epoch desc limit 1
  ) newest
  where t.name = tenant_name and newest.audience = 'everyone';
end;
revoke execute on function ledger.public_log(text) from public;
grant execute on function ledger.public_log(text) to longwatch_app;

-- The logs that this witness cosigns, and the largest tree of each that it has seen.
create table ledger.watched_logs (
  tenant_id integer not null references kernel.tenants,
  origin text not null,
  -- More than one while the log changes its key.
  vkeys text[] not null,
  watched_at timestamptz not null default statement_timestamp(),
  -- Unwatched, not removed: who watches it again must not begin to believe it anew.
  unwatched_at timestamptz,
  size bigint not null default 0,
  root bytea,
  cosigned_at timestamptz,
  primary key (tenant_id, origin),
  constraint watched_keys check (cardinality(vkeys) between 1 and 8),
  constraint watched_size check (size >= 0),
  constraint watched_root_length check (octet_length(root) = 32),
  constraint watched_memory_whole check ((root is null) = (cosigned_at is null) and (size = 0 or root is not null))
) with (fillfactor = 70);

-- A witness's memory never goes back and never changes its mind about a size, whatever statement says so: without it
-- the late store of a smaller tree would take back what was cosigned (the race that tlog-witness prints).
create function ledger.never_back() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if new.tenant_id = old.tenant_id and new.origin = old.origin and new.size >= old.size
    and (new.size > old.size or old.root is null or new.root is not distinct from old.root) then
    return new;
  end if;
  raise 'ledger: the witness has seen % entries of %; it does not go back', old.size, old.origin
    using errcode = 'LW002';
end $$;
create trigger never_back before update on ledger.watched_logs for each row execute function ledger.never_back();
create trigger refuse_change before delete on ledger.watched_logs
  for each row execute function ledger.refuse_change();
create trigger refuse_truncate before truncate on ledger.watched_logs
  for each statement execute function ledger.refuse_change();
alter table ledger.watched_logs enable always trigger never_back;
alter table ledger.watched_logs enable always trigger refuse_change;
alter table ledger.watched_logs enable always trigger refuse_truncate;

-- The keys that this witness has signed with, for those who want to trust it. The newest is the present one.
create table ledger.witness_keys (
  tenant_id integer not null references kernel.tenants,
  vkey text not null,
  announced_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, vkey)
);

alter table ledger.watched_logs enable row level security;
alter table ledger.witness_keys enable row level security;
create policy own_tenant on ledger.watched_logs using (tenant_id = kernel.tenant());
create policy own_tenant on ledger.witness_keys using (tenant_id = kernel.tenant());
grant select, insert, update (vkeys, watched_at, unwatched_at, size, root, cosigned_at) on ledger.watched_logs
  to longwatch_app;
grant select, insert, update (announced_at) on ledger.witness_keys to longwatch_app;
