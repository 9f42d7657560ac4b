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

create extension btree_gist;

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

create table feed.mirrors ( -- owner longwatch_owner
  tenant_id integer not null,
  file text not null,
  mirror text not null,
  size bigint not null,
  digest text not null,
  whole_size bigint not null,
  halted_at timestamp with time zone,
  halt_reason text,
  found_size bigint,
  heard_at timestamp with time zone not null default statement_timestamp(),
  behind_seconds bigint not null default 0,
  lagged_at timestamp with time zone,
  constraint mirrors_pkey PRIMARY KEY (tenant_id, file, mirror),
  constraint mirrors_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint digest_is_sha256 CHECK ((digest ~ '^[0-9a-f]{64}$'::text)),
  constraint halted_with_reason CHECK (((halted_at IS NULL) = (halt_reason IS NULL))),
  constraint size_is_counted CHECK ((size >= 0)),
  constraint whole_is_inside CHECK (((whole_size >= 0) AND (whole_size <= size)))
);
alter table feed.mirrors enable row level security;
create policy own_tenant on feed.mirrors as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select, update on table feed.mirrors to longwatch_app;

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
grant update on column kernel.requests.digest to longwatch_app;
grant update on column kernel.requests.output to longwatch_app;

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

create table ledger.anchors ( -- owner longwatch_owner
  tenant_id integer not null,
  origin text not null,
  tree_size bigint not null,
  root bytea not null,
  note text not null,
  at timestamp with time zone not null default statement_timestamp(),
  constraint anchors_pkey PRIMARY KEY (tenant_id, origin, tree_size),
  constraint anchors_tenant_id_origin_fkey FOREIGN KEY (tenant_id, origin) REFERENCES ledger.logs(tenant_id, origin),
  constraint anchor_root_length CHECK ((octet_length(root) = 32)),
  constraint anchor_size CHECK ((tree_size >= 0))
);
alter table ledger.anchors enable row level security;
create policy own_tenant on ledger.anchors as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE ON ledger.anchors FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change(); -- enabled always
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ledger.anchors FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled always
grant insert, select on table ledger.anchors to longwatch_app;

create table ledger.cosignatures ( -- owner longwatch_owner
  tenant_id integer not null,
  origin text not null,
  tree_size bigint not null,
  name text not null,
  line text not null,
  at timestamp with time zone not null default statement_timestamp(),
  constraint cosignatures_pkey PRIMARY KEY (tenant_id, origin, tree_size, name),
  constraint cosignatures_tenant_id_origin_tree_size_fkey FOREIGN KEY (tenant_id, origin, tree_size) REFERENCES ledger.anchors(tenant_id, origin, tree_size)
);
alter table ledger.cosignatures enable row level security;
create policy own_tenant on ledger.cosignatures as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE ON ledger.cosignatures FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change(); -- enabled always
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ledger.cosignatures FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled always
grant insert, select on table ledger.cosignatures to longwatch_app;

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

create table ledger.log_keys ( -- owner longwatch_owner
  tenant_id integer not null,
  origin text not null,
  vkey text not null,
  after_size bigint not null,
  constraint log_keys_vkey UNIQUE (tenant_id, vkey),
  constraint log_keys_pkey PRIMARY KEY (tenant_id, origin, after_size),
  constraint log_keys_tenant_id_origin_fkey FOREIGN KEY (tenant_id, origin) REFERENCES ledger.logs(tenant_id, origin)
);
alter table ledger.log_keys enable row level security;
create policy own_tenant on ledger.log_keys as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE ON ledger.log_keys FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change(); -- enabled always
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ledger.log_keys FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled always
grant insert, select on table ledger.log_keys to longwatch_app;

create table ledger.logs ( -- owner longwatch_owner
  tenant_id integer not null,
  epoch integer not null,
  origin text not null,
  audience text not null default 'members'::text,
  opened_at timestamp with time zone not null default statement_timestamp(),
  frozen_at timestamp with time zone,
  rotate_asked_at timestamp with time zone,
  constraint logs_origin UNIQUE (tenant_id, origin),
  constraint logs_pkey PRIMARY KEY (tenant_id, epoch),
  constraint logs_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint log_audience CHECK ((audience = ANY (ARRAY['members'::text, 'everyone'::text]))),
  constraint log_epoch_positive CHECK ((epoch >= 1))
);
alter table ledger.logs enable row level security;
create policy own_tenant on ledger.logs as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE UNIQUE INDEX one_open_log ON ledger.logs USING btree (tenant_id) WHERE (frozen_at IS NULL);
CREATE TRIGGER log_stays BEFORE UPDATE ON ledger.logs FOR EACH ROW EXECUTE FUNCTION ledger.log_stays(); -- enabled always
CREATE TRIGGER refuse_change BEFORE DELETE ON ledger.logs FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change(); -- enabled always
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ledger.logs FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled always
grant insert, select on table ledger.logs to longwatch_app;
grant update on column ledger.logs.audience to longwatch_app;
grant update on column ledger.logs.frozen_at to longwatch_app;
grant update on column ledger.logs.rotate_asked_at to longwatch_app;

