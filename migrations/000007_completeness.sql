-- Producers number what they tell, from 1 without a gap in each epoch (a run of their process). What was recorded and
-- what was lost are ranges of numbers; together they leave no gap, and they never overlap (AUD-COMPLETE).

-- Equality inside an exclusion constraint. It is a trusted extension that PostgreSQL ships with, so that our owner, who
-- may create in this database, needs no superuser for it.
create extension if not exists btree_gist with schema public;

create table ledger.producers (
  tenant_id integer not null references kernel.tenants,
  name text not null,
  epoch integer not null,
  -- A name belongs to the principal that opened it first; the key below holds every later epoch to it.
  principal_id bigint not null,
  before integer,
  -- The epoch that the producer remembers as its last, and the last number that it gave out in it.
  previous_epoch integer,
  previous_last bigint,
  opened_at timestamptz not null default statement_timestamp(),
  primary key (tenant_id, name, epoch),
  constraint producers_principal unique (tenant_id, name, epoch, principal_id),
  constraint producer_keeps_its_principal foreign key (tenant_id, name, before, principal_id)
    references ledger.producers (tenant_id, name, epoch, principal_id),
  constraint producer_remembers_an_epoch foreign key (tenant_id, name, previous_epoch) references ledger.producers,
  constraint producer_epoch_positive check (epoch >= 1),
  constraint before_is_one_less check (before is not distinct from nullif(epoch - 1, 0)),
  constraint previous_is_earlier check (previous_epoch < epoch),
  constraint previous_last_form check ((previous_epoch is null) = (previous_last is null) and previous_last >= 0)
);

-- There is no number of the entry here: an entry gets its number after its command ran. The fold over the entries
-- (CompletenessFold) has to give what this table says.
create table ledger.productions (
  tenant_id integer not null,
  producer text not null,
  epoch integer not null,
  -- Whoever writes is the one who opened the epoch: part of the foreign key.
  principal_id bigint not null,
  numbers int8range not null,
  outcome text not null,
  reason text,
  -- Tells a repeat of the same words from other words under the same numbers.
  digest text not null,
  constraint production_of_its_producer foreign key (tenant_id, producer, epoch, principal_id)
    references ledger.producers (tenant_id, name, epoch, principal_id),
  constraint productions_disjoint
    exclude using gist (tenant_id with =, producer with =, epoch with =, numbers with &&),
  -- Numbers are JSON numbers as well, which are exact below 2^53.
  constraint production_numbers check (not isempty(numbers) and not lower_inf(numbers) and not upper_inf(numbers)
    and lower(numbers) >= 1 and upper(numbers) <= 9007199254740992),
  constraint production_outcome check (outcome in ('recorded', 'dropped')),
  constraint reason_iff_dropped check ((outcome = 'dropped') = (reason is not null))
);

create trigger refuse_change before update or delete on ledger.producers
  for each row execute function ledger.refuse_change();
create trigger refuse_truncate before truncate on ledger.producers
  for each statement execute function ledger.refuse_change();
create trigger refuse_change before update or delete on ledger.productions
  for each row execute function ledger.refuse_change();
create trigger refuse_truncate before truncate on ledger.productions
  for each statement execute function ledger.refuse_change();
alter table ledger.producers enable always trigger refuse_change;
alter table ledger.producers enable always trigger refuse_truncate;
alter table ledger.productions enable always trigger refuse_change;
alter table ledger.productions enable always trigger refuse_truncate;

alter table ledger.producers enable row level security;
alter table ledger.productions enable row level security;
create policy own_tenant on ledger.producers using (tenant_id = kernel.tenant());
create policy own_tenant on ledger.productions using (tenant_id = kernel.tenant());
grant select, insert on ledger.producers, ledger.productions to longwatch_app;
