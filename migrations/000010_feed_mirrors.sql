-- Feed files that are mirrored: how far each was read, and what its bytes were up to there. The bytes themselves are
-- ledger entries (feed.mirrored), from which such a file is written anew.

create table feed.mirrors (
  tenant_id integer not null references kernel.tenants,
  file text not null,
  mirror text not null,
  size bigint not null constraint size_is_counted check (size >= 0),
  digest text not null constraint digest_is_sha256 check (digest ~ '^[0-9a-f]{64}$'),
  -- Up to here the posts are whole; between it and size lies the begin of one that is longer than an entry.
  whole_size bigint not null constraint whole_is_inside check (whole_size between 0 and size),
  halted_at timestamptz,
  halt_reason text,
  found_size bigint,
  heard_at timestamptz not null default statement_timestamp(),
  behind_seconds bigint not null default 0,
  lagged_at timestamptz,
  primary key (tenant_id, file, mirror),
  constraint halted_with_reason check ((halted_at is null) = (halt_reason is null))
);
alter table feed.mirrors enable row level security;
create policy own_tenant on feed.mirrors using (tenant_id = kernel.tenant());
grant select, insert, update on feed.mirrors to longwatch_app;