create table ledger.payloads ( -- owner longwatch_owner
  tenant_id integer not null,
  seq bigint not null,
  salt bytea not null,
  payload bytea not null,
  constraint payloads_pkey PRIMARY KEY (tenant_id, seq),
  constraint payload_fits_an_entry CHECK (((octet_length(payload) >= 2) AND (octet_length(payload) <= 65535))),
  constraint payload_salt_length CHECK ((octet_length(salt) = 32))
) with (autovacuum_vacuum_threshold=0, autovacuum_vacuum_scale_factor=0);
alter table ledger.payloads enable row level security;
create policy own_tenant on ledger.payloads as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE CONSTRAINT TRIGGER check_erasure AFTER DELETE ON ledger.payloads DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger.check_erasure(); -- enabled always
CREATE TRIGGER check_payload AFTER INSERT OR UPDATE ON ledger.payloads FOR EACH ROW EXECUTE FUNCTION ledger.check_payload(); -- enabled always
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ledger.payloads FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled always
grant insert, select, delete on table ledger.payloads to longwatch_app;

create table ledger.producers ( -- owner longwatch_owner
  tenant_id integer not null,
  name text not null,
  epoch integer not null,
  principal_id bigint not null,
  before integer,
  previous_epoch integer,
  previous_last bigint,
  opened_at timestamp with time zone not null default statement_timestamp(),
  constraint producers_principal UNIQUE (tenant_id, name, epoch, principal_id),
  constraint producers_pkey PRIMARY KEY (tenant_id, name, epoch),
  constraint producer_keeps_its_principal FOREIGN KEY (tenant_id, name, before, principal_id) REFERENCES ledger.producers(tenant_id, name, epoch, principal_id),
  constraint producer_remembers_an_epoch FOREIGN KEY (tenant_id, name, previous_epoch) REFERENCES ledger.producers(tenant_id, name, epoch),
  constraint producers_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint before_is_one_less CHECK ((NOT (before IS DISTINCT FROM NULLIF((epoch - 1), 0)))),
  constraint previous_is_earlier CHECK ((previous_epoch < epoch)),
  constraint previous_last_form CHECK ((((previous_epoch IS NULL) = (previous_last IS NULL)) AND (previous_last >= 0))),
  constraint producer_epoch_positive CHECK ((epoch >= 1))
);
alter table ledger.producers enable row level security;
create policy own_tenant on ledger.producers as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE ON ledger.producers FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change(); -- enabled always
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ledger.producers FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled always
grant insert, select on table ledger.producers to longwatch_app;

create table ledger.productions ( -- owner longwatch_owner
  tenant_id integer not null,
  producer text not null,
  epoch integer not null,
  principal_id bigint not null,
  numbers int8range not null,
  outcome text not null,
  reason text,
  digest text not null,
  constraint productions_disjoint EXCLUDE USING gist (tenant_id WITH =, producer WITH =, epoch WITH =, numbers WITH &&),
  constraint production_of_its_producer FOREIGN KEY (tenant_id, producer, epoch, principal_id) REFERENCES ledger.producers(tenant_id, name, epoch, principal_id),
  constraint production_numbers CHECK (((NOT isempty(numbers)) AND (NOT lower_inf(numbers)) AND (NOT upper_inf(numbers)) AND (lower(numbers) >= 1) AND (upper(numbers) <= '9007199254740992'::bigint))),
  constraint production_outcome CHECK ((outcome = ANY (ARRAY['recorded'::text, 'dropped'::text]))),
  constraint reason_iff_dropped CHECK (((outcome = 'dropped'::text) = (reason IS NOT NULL)))
);
alter table ledger.productions enable row level security;
create policy own_tenant on ledger.productions as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE ON ledger.productions FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change(); -- enabled always
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ledger.productions FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled always
grant insert, select on table ledger.productions to longwatch_app;

