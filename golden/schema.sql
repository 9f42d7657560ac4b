create schema feed authorization longwatch_owner;
grant usage on schema feed to longwatch_app;

create schema kernel authorization longwatch_owner;
grant usage on schema kernel to longwatch_app;

create schema ledger authorization longwatch_owner;
grant usage on schema ledger to longwatch_app;

create schema seats authorization longwatch_owner;
grant usage on schema seats to longwatch_app;

create schema tickets authorization longwatch_owner;
grant usage on schema tickets to longwatch_app;

create table feed.imports ( -- owner longwatch_owner
  tenant_id integer not null,
  source_ref text not null,
  digest text not null,
  constraint imports_pkey PRIMARY KEY (tenant_id, source_ref),
  constraint imports_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id)
);
alter table feed.imports enable row level security;
create policy own_tenant on feed.imports as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select on table feed.imports to longwatch_app;

create table kernel.requests ( -- owner longwatch_owner
  tenant_id integer not null,
  principal_id bigint not null,
  key text not null,
  digest text not null,
  output text not null,
  seq bigint,
  at timestamp with time zone not null default statement_timestamp(),
  constraint requests_pkey PRIMARY KEY (tenant_id, principal_id, key),
  constraint requests_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id)
);
alter table kernel.requests enable row level security;
create policy own_tenant on kernel.requests as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE INDEX requests_at ON kernel.requests USING brin (at);
grant insert, select, delete on table kernel.requests to longwatch_app;

create table kernel.tenants ( -- owner longwatch_owner
  id integer not null generated always as identity,
  name text not null,
  created_at timestamp with time zone not null default statement_timestamp(),
  constraint tenants_name UNIQUE (name),
  constraint tenants_pkey PRIMARY KEY (id),
  constraint tenant_name_form CHECK ((name ~ '^[a-z][a-z0-9-]{0,39}$'::text))
);
alter table kernel.tenants enable row level security;
create policy own_tenant on kernel.tenants as permissive for select to public using ((id = kernel.tenant()));
grant select on table kernel.tenants to longwatch_app;

create table ledger.entries ( -- owner longwatch_owner
  tenant_id integer not null,
  seq bigint not null,
  at timestamp with time zone not null,
  kind text not null,
  principal_id bigint not null,
  subject text,
  leaf bytea not null,
  entry_hash bytea not null,
  constraint entries_pkey PRIMARY KEY (tenant_id, seq),
  constraint leaf_fits_a_tile CHECK (((octet_length(leaf) >= 2) AND (octet_length(leaf) <= 65535)))
);
alter table ledger.entries enable row level security;
create policy own_tenant on ledger.entries as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE INDEX entries_subject ON ledger.entries USING btree (tenant_id, subject, seq) WHERE (subject IS NOT NULL);
CREATE TRIGGER extend_chain AFTER INSERT ON ledger.entries REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ledger.extend_chain(); -- enabled always
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE ON ledger.entries FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change(); -- enabled always
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ledger.entries FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled always
grant insert, select on table ledger.entries to longwatch_app;

create table ledger.heads ( -- owner longwatch_owner
  tenant_id integer not null,
  seq bigint not null default 0,
  hash bytea not null default decode(repeat('00'::text, 32), 'hex'::text),
  authority_revision bigint not null default 1,
  constraint heads_pkey PRIMARY KEY (tenant_id),
  constraint heads_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint head_hash_length CHECK ((octet_length(hash) = 32))
) with (fillfactor=50);
alter table ledger.heads enable row level security;
create policy own_tenant on ledger.heads as permissive for all to public using ((tenant_id = kernel.tenant()));
grant select on table ledger.heads to longwatch_app;
grant update on column ledger.heads.authority_revision to longwatch_app;

create table public.longwatch_migrations ( -- owner longwatch_owner
  name text not null,
  digest text not null,
  at timestamp with time zone not null default statement_timestamp(),
  constraint longwatch_migrations_pkey PRIMARY KEY (name)
);

create table seats.names ( -- owner longwatch_owner
  tenant_id integer not null,
  name text not null,
  principal_id bigint not null,
  form text not null,
  constraint names_pkey PRIMARY KEY (tenant_id, name, principal_id),
  constraint names_tenant_id_principal_id_fkey FOREIGN KEY (tenant_id, principal_id) REFERENCES seats.principals(tenant_id, id),
  constraint name_form CHECK ((form = ANY (ARRAY['own'::text, 'short'::text, 'hashed'::text, 'alias'::text])))
);
alter table seats.names enable row level security;
create policy own_tenant on seats.names as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select on table seats.names to longwatch_app;

