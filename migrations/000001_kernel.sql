-- Tenants and idempotency keys. Every file here runs as longwatch_owner, who owns all and may not log in;
-- the server works as longwatch_app, who owns nothing.

create schema kernel;
grant usage on schema kernel to longwatch_app;

-- The wall between tenants: a transaction names its tenant first, and sees and writes no other's rows.
-- Without a tenant this raises an error, so that a forgotten wall is a failure and not a leak.
create function kernel.tenant() returns integer
  language sql stable parallel safe
  return current_setting('longwatch.tenant_id')::integer;

create table kernel.tenants (
  id integer primary key generated always as identity,
  name text not null,
  created_at timestamptz not null default statement_timestamp(),
  constraint tenants_name unique (name),
  constraint tenant_name_form check (name ~ '^[a-z][a-z0-9-]{0,39}$')
);
alter table kernel.tenants enable row level security;
create policy own_tenant on kernel.tenants for select using (id = kernel.tenant());
grant select on kernel.tenants to longwatch_app;

-- Which tenants there are, for the clock and the signers, which serve them all. It tells nothing else of them.
create function kernel.every_tenant() returns table (id integer, name text)
  language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select t.id, t.name from kernel.tenants t order by t.id;
end;
revoke execute on function kernel.every_tenant() from public;
grant execute on function kernel.every_tenant() to longwatch_app;

create table kernel.requests (
  tenant_id integer not null references kernel.tenants,
  principal_id bigint not null,
  key text not null,
  -- Tells a repeat of the request from another request under the same key.
  digest text not null,
  output text not null,
  -- The last ledger entry that the request left.
  seq bigint,
  at timestamptz not null default statement_timestamp(),
  primary key (tenant_id, principal_id, key)
);
alter table kernel.requests enable row level security;
create policy own_tenant on kernel.requests using (tenant_id = kernel.tenant());
grant select, insert, delete on kernel.requests to longwatch_app;
-- The sweep reads by age. BRIN, since rows come in the order of time: it costs an insert nothing.
create index requests_at on kernel.requests using brin (at);