create table ledger.tiles ( -- owner longwatch_owner
  tenant_id integer not null,
  epoch integer not null,
  level smallint not null,
  index bigint not null,
  hashes bytea not null,
  constraint tiles_pkey PRIMARY KEY (tenant_id, epoch, level, index),
  constraint tiles_tenant_id_epoch_fkey FOREIGN KEY (tenant_id, epoch) REFERENCES ledger.logs(tenant_id, epoch),
  constraint tile_level CHECK (((level >= 1) AND (level <= 7))),
  constraint tile_width CHECK ((((octet_length(hashes) >= 32) AND (octet_length(hashes) <= 8192)) AND ((octet_length(hashes) % 32) = 0)))
) with (fillfactor=50);
alter table ledger.tiles enable row level security;
create policy own_tenant on ledger.tiles as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE TRIGGER only_grow BEFORE UPDATE ON ledger.tiles FOR EACH ROW EXECUTE FUNCTION ledger.only_grow(); -- enabled always
CREATE TRIGGER refuse_change BEFORE DELETE ON ledger.tiles FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change(); -- enabled always
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ledger.tiles FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled always
grant insert, select on table ledger.tiles to longwatch_app;
grant update on column ledger.tiles.hashes to longwatch_app;

create table ledger.verifications ( -- owner longwatch_owner
  tenant_id integer not null,
  id bigint not null generated always as identity,
  at timestamp with time zone not null default clock_timestamp(),
  after bigint not null,
  upto bigint not null,
  whole boolean not null,
  first_broken bigint,
  first_broken_max bigint,
  reason text,
  told boolean not null,
  constraint verifications_pkey PRIMARY KEY (tenant_id, id),
  constraint verifications_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint broken_with_reason CHECK ((((first_broken IS NULL) = (reason IS NULL)) AND ((first_broken IS NULL) = (first_broken_max IS NULL)) AND (first_broken_max >= first_broken) AND ((NOT told) OR (first_broken IS NOT NULL)))),
  constraint verified_range CHECK (((after >= 0) AND (upto >= after))),
  constraint verified_whole_from_the_first CHECK (((NOT whole) OR (after = 0)))
);
alter table ledger.verifications enable row level security;
create policy own_tenant on ledger.verifications as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select, delete on table ledger.verifications to longwatch_app;

create table ledger.watched_logs ( -- owner longwatch_owner
  tenant_id integer not null,
  origin text not null,
  vkeys text[] not null,
  watched_at timestamp with time zone not null default statement_timestamp(),
  unwatched_at timestamp with time zone,
  size bigint not null default 0,
  root bytea,
  cosigned_at timestamp with time zone,
  constraint watched_logs_pkey PRIMARY KEY (tenant_id, origin),
  constraint watched_logs_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint watched_keys CHECK (((cardinality(vkeys) >= 1) AND (cardinality(vkeys) <= 8))),
  constraint watched_memory_whole CHECK ((((root IS NULL) = (cosigned_at IS NULL)) AND ((size = 0) OR (root IS NOT NULL)))),
  constraint watched_root_length CHECK ((octet_length(root) = 32)),
  constraint watched_size CHECK ((size >= 0))
) with (fillfactor=70);
alter table ledger.watched_logs enable row level security;
create policy own_tenant on ledger.watched_logs as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE TRIGGER never_back BEFORE UPDATE ON ledger.watched_logs FOR EACH ROW EXECUTE FUNCTION ledger.never_back(); -- enabled always
CREATE TRIGGER refuse_change BEFORE DELETE ON ledger.watched_logs FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change(); -- enabled always
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON ledger.watched_logs FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled always
grant insert, select on table ledger.watched_logs to longwatch_app;
grant update on column ledger.watched_logs.vkeys to longwatch_app;
grant update on column ledger.watched_logs.watched_at to longwatch_app;
grant update on column ledger.watched_logs.unwatched_at to longwatch_app;
grant update on column ledger.watched_logs.size to longwatch_app;
grant update on column ledger.watched_logs.root to longwatch_app;
grant update on column ledger.watched_logs.cosigned_at to longwatch_app;