create table seats.principals ( -- owner longwatch_owner
  tenant_id integer not null,
  id bigint not null generated always as identity,
  name text not null,
  kind text not null,
  role text not null,
  lane text,
  incarnation uuid,
  adopted_at timestamp with time zone,
  retired_at timestamp with time zone,
  status text not null default 'idle'::text,
  heard_at timestamp with time zone,
  output_at timestamp with time zone,
  created_at timestamp with time zone not null default statement_timestamp(),
  constraint principals_name UNIQUE (tenant_id, name),
  constraint principals_pkey PRIMARY KEY (tenant_id, id),
  constraint principals_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint adopted_iff_incarnation CHECK (((incarnation IS NULL) = (adopted_at IS NULL))),
  constraint principal_kind CHECK ((kind = ANY (ARRAY['person'::text, 'seat'::text, 'service'::text]))),
  constraint principal_role CHECK ((role = ANY (ARRAY['operator'::text, 'strategist'::text, 'implementer'::text, 'coordinator'::text, 'gatekeeper'::text, 'witness'::text, 'auditor'::text, 'steward'::text, 'sentinel'::text, 'communicator'::text, 'service'::text]))),
  constraint principal_status CHECK ((status = ANY (ARRAY['idle'::text, 'busy'::text, 'blocked'::text])))
) with (fillfactor=50);
alter table seats.principals enable row level security;
create policy own_tenant on seats.principals as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select, update on table seats.principals to longwatch_app;

create table seats.tokens ( -- owner longwatch_owner
  tenant_id integer not null,
  token_hash bytea not null,
  principal_id bigint not null,
  incarnation uuid,
  scope text not null,
  created_at timestamp with time zone not null default statement_timestamp(),
  expires_at timestamp with time zone not null,
  revoked_at timestamp with time zone,
  constraint tokens_hash UNIQUE (token_hash),
  constraint tokens_pkey PRIMARY KEY (tenant_id, token_hash),
  constraint tokens_tenant_id_principal_id_fkey FOREIGN KEY (tenant_id, principal_id) REFERENCES seats.principals(tenant_id, id),
  constraint token_hash_length CHECK ((octet_length(token_hash) = 32)),
  constraint token_scope CHECK ((scope = ANY (ARRAY['full'::text, 'read'::text, 'sign_in'::text])))
);
alter table seats.tokens enable row level security;
create policy own_tenant on seats.tokens as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE INDEX tokens_principal ON seats.tokens USING btree (tenant_id, principal_id);
grant insert, select, update on table seats.tokens to longwatch_app;

create table tickets.aliases ( -- owner longwatch_owner
  tenant_id integer not null,
  alias text not null,
  ticket_id text not null,
  digest text not null,
  constraint aliases_pkey PRIMARY KEY (tenant_id, alias),
  constraint aliases_tenant_id_ticket_id_fkey FOREIGN KEY (tenant_id, ticket_id) REFERENCES tickets.tickets(tenant_id, id)
);
alter table tickets.aliases enable row level security;
create policy own_tenant on tickets.aliases as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select on table tickets.aliases to longwatch_app;

create table tickets.links ( -- owner longwatch_owner
  tenant_id integer not null,
  ticket_id text not null,
  type text not null,
  target_ref text not null,
  target_id text,
  constraint links_pkey PRIMARY KEY (tenant_id, ticket_id, type, target_ref),
  constraint links_tenant_id_target_id_fkey FOREIGN KEY (tenant_id, target_id) REFERENCES tickets.tickets(tenant_id, id),
  constraint links_tenant_id_ticket_id_fkey FOREIGN KEY (tenant_id, ticket_id) REFERENCES tickets.tickets(tenant_id, id),
  constraint link_not_to_itself CHECK ((ticket_id IS DISTINCT FROM target_id)),
  constraint link_type CHECK ((type ~ '^[a-z][a-z-]{0,39}$'::text))
);
alter table tickets.links enable row level security;
create policy own_tenant on tickets.links as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE INDEX links_dangling ON tickets.links USING btree (tenant_id, target_ref) WHERE (target_id IS NULL);
CREATE INDEX links_target ON tickets.links USING btree (tenant_id, target_id) WHERE (target_id IS NOT NULL);
grant insert, select on table tickets.links to longwatch_app;
grant update on column tickets.links.target_id to longwatch_app;

