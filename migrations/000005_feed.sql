-- Posts are ledger entries and have no table of their own. Only what an import brought in is remembered here, so
-- that it is not brought in twice.

create schema feed;
grant usage on schema feed to longwatch_app;

create table feed.imports (
  tenant_id integer not null references kernel.tenants,
  source_ref text not null,
  digest text not null,
  primary key (tenant_id, source_ref)
);
alter table feed.imports enable row level security;
create policy own_tenant on feed.imports using (tenant_id = kernel.tenant());
grant select, insert on feed.imports to longwatch_app;
