-- What the scheduled verifier checked, and when: the ledger's coverage figure is read from it. It is scaffolding, not
-- history: a finding is an entry of the ledger as well (ledger.found_broken).
create table ledger.verifications (
  tenant_id integer not null references kernel.tenants,
  -- In the order of the checks, which is not a promise of every clock.
  id bigint generated always as identity,
  at timestamptz not null default clock_timestamp(),
  -- The entries that were hashed anew lie behind `after` and end with `upto`.
  after bigint not null,
  upto bigint not null,
  -- Whether it was a check of the whole ledger, with all that only the whole can show.
  whole boolean not null,
  first_broken bigint,
  first_broken_max bigint,
  reason text,
  -- Whether the finding left an entry.
  told boolean not null,
  primary key (tenant_id, id),
  constraint verified_range check (after >= 0 and upto >= after),
  constraint verified_whole_from_the_first check (not whole or after = 0),
  constraint broken_with_reason check (
    (first_broken is null) = (reason is null) and (first_broken is null) = (first_broken_max is null)
    and first_broken_max >= first_broken and (not told or first_broken is not null))
);
alter table ledger.verifications enable row level security;
create policy own_tenant on ledger.verifications using (tenant_id = kernel.tenant());
grant select, insert, delete on ledger.verifications to longwatch_app;