create table tickets.namespaces ( -- owner longwatch_owner
  tenant_id integer not null,
  prefix text not null,
  format text not null,
  period_form text,
  lane text not null,
  created_at timestamp with time zone not null default statement_timestamp(),
  constraint namespaces_pkey PRIMARY KEY (tenant_id, prefix),
  constraint namespaces_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint format_begins_with_prefix CHECK (starts_with(format, (prefix || '-'::text))),
  constraint prefix_form CHECK ((prefix ~ '^[A-Z][A-Z0-9]{0,11}$'::text))
);
alter table tickets.namespaces enable row level security;
create policy own_tenant on tickets.namespaces as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select on table tickets.namespaces to longwatch_app;

create table tickets.series ( -- owner longwatch_owner
  tenant_id integer not null,
  prefix text not null,
  period text not null,
  next_number bigint not null default 1,
  constraint series_pkey PRIMARY KEY (tenant_id, prefix, period),
  constraint series_tenant_id_prefix_fkey FOREIGN KEY (tenant_id, prefix) REFERENCES tickets.namespaces(tenant_id, prefix),
  constraint next_number_positive CHECK ((next_number >= 1))
) with (fillfactor=50);
alter table tickets.series enable row level security;
create policy own_tenant on tickets.series as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select, update on table tickets.series to longwatch_app;

create table tickets.tickets ( -- owner longwatch_owner
  tenant_id integer not null,
  id text not null,
  state text not null,
  priority smallint not null,
  namespace text not null,
  lane text not null,
  title text not null,
  body text not null default ''::text,
  type text not null default 'task'::text,
  labels text[] not null default '{}'::text[],
  surface_key text,
  closes_when text,
  owner_id bigint,
  filed_by bigint not null,
  filed_at timestamp with time zone not null,
  open_blockers integer not null default 0,
  blocked_reason text,
  claimed_by bigint,
  claimed_incarnation uuid,
  claim_token uuid,
  claimed_at timestamp with time zone,
  lease_expires_at timestamp with time zone,
  closed_at timestamp with time zone,
  proof jsonb,
  constraint tickets_pkey PRIMARY KEY (tenant_id, id),
  constraint closed_iff_ended CHECK (((closed_at IS NOT NULL) = (state = ANY (ARRAY['done'::text, 'cancelled'::text])))),
  constraint lease_iff_claimed CHECK ((num_nonnulls(claimed_by, claim_token, claimed_at, lease_expires_at) =
CASE state
    WHEN 'in_progress'::text THEN 4
    ELSE 0
END)),
  constraint open_blockers_counted CHECK ((open_blockers >= 0)),
  constraint ticket_priority CHECK (((priority >= 0) AND (priority <= 4))),
  constraint ticket_state CHECK ((state = ANY (ARRAY['reserved'::text, 'awaiting_claim'::text, 'in_progress'::text, 'blocked'::text, 'parked'::text, 'conditional'::text, 'done'::text, 'cancelled'::text])))
) with (fillfactor=80);
alter table tickets.tickets enable row level security;
create policy own_tenant on tickets.tickets as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE UNIQUE INDEX one_claim_per_surface ON tickets.tickets USING btree (tenant_id, surface_key) WHERE ((state = 'in_progress'::text) AND (surface_key IS NOT NULL));
CREATE INDEX tickets_claimable ON tickets.tickets USING btree (tenant_id, lane, priority, filed_at, id) WHERE ((state = 'awaiting_claim'::text) AND (open_blockers = 0));
CREATE INDEX tickets_given ON tickets.tickets USING btree (tenant_id, owner_id, lane, priority, filed_at, id) WHERE ((state = 'awaiting_claim'::text) AND (open_blockers = 0) AND (owner_id IS NOT NULL));
CREATE INDEX tickets_leased ON tickets.tickets USING btree (tenant_id, lease_expires_at) WHERE (state = 'in_progress'::text);
CREATE INDEX tickets_waiting ON tickets.tickets USING btree (tenant_id, lane, priority, filed_at, id) WHERE ((state = ANY (ARRAY['reserved'::text, 'blocked'::text, 'parked'::text, 'conditional'::text])) OR ((state = 'awaiting_claim'::text) AND (open_blockers > 0)));
grant insert, select, update on table tickets.tickets to longwatch_app;

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION kernel.tenant()
 RETURNS integer
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (current_setting('longwatch.tenant_id'::text))::integer;
-- grant execute to PUBLIC, by default

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION kernel.tenant_ids()
 RETURNS SETOF integer
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
BEGIN ATOMIC
 SELECT tenants.id
    FROM kernel.tenants
   ORDER BY tenants.id;
