-- Who is here: people, seats and services, their names and their tokens.

create schema seats;
grant usage on schema seats to longwatch_app;

create table seats.principals (
  tenant_id integer not null references kernel.tenants,
  id bigint not null generated always as identity,
  name text not null,
  kind text not null,
  role text not null,
  lane text,
  -- The session behind the name. A token of another session is worth nothing. Null until the seat is adopted.
  incarnation uuid,
  adopted_at timestamptz,
  retired_at timestamptz,
  -- What the session says of itself with each beat, and when it last said anything. No index on these: they change
  -- all the time, and an index would cost each beat its heap-only update (measured: half the rate).
  status text not null default 'idle',
  heard_at timestamptz,
  output_at timestamptz,
  created_at timestamptz not null default statement_timestamp(),
  primary key (tenant_id, id),
  constraint principals_name unique (tenant_id, name),
  constraint principal_kind check (kind in ('person', 'seat', 'service')),
  constraint principal_role check (role in ('operator', 'strategist', 'implementer', 'coordinator', 'gatekeeper',
    'witness', 'auditor', 'steward', 'sentinel', 'communicator', 'service')),
  constraint principal_status check (status in ('idle', 'busy', 'blocked')),
  constraint adopted_iff_incarnation check ((incarnation is null) = (adopted_at is null))
) with (fillfactor = 50);

-- Every name that finds a principal: its own, its short and hashed forms, its old names from an import.
create table seats.names (
  tenant_id integer not null,
  name text not null,
  principal_id bigint not null,
  form text not null,
  primary key (tenant_id, name, principal_id),
  foreign key (tenant_id, principal_id) references seats.principals,
  constraint name_form check (form in ('own', 'short', 'hashed', 'alias'))
);

create table seats.tokens (
  tenant_id integer not null,
  -- sha256 of the token. It has 256 random bits, so a slow hash would add nothing.
  token_hash bytea not null,
  principal_id bigint not null,
  incarnation uuid,
  scope text not null,
  created_at timestamptz not null default statement_timestamp(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  primary key (tenant_id, token_hash),
  foreign key (tenant_id, principal_id) references seats.principals,
  -- A token finds its tenant, so its hash alone has to be unique.
  constraint tokens_hash unique (token_hash),
  constraint token_scope check (scope in ('full', 'read', 'sign_in')),
  constraint token_hash_length check (octet_length(token_hash) = 32)
);
create index tokens_principal on seats.tokens (tenant_id, principal_id);

-- How a seat stood over time, told from its own entries without reading the others about it.
create index entries_of_presence on ledger.entries (tenant_id, subject, seq)
  where kind in ('seat.adopted', 'seat.replaced', 'seat.changed', 'seat.heard_again', 'seat.retired');

alter table seats.principals enable row level security;
alter table seats.names enable row level security;
alter table seats.tokens enable row level security;
create policy own_tenant on seats.principals using (tenant_id = kernel.tenant());
create policy own_tenant on seats.names using (tenant_id = kernel.tenant());
create policy own_tenant on seats.tokens using (tenant_id = kernel.tenant());
grant select, insert, update on seats.principals, seats.tokens to longwatch_app;
grant select, insert on seats.names to longwatch_app;

-- Functions that run with the owner's rights find names in pg_catalog first and in pg_temp last. Left unnamed, pg_temp
-- comes first for types: a session of the application could shadow `bytea` by a domain of its own, whose check then
-- ran as the owner (it granted the application UPDATE on the ledger; ledger.test.ts keeps that attack).

-- Who holds a token, whatever the tenant: the one look-up that comes before the wall. It answers to the exact hash.
create function seats.token_holder(wanted bytea)
  returns table (tenant_id integer, tenant text, principal_id bigint, name text, role text, incarnation uuid,
    scope text, expires_at timestamptz, authority_revision bigint)
  language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select t.tenant_id, n.name, p.id, p.name, p.role, p.incarnation, t.scope, t.expires_at, h.authority_revision
  from seats.tokens t
  join seats.principals p on p.tenant_id = t.tenant_id and p.id = t.principal_id
  join kernel.tenants n on n.id = t.tenant_id
  join ledger.heads h on h.tenant_id = t.tenant_id
  where t.token_hash = wanted and t.revoked_at is null and t.expires_at > clock_timestamp()
    and p.retired_at is null and t.incarnation is not distinct from p.incarnation;
end;
revoke execute on function seats.token_holder(bytea) from public;
grant execute on function seats.token_holder(bytea) to longwatch_app;

-- Opens a tenant with its ledger and its operator. Answers the operator's id.
create function seats.open_tenant(tenant_name text, out tenant_id integer, out operator_id bigint)
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into kernel.tenants (name) values (tenant_name) returning id into tenant_id;
  insert into ledger.heads (tenant_id) values (open_tenant.tenant_id);
  insert into seats.principals (tenant_id, name, kind, role)
  values (open_tenant.tenant_id, 'operator', 'person', 'operator') returning id into operator_id;
  insert into seats.principals (tenant_id, name, kind, role)
  values (open_tenant.tenant_id, 'longwatch', 'service', 'steward');
  insert into seats.names (tenant_id, name, principal_id, form)
  select p.tenant_id, p.name, p.id, 'own' from seats.principals p where p.tenant_id = open_tenant.tenant_id;
end $$;
revoke execute on function seats.open_tenant(text) from public;
grant execute on function seats.open_tenant(text) to longwatch_app;

-- A new tenant's first token is set by the tenant that opened it, which the wall would not let in.
create function seats.first_token(for_tenant integer, hash bytea, days integer) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from seats.tokens t where t.tenant_id = for_tenant) then
    raise 'the tenant has tokens already' using errcode = 'LW003';
  end if;
  insert into seats.tokens (tenant_id, token_hash, principal_id, scope, expires_at)
  select for_tenant, hash, p.id, 'full', statement_timestamp() + make_interval(days => days)
  from seats.principals p where p.tenant_id = for_tenant and p.name = 'operator';
end $$;
revoke execute on function seats.first_token(integer, bytea, integer) from public;
grant execute on function seats.first_token(integer, bytea, integer) to longwatch_app;