create table ledger.witness_keys ( -- owner longwatch_owner
  tenant_id integer not null,
  vkey text not null,
  announced_at timestamp with time zone not null default clock_timestamp(),
  constraint witness_keys_pkey PRIMARY KEY (tenant_id, vkey),
  constraint witness_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id)
);
alter table ledger.witness_keys enable row level security;
create policy own_tenant on ledger.witness_keys as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select on table ledger.witness_keys to longwatch_app;
grant update on column ledger.witness_keys.announced_at to longwatch_app;

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
CREATE OR REPLACE FUNCTION kernel.every_tenant()
 RETURNS TABLE(id integer, name text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
BEGIN ATOMIC
 SELECT t.id,
     t.name
    FROM kernel.tenants t
   ORDER BY t.id;
END;
grant execute on function kernel.every_tenant() to longwatch_app;

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION kernel.tenant()
 RETURNS integer
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (current_setting('longwatch.tenant_id'::text))::integer;
-- grant execute to PUBLIC, by default

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION ledger.check_erasure()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if not exists (
    select from ledger.entries e
    where e.tenant_id = old.tenant_id and e.subject = 'entry-' || old.seq and e.kind = 'ledger.erased'
  ) then
    raise 'ledger: the payload of entry % was deleted without an entry that says so', old.seq using errcode = 'LW005';
  end if;
  return null;
end $function$;
-- grant execute to PUBLIC, by default

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION ledger.check_payload()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if not exists (
    select from ledger.entries e where e.tenant_id = new.tenant_id and e.seq = new.seq
      and convert_from(e.leaf, 'UTF8')::json #>> '{data,personal}'
        = encode(sha256('\x03'::bytea || new.salt || new.payload), 'hex')
  ) then
    raise 'ledger: entry % holds no commitment to this payload', new.seq using errcode = 'LW004';
  end if;
  return null;
end $function$;
-- grant execute to PUBLIC, by default

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION ledger.every_head()
 RETURNS TABLE(tenant text, origin text, tree_size bigint, root bytea)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
BEGIN ATOMIC
 SELECT t.name,
     a.origin,
     a.tree_size,
     a.root
    FROM ((kernel.tenants t
      CROSS JOIN LATERAL ( SELECT l.origin
            FROM ledger.logs l
           WHERE (l.tenant_id = t.id)
           ORDER BY l.epoch DESC
          LIMIT 1) log)
      CROSS JOIN LATERAL ( SELECT n.origin,
             n.tree_size,
             n.root
            FROM ledger.anchors n
           WHERE ((n.tenant_id = t.id) AND (n.origin = log.origin))
           ORDER BY n.tree_size DESC
          LIMIT 1) a)
   WHERE ((kernel.tenant() = ( SELECT min(home.id) AS min
            FROM kernel.tenants home)) AND (t.id <> kernel.tenant()))
   ORDER BY t.name;
END;
grant execute on function ledger.every_head() to longwatch_app;

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
CREATE OR REPLACE FUNCTION ledger.log_stays()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if (new.tenant_id, new.epoch, new.origin, new.opened_at) = (old.tenant_id, old.epoch, old.origin, old.opened_at)
    and (old.frozen_at is null or new.frozen_at is not distinct from old.frozen_at) then
    return new;
  end if;
  raise 'ledger: the log % keeps its name, and a frozen one stays frozen', old.origin using errcode = 'LW002';
end $function$;
-- grant execute to PUBLIC, by default

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION ledger.never_back()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if new.tenant_id = old.tenant_id and new.origin = old.origin and new.size >= old.size
    and (new.size > old.size or old.root is null or new.root is not distinct from old.root) then
    return new;
  end if;
  raise 'ledger: the witness has seen % entries of %; it does not go back', old.size, old.origin
    using errcode = 'LW002';
end $function$;
-- grant execute to PUBLIC, by default

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION ledger.only_grow()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if (new.tenant_id, new.epoch, new.level, new.index) = (old.tenant_id, old.epoch, old.level, old.index)
    and substring(new.hashes for octet_length(old.hashes)) = old.hashes then
    return new;
  end if;
  raise 'ledger: a tile only grows' using errcode = 'LW002';
end $function$;
-- grant execute to PUBLIC, by default

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION ledger.public_log(tenant_name text)
 RETURNS integer
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
BEGIN ATOMIC
 SELECT newest.tenant_id
    FROM (kernel.tenants t
      CROSS JOIN LATERAL ( SELECT l.tenant_id,
             l.audience
            FROM ledger.logs l
           WHERE (l.tenant_id = t.id)
           ORDER BY l.epoch DESC
          LIMIT 1) newest)
   WHERE ((t.name = public_log.tenant_name) AND (newest.audience = 'everyone'::text));
END;
grant execute on function ledger.public_log(text) to longwatch_app;

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
CREATE OR REPLACE FUNCTION ledger.roots_of(tenants text[], origins text[], sizes bigint[])
 RETURNS TABLE(tenant text, origin text, size bigint, root bytea)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
BEGIN ATOMIC
 SELECT w.tenant,
     w.origin,
     w.size,
     a.root
    FROM ((UNNEST(roots_of.tenants, roots_of.origins, roots_of.sizes) WITH ORDINALITY w(tenant, origin, size, place)
      LEFT JOIN kernel.tenants t ON ((t.name = w.tenant)))
      LEFT JOIN ledger.anchors a ON (((a.tenant_id = t.id) AND (a.origin = w.origin) AND (a.tree_size = w.size))))
   WHERE (kernel.tenant() = ( SELECT min(home.id) AS min
            FROM kernel.tenants home))
   ORDER BY w.place;
END;
grant execute on function ledger.roots_of(text[],text[],bigint[]) to longwatch_app;

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