END;
grant execute on function kernel.tenant_ids() to longwatch_app;

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION ledger.extend_chain()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  update ledger.heads h set seq = added.high, hash = added.last
  from (
    select min(f.tenant_id) as tenant_id, max(f.tenant_id) as tenant_high, min(f.seq) as low, max(f.seq) as high,
      count(*) as length, (array_agg(f.entry_hash order by f.seq desc))[1] as last,
      bool_and(f.entry_hash = sha256('\x02'::bytea || coalesce(f.before, was.hash) || sha256('\x00'::bytea || f.leaf)))
        as linked
    from (select n.*, lag(n.entry_hash) over (order by n.seq) as before from fresh n) f
    left join ledger.heads was on was.tenant_id = f.tenant_id
  ) added
  where h.tenant_id = added.tenant_id and added.tenant_high = added.tenant_id
    and added.low = h.seq + 1 and added.high = h.seq + added.length and added.linked;
  if not found and exists (select from fresh) then
    raise 'ledger: entries % to % do not follow from the head %: a gap, a fork, a wrong hash, or two chains at once',
      (select min(seq) from fresh), (select max(seq) from fresh),
      (select h.seq from ledger.heads h where h.tenant_id = (select f.tenant_id from fresh f limit 1))
      using errcode = 'LW001';
  end if;
  return null;
end $function$;
-- grant execute to PUBLIC, by default

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION ledger.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  raise 'ledger: entries are never changed or removed (%)', tg_op using errcode = 'LW002';
end $function$;
-- grant execute to PUBLIC, by default

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION seats.first_token(for_tenant integer, hash bytea, days integer)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if exists (select from seats.tokens t where t.tenant_id = for_tenant) then
    raise 'the tenant has tokens already' using errcode = 'LW003';
  end if;
  insert into seats.tokens (tenant_id, token_hash, principal_id, scope, expires_at)
  select for_tenant, hash, p.id, 'full', statement_timestamp() + make_interval(days => days)
  from seats.principals p where p.tenant_id = for_tenant and p.name = 'operator';
end $function$;
grant execute on function seats.first_token(integer,bytea,integer) to longwatch_app;

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION seats.open_tenant(tenant_name text, OUT tenant_id integer, OUT operator_id bigint)
 RETURNS record
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  insert into kernel.tenants (name) values (tenant_name) returning id into tenant_id;
  insert into ledger.heads (tenant_id) values (open_tenant.tenant_id);
  insert into seats.principals (tenant_id, name, kind, role)
  values (open_tenant.tenant_id, 'operator', 'person', 'operator') returning id into operator_id;
  insert into seats.principals (tenant_id, name, kind, role)
  values (open_tenant.tenant_id, 'longwatch', 'service', 'steward');
  insert into seats.names (tenant_id, name, principal_id, form)
  select p.tenant_id, p.name, p.id, 'own' from seats.principals p where p.tenant_id = open_tenant.tenant_id;
end $function$;
grant execute on function seats.open_tenant(text) to longwatch_app;

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION seats.token_holder(wanted bytea)
 RETURNS TABLE(tenant_id integer, tenant text, principal_id bigint, name text, role text, incarnation uuid, scope text, expires_at timestamp with time zone, authority_revision bigint)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
BEGIN ATOMIC
 SELECT t.tenant_id,
     n.name,
     p.id,
     p.name,
     p.role,
     p.incarnation,
     t.scope,
     t.expires_at,
     h.authority_revision
    FROM (((seats.tokens t
      JOIN seats.principals p ON (((p.tenant_id = t.tenant_id) AND (p.id = t.principal_id))))
      JOIN kernel.tenants n ON ((n.id = t.tenant_id)))
      JOIN ledger.heads h ON ((h.tenant_id = t.tenant_id)))
   WHERE ((t.token_hash = token_holder.wanted) AND (t.revoked_at IS NULL) AND (t.expires_at > clock_timestamp()) AND (p.retired_at IS NULL) AND (NOT (t.incarnation IS DISTINCT FROM p.incarnation)));
END;
grant execute on function seats.token_holder(bytea) to longwatch_app;
