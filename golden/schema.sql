create schema delegation authorization longwatch_owner;
grant usage on schema delegation to longwatch_app;

create schema doctrine authorization longwatch_owner;
grant usage on schema doctrine to longwatch_app;

create schema feed authorization longwatch_owner;
grant usage on schema feed to longwatch_app;

create schema kernel authorization longwatch_owner;
grant usage on schema kernel to longwatch_app;

create schema landing authorization longwatch_owner;
grant usage on schema landing to longwatch_app;

create schema ledger authorization longwatch_owner;
grant usage on schema ledger to longwatch_app;

create schema policy authorization longwatch_owner;
grant usage on schema policy to longwatch_app;

create schema questions authorization longwatch_owner;
grant usage on schema questions to longwatch_app;

create schema runtime authorization longwatch_owner;
grant usage on schema runtime to longwatch_app;

create schema seats authorization longwatch_owner;
grant usage on schema seats to longwatch_app;

create schema tickets authorization longwatch_owner;
grant usage on schema tickets to longwatch_app;

create schema turns authorization longwatch_owner;
grant usage on schema turns to longwatch_app;

create extension btree_gist;

create table delegation.dispatches ( -- owner longwatch_owner
  tenant_id integer not null,
  ticket_id text not null,
  attempt integer not null,
  to_id bigint,
  by_id bigint not null,
  decision_id bigint,
  diagnosis text,
  dispatched_at timestamp with time zone not null,
  delivered_at timestamp with time zone,
  acknowledged_at timestamp with time zone,
  verdict text,
  verdict_at timestamp with time zone,
  verdict_by bigint,
  verdict_reason text,
  superseded_at timestamp with time zone,
  constraint dispatches_pkey PRIMARY KEY (tenant_id, ticket_id, attempt),
  constraint dispatches_tenant_id_by_id_fkey FOREIGN KEY (tenant_id, by_id) REFERENCES seats.principals(tenant_id, id),
  constraint dispatches_tenant_id_decision_id_fkey FOREIGN KEY (tenant_id, decision_id) REFERENCES policy.decisions(tenant_id, id),
  constraint dispatches_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint dispatches_tenant_id_ticket_id_fkey FOREIGN KEY (tenant_id, ticket_id) REFERENCES tickets.tickets(tenant_id, id),
  constraint dispatches_tenant_id_to_id_fkey FOREIGN KEY (tenant_id, to_id) REFERENCES seats.principals(tenant_id, id),
  constraint dispatches_tenant_id_verdict_by_fkey FOREIGN KEY (tenant_id, verdict_by) REFERENCES seats.principals(tenant_id, id),
  constraint attempts_counted CHECK ((attempt >= 1)),
  constraint given_anew_is_diagnosed CHECK (((attempt = 1) OR (diagnosis IS NOT NULL))),
  constraint nobody_judges_oneself CHECK ((verdict_by <> to_id)),
  constraint not_to_oneself CHECK ((to_id <> by_id)),
  constraint receipts_follow_dispatch CHECK (((delivered_at >= dispatched_at) AND (acknowledged_at >= dispatched_at) AND (verdict_at >= dispatched_at) AND (superseded_at >= dispatched_at))),
  constraint receipts_need_a_seat CHECK (((to_id IS NOT NULL) OR (num_nonnulls(delivered_at, acknowledged_at) = 0))),
  constraint verdict_known CHECK ((verdict = ANY (ARRAY['accepted'::text, 'rejected'::text]))),
  constraint verdict_told CHECK (((num_nonnulls(verdict, verdict_at, verdict_by) = ANY (ARRAY[0, 3])) AND ((verdict IS DISTINCT FROM 'rejected'::text) OR (verdict_reason IS NOT NULL))))
);
alter table delegation.dispatches enable row level security;
create policy own_tenant on delegation.dispatches as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE INDEX dispatches_open ON delegation.dispatches USING btree (tenant_id, dispatched_at, ticket_id) WHERE ((superseded_at IS NULL) AND (verdict IS DISTINCT FROM 'accepted'::text));
CREATE INDEX dispatches_to ON delegation.dispatches USING btree (tenant_id, to_id, dispatched_at);
CREATE UNIQUE INDEX one_dispatch_for_decision_and_seat ON delegation.dispatches USING btree (tenant_id, decision_id, to_id) NULLS NOT DISTINCT WHERE (decision_id IS NOT NULL);
CREATE UNIQUE INDEX one_dispatch_stands ON delegation.dispatches USING btree (tenant_id, ticket_id) WHERE (superseded_at IS NULL);
CREATE TRIGGER keep_receipts BEFORE UPDATE ON delegation.dispatches FOR EACH ROW EXECUTE FUNCTION delegation.keep_receipts(); -- enabled always
grant insert, select on table delegation.dispatches to longwatch_app;
grant update on column delegation.dispatches.delivered_at to longwatch_app;
grant update on column delegation.dispatches.acknowledged_at to longwatch_app;
grant update on column delegation.dispatches.verdict to longwatch_app;
grant update on column delegation.dispatches.verdict_at to longwatch_app;
grant update on column delegation.dispatches.verdict_by to longwatch_app;
grant update on column delegation.dispatches.verdict_reason to longwatch_app;
grant update on column delegation.dispatches.superseded_at to longwatch_app;

create table doctrine.acknowledgements ( -- owner longwatch_owner
  tenant_id integer not null,
  principal_id bigint not null,
  incarnation text not null,
  digest text not null,
  at timestamp with time zone not null,
  constraint acknowledgements_pkey PRIMARY KEY (tenant_id, principal_id, incarnation, digest),
  constraint acknowledgements_tenant_id_principal_id_fkey FOREIGN KEY (tenant_id, principal_id) REFERENCES seats.principals(tenant_id, id)
);
alter table doctrine.acknowledgements enable row level security;
create policy own_tenant on doctrine.acknowledgements as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select on table doctrine.acknowledgements to longwatch_app;

create table doctrine.boot_sets ( -- owner longwatch_owner
  tenant_id integer not null,
  version integer not null,
  set_by bigint not null,
  set_at timestamp with time zone not null,
  constraint boot_sets_pkey PRIMARY KEY (tenant_id, version),
  constraint boot_sets_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint boot_sets_tenant_id_set_by_fkey FOREIGN KEY (tenant_id, set_by) REFERENCES seats.principals(tenant_id, id),
  constraint boot_set_counted CHECK ((version >= 1))
);
alter table doctrine.boot_sets enable row level security;
create policy own_tenant on doctrine.boot_sets as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select on table doctrine.boot_sets to longwatch_app;

create table doctrine.bypasses ( -- owner longwatch_owner
  tenant_id integer not null,
  record_id text not null,
  n integer not null,
  at timestamp with time zone not null,
  said_by bigint not null,
  reason text not null,
  consent_id bigint,
  decision_id bigint,
  seq bigint,
  constraint bypasses_pkey PRIMARY KEY (tenant_id, record_id, n),
  constraint bypasses_tenant_id_consent_id_fkey FOREIGN KEY (tenant_id, consent_id) REFERENCES policy.consents(tenant_id, id),
  constraint bypasses_tenant_id_decision_id_fkey FOREIGN KEY (tenant_id, decision_id) REFERENCES policy.decisions(tenant_id, id),
  constraint bypasses_tenant_id_record_id_fkey FOREIGN KEY (tenant_id, record_id) REFERENCES doctrine.records(tenant_id, id),
  constraint bypasses_tenant_id_said_by_fkey FOREIGN KEY (tenant_id, said_by) REFERENCES seats.principals(tenant_id, id),
  constraint bypass_has_a_reason CHECK ((length(btrim(reason)) > 0)),
  constraint bypass_has_proof CHECK ((num_nonnulls(consent_id, decision_id, seq) >= 1))
);
alter table doctrine.bypasses enable row level security;
create policy own_tenant on doctrine.bypasses as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select on table doctrine.bypasses to longwatch_app;

create table doctrine.cursors ( -- owner longwatch_owner
  tenant_id integer not null,
  seq bigint not null,
  constraint cursors_pkey PRIMARY KEY (tenant_id),
  constraint cursors_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id)
) with (fillfactor=50);
alter table doctrine.cursors enable row level security;
create policy own_tenant on doctrine.cursors as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select, update on table doctrine.cursors to longwatch_app;

create table doctrine.firings ( -- owner longwatch_owner
  tenant_id integer not null,
  mechanism text not null,
  times bigint not null,
  last_at timestamp with time zone not null,
  last_seq bigint not null,
  constraint firings_pkey PRIMARY KEY (tenant_id, mechanism),
  constraint firings_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id)
) with (fillfactor=50);
alter table doctrine.firings enable row level security;
create policy own_tenant on doctrine.firings as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select, update on table doctrine.firings to longwatch_app;

create table doctrine.links ( -- owner longwatch_owner
  tenant_id integer not null,
  record_id text not null,
  relation text not null,
  target text not null,
  constraint links_pkey PRIMARY KEY (tenant_id, record_id, relation, target),
  constraint links_tenant_id_record_id_fkey FOREIGN KEY (tenant_id, record_id) REFERENCES doctrine.records(tenant_id, id),
  constraint link_not_to_itself CHECK ((record_id <> target)),
  constraint link_relation CHECK ((relation = ANY (ARRAY['supersedes'::text, 'amends'::text, 'references'::text])))
);
alter table doctrine.links enable row level security;
create policy own_tenant on doctrine.links as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE INDEX links_target ON doctrine.links USING btree (tenant_id, target);
grant insert, select on table doctrine.links to longwatch_app;

create table doctrine.principles ( -- owner longwatch_owner
  tenant_id integer not null,
  version integer not null,
  place smallint not null,
  record_id text not null,
  constraint principle_once UNIQUE (tenant_id, version, record_id),
  constraint principles_pkey PRIMARY KEY (tenant_id, version, place),
  constraint principles_tenant_id_record_id_fkey FOREIGN KEY (tenant_id, record_id) REFERENCES doctrine.records(tenant_id, id),
  constraint principles_tenant_id_version_fkey FOREIGN KEY (tenant_id, version) REFERENCES doctrine.boot_sets(tenant_id, version),
  constraint at_most_seven_principles CHECK (((place >= 1) AND (place <= 7)))
);
alter table doctrine.principles enable row level security;
create policy own_tenant on doctrine.principles as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select on table doctrine.principles to longwatch_app;

create table doctrine.readings ( -- owner longwatch_owner
  tenant_id integer not null,
  record_id text not null,
  digest text not null,
  principal_id bigint not null,
  at timestamp with time zone not null,
  constraint readings_pkey PRIMARY KEY (tenant_id, record_id, digest, principal_id),
  constraint readings_tenant_id_principal_id_fkey FOREIGN KEY (tenant_id, principal_id) REFERENCES seats.principals(tenant_id, id),
  constraint readings_tenant_id_record_id_fkey FOREIGN KEY (tenant_id, record_id) REFERENCES doctrine.records(tenant_id, id)
);
alter table doctrine.readings enable row level security;
create policy own_tenant on doctrine.readings as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select on table doctrine.readings to longwatch_app;

create table doctrine.records ( -- owner longwatch_owner
  tenant_id integer not null,
  id text not null,
  type text not null,
  title text not null,
  rule text not null,
  tags text[] not null,
  dated date not null,
  content jsonb not null,
  digest text not null,
  shipped boolean not null,
  filed_by bigint,
  filed_at timestamp with time zone not null,
  maturity smallint not null default 0,
  maturity_since timestamp with time zone not null,
  held_down boolean not null default false,
  proposed smallint,
  proposed_at timestamp with time zone,
  observations integer not null default 0,
  mode text not null,
  mechanisms text[] not null,
  sunset_on date,
  review_on date,
  reviewed_at timestamp with time zone,
  superseded_by text,
  constraint records_pkey PRIMARY KEY (tenant_id, id),
  constraint records_tenant_id_filed_by_fkey FOREIGN KEY (tenant_id, filed_by) REFERENCES seats.principals(tenant_id, id),
  constraint records_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint enforcement_has_a_mechanism CHECK (((mode = 'text'::text) OR (cardinality(mechanisms) > 0))),
  constraint enforcement_mode CHECK ((mode = ANY (ARRAY['text'::text, 'warn'::text, 'reject'::text]))),
  constraint filed_by_somebody_unless_shipped CHECK ((shipped OR (filed_by IS NOT NULL))),
  constraint hard_rule_has_a_sunset CHECK (((mode <> 'reject'::text) OR (sunset_on IS NOT NULL))),
  constraint maturity_level CHECK (((maturity >= 0) AND (maturity <= 4))),
  constraint mechanism_forms CHECK (((cardinality(mechanisms) = 0) OR (array_to_string(mechanisms, ' '::text) ~ '^((refusal|policy|constraint|event):[a-z][a-z0-9_.-]*( |$))+$'::text))),
  constraint not_superseded_by_itself CHECK ((superseded_by IS DISTINCT FROM id)),
  constraint pattern_rests_on_two_observations CHECK (((type <> 'pattern'::text) OR (observations >= 2))),
  constraint proposed_is_higher CHECK (((proposed >= (maturity + 1)) AND (proposed <= 4))),
  constraint proposed_whole CHECK (((proposed IS NULL) = (proposed_at IS NULL))),
  constraint record_digest CHECK ((digest ~ '^[0-9a-f]{64}$'::text)),
  constraint record_id_form CHECK ((id ~ '^ORA-[0-9]{4}-[0-9]{4,9}$'::text)),
  constraint record_type CHECK ((type = ANY (ARRAY['failure'::text, 'observation'::text, 'pattern'::text, 'hypothesis'::text, 'experiment'::text, 'synthesis'::text, 'decision'::text, 'doctrine'::text])))
);
alter table doctrine.records enable row level security;
create policy own_tenant on doctrine.records as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE INDEX records_enforced ON doctrine.records USING btree (tenant_id) WHERE (cardinality(mechanisms) > 0);
grant insert, select on table doctrine.records to longwatch_app;
grant update on column doctrine.records.maturity to longwatch_app;
grant update on column doctrine.records.maturity_since to longwatch_app;
grant update on column doctrine.records.held_down to longwatch_app;
grant update on column doctrine.records.proposed to longwatch_app;
grant update on column doctrine.records.proposed_at to longwatch_app;
grant update on column doctrine.records.observations to longwatch_app;
grant update on column doctrine.records.mode to longwatch_app;
grant update on column doctrine.records.mechanisms to longwatch_app;
grant update on column doctrine.records.sunset_on to longwatch_app;
grant update on column doctrine.records.review_on to longwatch_app;
grant update on column doctrine.records.reviewed_at to longwatch_app;
grant update on column doctrine.records.superseded_by to longwatch_app;

create table doctrine.reviews ( -- owner longwatch_owner
  tenant_id integer not null,
  record_id text not null,
  n integer not null,
  because text not null,
  ticket_id text,
  opened_at timestamp with time zone not null,
  settled_at timestamp with time zone,
  settled_by bigint,
  note text,
  constraint reviews_pkey PRIMARY KEY (tenant_id, record_id, n),
  constraint reviews_tenant_id_record_id_fkey FOREIGN KEY (tenant_id, record_id) REFERENCES doctrine.records(tenant_id, id),
  constraint reviews_tenant_id_settled_by_fkey FOREIGN KEY (tenant_id, settled_by) REFERENCES seats.principals(tenant_id, id),
  constraint reviews_tenant_id_ticket_id_fkey FOREIGN KEY (tenant_id, ticket_id) REFERENCES tickets.tickets(tenant_id, id),
  constraint review_counted CHECK ((n >= 1)),
  constraint settled_with_a_note CHECK (((settled_at IS NULL) = (note IS NULL)))
);
alter table doctrine.reviews enable row level security;
create policy own_tenant on doctrine.reviews as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE UNIQUE INDEX one_open_review ON doctrine.reviews USING btree (tenant_id, record_id) WHERE (settled_at IS NULL);
grant insert, select on table doctrine.reviews to longwatch_app;
grant update on column doctrine.reviews.settled_at to longwatch_app;
grant update on column doctrine.reviews.settled_by to longwatch_app;
grant update on column doctrine.reviews.note to longwatch_app;

create table doctrine.series ( -- owner longwatch_owner
  tenant_id integer not null,
  year smallint not null,
  next_number integer not null default 1,
  constraint series_pkey PRIMARY KEY (tenant_id, year),
  constraint series_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint next_number_positive CHECK ((next_number >= 1))
) with (fillfactor=50);
alter table doctrine.series enable row level security;
create policy own_tenant on doctrine.series as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select, update on table doctrine.series to longwatch_app;

create table doctrine.sightings ( -- owner longwatch_owner
  tenant_id integer not null,
  record_id text not null,
  n integer not null,
  kind text not null,
  at timestamp with time zone not null,
  principal_id bigint,
  evidence text not null,
  seq bigint,
  constraint sighting_of_an_entry_once UNIQUE (tenant_id, record_id, kind, seq),
  constraint sightings_pkey PRIMARY KEY (tenant_id, record_id, n),
  constraint sightings_tenant_id_principal_id_fkey FOREIGN KEY (tenant_id, principal_id) REFERENCES seats.principals(tenant_id, id),
  constraint sightings_tenant_id_record_id_fkey FOREIGN KEY (tenant_id, record_id) REFERENCES doctrine.records(tenant_id, id),
  constraint sighting_counted CHECK ((n >= 1)),
  constraint sighting_kind CHECK ((kind = ANY (ARRAY['observation'::text, 'violation'::text])))
);
alter table doctrine.sightings enable row level security;
create policy own_tenant on doctrine.sightings as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE INDEX sightings_latest ON doctrine.sightings USING btree (tenant_id, kind, record_id, at);
grant insert, select on table doctrine.sightings to longwatch_app;

create table feed.adoptions ( -- owner longwatch_owner
  tenant_id integer not null,
  id bigint not null generated always as identity,
  adopted_by bigint not null,
  adopted_at timestamp with time zone not null default statement_timestamp(),
  pitch bigint,
  item text,
  subject text,
  warned_at timestamp with time zone,
  ticket_id text,
  dropped text,
  settled_at timestamp with time zone,
  constraint adoptions_pkey PRIMARY KEY (tenant_id, id),
  constraint adoptions_tenant_id_adopted_by_fkey FOREIGN KEY (tenant_id, adopted_by) REFERENCES seats.principals(tenant_id, id),
  constraint adoptions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint adoptions_tenant_id_pitch_fkey FOREIGN KEY (tenant_id, pitch) REFERENCES feed.pitches(tenant_id, id),
  constraint adoptions_tenant_id_ticket_id_fkey FOREIGN KEY (tenant_id, ticket_id) REFERENCES tickets.tickets(tenant_id, id),
  constraint adoption_settled CHECK (((settled_at IS NOT NULL) = (num_nonnulls(ticket_id, dropped) = 1))),
  constraint adoption_settled_once CHECK ((num_nonnulls(ticket_id, dropped) <= 1))
);
alter table feed.adoptions enable row level security;
create policy own_tenant on feed.adoptions as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE INDEX adoptions_open ON feed.adoptions USING btree (tenant_id, adopted_at, id) WHERE (settled_at IS NULL);
CREATE UNIQUE INDEX one_adoption_of_a_pitch ON feed.adoptions USING btree (tenant_id, pitch) WHERE ((pitch IS NOT NULL) AND (dropped IS NULL));
grant insert, select on table feed.adoptions to longwatch_app;
grant update on column feed.adoptions.warned_at to longwatch_app;
grant update on column feed.adoptions.ticket_id to longwatch_app;
grant update on column feed.adoptions.dropped to longwatch_app;
grant update on column feed.adoptions.settled_at to longwatch_app;

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

create table feed.pitches ( -- owner longwatch_owner
  tenant_id integer not null,
  id bigint not null generated always as identity,
  subject text not null,
  families_min integer not null,
  pitched_by bigint not null,
  family text not null,
  pitched_at timestamp with time zone not null default statement_timestamp(),
  constraint pitches_pkey PRIMARY KEY (tenant_id, id),
  constraint pitches_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint pitches_tenant_id_pitched_by_fkey FOREIGN KEY (tenant_id, pitched_by) REFERENCES seats.principals(tenant_id, id),
  constraint families_counted CHECK (((families_min >= 1) AND (families_min <= 5)))
);
alter table feed.pitches enable row level security;
create policy own_tenant on feed.pitches as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select on table feed.pitches to longwatch_app;

create table feed.responses ( -- owner longwatch_owner
  tenant_id integer not null,
  pitch bigint not null,
  id bigint not null generated always as identity,
  by bigint not null,
  family text not null,
  verdict text not null,
  at timestamp with time zone not null default statement_timestamp(),
  constraint responses_pkey PRIMARY KEY (tenant_id, pitch, id),
  constraint responses_tenant_id_by_fkey FOREIGN KEY (tenant_id, by) REFERENCES seats.principals(tenant_id, id),
  constraint responses_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint responses_tenant_id_pitch_fkey FOREIGN KEY (tenant_id, pitch) REFERENCES feed.pitches(tenant_id, id),
  constraint verdict_known CHECK ((verdict = ANY (ARRAY['ACK'::text, 'ADOPT'::text, 'ADOPT_FOR_DOCTRINE_ONLY'::text, 'ADOPT_FOR_ESSAY'::text, 'DEFER'::text, 'INFORM'::text])))
);
alter table feed.responses enable row level security;
create policy own_tenant on feed.responses as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select on table feed.responses to longwatch_app;

create table feed.surveyed ( -- owner longwatch_owner
  tenant_id integer not null,
  seq bigint not null,
  constraint surveyed_pkey PRIMARY KEY (tenant_id),
  constraint surveyed_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id)
);
alter table feed.surveyed enable row level security;
create policy own_tenant on feed.surveyed as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select, update on table feed.surveyed to longwatch_app;

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

create table landing.bindings ( -- owner longwatch_owner
  tenant_id integer not null,
  environment text not null,
  owner_id bigint not null,
  since timestamp with time zone not null,
  constraint bindings_pkey PRIMARY KEY (tenant_id, environment),
  constraint bindings_tenant_id_environment_fkey FOREIGN KEY (tenant_id, environment) REFERENCES landing.environments(tenant_id, name),
  constraint bindings_tenant_id_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES seats.principals(tenant_id, id)
);
alter table landing.bindings enable row level security;
create policy own_tenant on landing.bindings as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select, update, delete on table landing.bindings to longwatch_app;

create table landing.credential_findings ( -- owner longwatch_owner
  tenant_id integer not null,
  name text not null,
  kind text not null,
  seq bigint not null,
  said_by text not null,
  said_at timestamp with time zone not null,
  subject text,
  settled_at timestamp with time zone,
  settled_by bigint,
  reason text,
  constraint credential_findings_pkey PRIMARY KEY (tenant_id, name, kind, seq),
  constraint credential_findings_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint credential_findings_tenant_id_settled_by_fkey FOREIGN KEY (tenant_id, settled_by) REFERENCES seats.principals(tenant_id, id),
  constraint credential_finding_kind CHECK ((kind = ANY (ARRAY['unregistered_grant'::text, 'unregistered_reference'::text]))),
  constraint credential_finding_settled CHECK (((num_nonnulls(settled_at, reason) = ANY (ARRAY[0, 2])) AND ((settled_by IS NULL) OR (settled_at IS NOT NULL))))
);
alter table landing.credential_findings enable row level security;
create policy own_tenant on landing.credential_findings as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE UNIQUE INDEX one_open_finding ON landing.credential_findings USING btree (tenant_id, name, kind) WHERE (settled_at IS NULL);
grant insert, select on table landing.credential_findings to longwatch_app;
grant update on column landing.credential_findings.settled_at to longwatch_app;
grant update on column landing.credential_findings.settled_by to longwatch_app;
grant update on column landing.credential_findings.reason to longwatch_app;

create table landing.credentials ( -- owner longwatch_owner
  tenant_id integer not null,
  name text not null,
  environment text not null,
  guard text not null,
  guarded_by bigint not null,
  registered_by bigint not null,
  registered_at timestamp with time zone not null,
  retired_at timestamp with time zone,
  guarded boolean not null default true,
  constraint credentials_pkey PRIMARY KEY (tenant_id, name),
  constraint credentials_tenant_id_environment_fkey FOREIGN KEY (tenant_id, environment) REFERENCES landing.environments(tenant_id, name),
  constraint credentials_tenant_id_environment_guard_guarded_by_fkey FOREIGN KEY (tenant_id, environment, guard, guarded_by) REFERENCES landing.guard_proofs(tenant_id, environment, guard, deploy_id),
  constraint credentials_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint credentials_tenant_id_registered_by_fkey FOREIGN KEY (tenant_id, registered_by) REFERENCES seats.principals(tenant_id, id)
);
alter table landing.credentials enable row level security;
create policy own_tenant on landing.credentials as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE TRIGGER refuse_unguarded AFTER INSERT ON landing.credentials FOR EACH ROW EXECUTE FUNCTION landing.refuse_unguarded(); -- enabled always
grant insert, select on table landing.credentials to longwatch_app;
grant update on column landing.credentials.retired_at to longwatch_app;
grant update on column landing.credentials.guarded to longwatch_app;

create table landing.debts ( -- owner longwatch_owner
  tenant_id integer not null,
  repository text not null,
  branch text not null,
  base text not null,
  head text not null,
  ahead integer not null,
  tickets text[] not null,
  since timestamp with time zone not null,
  seen_at timestamp with time zone not null,
  constraint debts_pkey PRIMARY KEY (tenant_id, repository, branch),
  constraint debts_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint debt_is_ahead_with_done_tickets CHECK (((ahead > 0) AND (cardinality(tickets) > 0)))
);
alter table landing.debts enable row level security;
create policy own_tenant on landing.debts as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select, update, delete on table landing.debts to longwatch_app;

create table landing.deliveries ( -- owner longwatch_owner
  tenant_id integer not null,
  hook text not null,
  delivery text not null,
  digest bytea not null,
  at timestamp with time zone not null,
  constraint deliveries_pkey PRIMARY KEY (tenant_id, hook, delivery, digest),
  constraint deliveries_tenant_id_hook_fkey FOREIGN KEY (tenant_id, hook) REFERENCES landing.hooks(tenant_id, name),
  constraint delivery_digest CHECK ((octet_length(digest) = 32))
);
alter table landing.deliveries enable row level security;
create policy own_tenant on landing.deliveries as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select on table landing.deliveries to longwatch_app;

create table landing.deploys ( -- owner longwatch_owner
  tenant_id integer not null,
  id bigint not null,
  environment text not null,
  topology integer not null,
  rollback boolean not null,
  ticket_id text,
  source text,
  base text,
  sha text not null,
  commits text[] not null,
  owner_id bigint not null,
  decision_id bigint not null,
  runner_id bigint not null,
  runner_incarnation uuid,
  attempt integer not null default 1,
  state text not null default 'running'::text,
  stage text not null default 'claimed'::text,
  fencing_token uuid,
  lease_expires_at timestamp with time zone,
  began_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  closure text,
  missing jsonb not null default '[]'::jsonb,
  forced_by bigint,
  served_release text,
  restored_deploy bigint,
  down_from timestamp with time zone,
  downtime_milliseconds bigint,
  cause text,
  log_bytes integer not null default 0,
  log_bytes_max integer not null,
  log_bytes_lost bigint not null default 0,
  withdrawn_by bigint,
  constraint deploys_by_sha UNIQUE (tenant_id, environment, id, sha),
  constraint deploys_by_state UNIQUE (tenant_id, environment, id, state),
  constraint deploys_pkey PRIMARY KEY (tenant_id, id),
  constraint deploys_tenant_id_decision_id_fkey FOREIGN KEY (tenant_id, decision_id) REFERENCES policy.decisions(tenant_id, id),
  constraint deploys_tenant_id_environment_restored_deploy_served_relea_fkey FOREIGN KEY (tenant_id, environment, restored_deploy, served_release) REFERENCES landing.deploys(tenant_id, environment, id, sha),
  constraint deploys_tenant_id_environment_topology_fkey FOREIGN KEY (tenant_id, environment, topology) REFERENCES landing.topologies(tenant_id, environment, version),
  constraint deploys_tenant_id_forced_by_fkey FOREIGN KEY (tenant_id, forced_by) REFERENCES policy.consents(tenant_id, id),
  constraint deploys_tenant_id_owner_id_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES seats.principals(tenant_id, id),
  constraint deploys_tenant_id_runner_id_fkey FOREIGN KEY (tenant_id, runner_id) REFERENCES seats.principals(tenant_id, id),
  constraint deploys_tenant_id_ticket_id_fkey FOREIGN KEY (tenant_id, ticket_id) REFERENCES tickets.tickets(tenant_id, id),
  constraint deploys_tenant_id_withdrawn_by_fkey FOREIGN KEY (tenant_id, withdrawn_by) REFERENCES landing.deploys(tenant_id, id),
  constraint bad_end_has_a_cause CHECK (((state = ANY (ARRAY['running'::text, 'landed'::text])) OR (cause IS NOT NULL))),
  constraint closure_known CHECK ((closure = ANY (ARRAY['whole'::text, 'incomplete'::text, 'forced'::text]))),
  constraint deploy_stage CHECK ((stage = ANY (ARRAY['claimed'::text, 'closure'::text, 'verify'::text, 'deploy'::text, 'health'::text, 'rollback'::text, 'recover'::text]))),
  constraint deploy_state CHECK ((state = ANY (ARRAY['running'::text, 'abandoned'::text, 'landed'::text, 'rolled_back'::text, 'failed'::text, 'refused'::text, 'lapsed'::text]))),
  constraint downtime_has_a_beginning CHECK (((downtime_milliseconds IS NULL) OR ((downtime_milliseconds >= 0) AND (down_from IS NOT NULL)))),
  constraint ended_iff_settled CHECK (((ended_at IS NULL) = (state = ANY (ARRAY['running'::text, 'abandoned'::text])))),
  constraint forced_by_consent CHECK (((NOT (closure IS DISTINCT FROM 'forced'::text)) = (forced_by IS NOT NULL))),
  constraint incomplete_is_refused CHECK (((closure IS DISTINCT FROM 'incomplete'::text) OR (state = 'refused'::text))),
  constraint landed_serves_its_sha CHECK (((state <> 'landed'::text) OR (NOT (served_release IS DISTINCT FROM sha)))),
  constraint lease_iff_running CHECK ((num_nonnulls(fencing_token, lease_expires_at) =
CASE state
    WHEN 'running'::text THEN 2
    ELSE 0
END)),
  constraint log_within_its_bound CHECK ((log_bytes <= log_bytes_max)),
  constraint missing_iff_not_whole CHECK (((jsonb_array_length(missing) > 0) = ((closure IS NOT NULL) AND (closure <> 'whole'::text)))),
  constraint restored_is_served CHECK (((restored_deploy IS NULL) OR (served_release IS NOT NULL))),
  constraint rolled_back_to_a_release CHECK (((state = 'rolled_back'::text) = (restored_deploy IS NOT NULL))),
  constraint ticket_unless_rollback CHECK ((rollback OR (ticket_id IS NOT NULL))),
  constraint touched_when_settled CHECK (((state = ANY (ARRAY['running'::text, 'refused'::text, 'lapsed'::text])) OR (stage = ANY (ARRAY['deploy'::text, 'health'::text, 'rollback'::text, 'recover'::text])))),
  constraint untouched_when_refused CHECK (((state <> ALL (ARRAY['refused'::text, 'lapsed'::text])) OR (stage = ANY (ARRAY['claimed'::text, 'closure'::text, 'verify'::text])))),
  constraint whole_before_verify CHECK ((rollback OR (stage = ANY (ARRAY['claimed'::text, 'closure'::text])) OR ((closure IS NOT NULL) AND (closure <> 'incomplete'::text)))),
  constraint whole_sha CHECK ((sha ~ '^[0-9a-f]{40}([0-9a-f]{24})?$'::text))
) with (fillfactor=70);
alter table landing.deploys enable row level security;
create policy own_tenant on landing.deploys as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE INDEX deploys_leased ON landing.deploys USING btree (tenant_id, lease_expires_at) WHERE (state = 'running'::text);
CREATE INDEX deploys_of_environment ON landing.deploys USING btree (tenant_id, environment, id);
CREATE INDEX deploys_of_ticket ON landing.deploys USING btree (tenant_id, ticket_id, id) WHERE (ticket_id IS NOT NULL);
CREATE UNIQUE INDEX one_unsettled_deploy ON landing.deploys USING btree (tenant_id, environment) WHERE (state = ANY (ARRAY['running'::text, 'abandoned'::text]));
CREATE TRIGGER keep_outcome BEFORE UPDATE ON landing.deploys FOR EACH ROW EXECUTE FUNCTION landing.keep_outcome(); -- enabled always
grant insert, select on table landing.deploys to longwatch_app;
grant update on column landing.deploys.runner_id to longwatch_app;
grant update on column landing.deploys.runner_incarnation to longwatch_app;
grant update on column landing.deploys.attempt to longwatch_app;
grant update on column landing.deploys.state to longwatch_app;
grant update on column landing.deploys.stage to longwatch_app;
grant update on column landing.deploys.fencing_token to longwatch_app;
grant update on column landing.deploys.lease_expires_at to longwatch_app;
grant update on column landing.deploys.ended_at to longwatch_app;
grant update on column landing.deploys.closure to longwatch_app;
grant update on column landing.deploys.missing to longwatch_app;
grant update on column landing.deploys.forced_by to longwatch_app;
grant update on column landing.deploys.served_release to longwatch_app;
grant update on column landing.deploys.restored_deploy to longwatch_app;
grant update on column landing.deploys.down_from to longwatch_app;
grant update on column landing.deploys.downtime_milliseconds to longwatch_app;
grant update on column landing.deploys.cause to longwatch_app;
grant update on column landing.deploys.log_bytes to longwatch_app;
grant update on column landing.deploys.log_bytes_lost to longwatch_app;
grant update on column landing.deploys.withdrawn_by to longwatch_app;

create table landing.environments ( -- owner longwatch_owner
  tenant_id integer not null,
  name text not null,
  topology integer not null,
  good_deploy bigint,
  good_state text default 
CASE
    WHEN (good_deploy IS NULL) THEN NULL::text
    ELSE 'landed'::text
END,
  down_since timestamp with time zone,
  constraint environments_pkey PRIMARY KEY (tenant_id, name),
  constraint environments_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint environments_tenant_id_name_good_deploy_good_state_fkey FOREIGN KEY (tenant_id, name, good_deploy, good_state) REFERENCES landing.deploys(tenant_id, environment, id, state),
  constraint environments_tenant_id_name_topology_fkey FOREIGN KEY (tenant_id, name, topology) REFERENCES landing.topologies(tenant_id, environment, version) DEFERRABLE INITIALLY DEFERRED,
  constraint environment_name_form CHECK ((name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$'::text))
);
alter table landing.environments enable row level security;
create policy own_tenant on landing.environments as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select on table landing.environments to longwatch_app;
grant update on column landing.environments.topology to longwatch_app;
grant update on column landing.environments.good_deploy to longwatch_app;
grant update on column landing.environments.down_since to longwatch_app;

create table landing.failures ( -- owner longwatch_owner
  tenant_id integer not null,
  deploy_id bigint not null,
  environment text not null,
  opened_at timestamp with time zone not null,
  mended_at timestamp with time zone,
  mended_by bigint,
  constraint failures_pkey PRIMARY KEY (tenant_id, deploy_id),
  constraint failures_tenant_id_deploy_id_fkey FOREIGN KEY (tenant_id, deploy_id) REFERENCES landing.deploys(tenant_id, id),
  constraint failures_tenant_id_environment_fkey FOREIGN KEY (tenant_id, environment) REFERENCES landing.environments(tenant_id, name),
  constraint failures_tenant_id_mended_by_fkey FOREIGN KEY (tenant_id, mended_by) REFERENCES landing.deploys(tenant_id, id),
  constraint mended_by_a_deploy CHECK ((num_nonnulls(mended_at, mended_by) = ANY (ARRAY[0, 2])))
);
alter table landing.failures enable row level security;
create policy own_tenant on landing.failures as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE INDEX failures_open ON landing.failures USING btree (tenant_id, environment) WHERE (mended_at IS NULL);
grant insert, select on table landing.failures to longwatch_app;
grant update on column landing.failures.mended_at to longwatch_app;
grant update on column landing.failures.mended_by to longwatch_app;

create table landing.guard_proofs ( -- owner longwatch_owner
  tenant_id integer not null,
  environment text not null,
  deploy_id bigint not null,
  state text not null default 'landed'::text,
  guard text not null,
  served boolean not null,
  seen_by bigint not null,
  seen_at timestamp with time zone not null,
  constraint guard_proofs_pkey PRIMARY KEY (tenant_id, environment, guard, deploy_id),
  constraint guard_proofs_tenant_id_environment_deploy_id_state_fkey FOREIGN KEY (tenant_id, environment, deploy_id, state) REFERENCES landing.deploys(tenant_id, environment, id, state),
  constraint guard_proofs_tenant_id_seen_by_fkey FOREIGN KEY (tenant_id, seen_by) REFERENCES seats.principals(tenant_id, id)
);
alter table landing.guard_proofs enable row level security;
create policy own_tenant on landing.guard_proofs as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select, update on table landing.guard_proofs to longwatch_app;

create table landing.heads ( -- owner longwatch_owner
  tenant_id integer not null,
  repository text not null,
  branch text not null,
  head text not null,
  seen_at timestamp with time zone not null,
  constraint heads_pkey PRIMARY KEY (tenant_id, repository, branch),
  constraint heads_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint head_whole CHECK ((head ~ '^[0-9a-f]{40}([0-9a-f]{24})?$'::text))
);
alter table landing.heads enable row level security;
create policy own_tenant on landing.heads as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select on table landing.heads to longwatch_app;
grant update on column landing.heads.head to longwatch_app;
grant update on column landing.heads.seen_at to longwatch_app;

create table landing.hooks ( -- owner longwatch_owner
  tenant_id integer not null,
  name text not null,
  provider text not null,
  repository text not null,
  branch text not null,
  round integer not null,
  opened_by bigint not null,
  opened_at timestamp with time zone not null,
  closed_at timestamp with time zone,
  constraint hooks_pkey PRIMARY KEY (tenant_id, name),
  constraint hooks_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint hooks_tenant_id_opened_by_fkey FOREIGN KEY (tenant_id, opened_by) REFERENCES seats.principals(tenant_id, id),
  constraint hook_name_form CHECK ((name ~ '^[a-z0-9][a-z0-9-]{0,59}$'::text)),
  constraint hook_provider CHECK ((provider = ANY (ARRAY['github'::text, 'gitlab'::text]))),
  constraint hook_round CHECK ((round >= 1))
);
alter table landing.hooks enable row level security;
create policy own_tenant on landing.hooks as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select on table landing.hooks to longwatch_app;
grant update on column landing.hooks.provider to longwatch_app;
grant update on column landing.hooks.repository to longwatch_app;
grant update on column landing.hooks.branch to longwatch_app;
grant update on column landing.hooks.round to longwatch_app;
grant update on column landing.hooks.opened_by to longwatch_app;
grant update on column landing.hooks.opened_at to longwatch_app;
grant update on column landing.hooks.closed_at to longwatch_app;

create table landing.logs ( -- owner longwatch_owner
  tenant_id integer not null,
  deploy_id bigint not null,
  number integer not null,
  stage text not null,
  text text not null,
  at timestamp with time zone not null,
  constraint logs_pkey PRIMARY KEY (tenant_id, deploy_id, number),
  constraint logs_tenant_id_deploy_id_fkey FOREIGN KEY (tenant_id, deploy_id) REFERENCES landing.deploys(tenant_id, id),
  constraint log_says_something CHECK ((text <> ''::text))
);
alter table landing.logs enable row level security;
create policy own_tenant on landing.logs as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select on table landing.logs to longwatch_app;

create table landing.merges ( -- owner longwatch_owner
  tenant_id integer not null,
  ticket_id text not null,
  repository text not null,
  branch text not null,
  commit text not null,
  hook text,
  seen_at timestamp with time zone not null,
  lost_at timestamp with time zone,
  constraint merges_pkey PRIMARY KEY (tenant_id, ticket_id, repository, branch, commit),
  constraint merges_tenant_id_hook_fkey FOREIGN KEY (tenant_id, hook) REFERENCES landing.hooks(tenant_id, name),
  constraint merges_tenant_id_ticket_id_fkey FOREIGN KEY (tenant_id, ticket_id) REFERENCES tickets.tickets(tenant_id, id),
  constraint merge_commit_whole CHECK ((commit ~ '^[0-9a-f]{40}([0-9a-f]{24})?$'::text))
);
alter table landing.merges enable row level security;
create policy own_tenant on landing.merges as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE INDEX merges_of_branch ON landing.merges USING btree (tenant_id, repository, branch, commit, ticket_id) WHERE (lost_at IS NULL);
grant insert, select on table landing.merges to longwatch_app;
grant update on column landing.merges.seen_at to longwatch_app;
grant update on column landing.merges.lost_at to longwatch_app;

create table landing.surveyed ( -- owner longwatch_owner
  tenant_id integer not null,
  seq bigint not null,
  constraint surveyed_pkey PRIMARY KEY (tenant_id),
  constraint surveyed_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id)
);
alter table landing.surveyed enable row level security;
create policy own_tenant on landing.surveyed as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select, update on table landing.surveyed to longwatch_app;

create table landing.topologies ( -- owner longwatch_owner
  tenant_id integer not null,
  environment text not null,
  version integer not null,
  branch text not null,
  command text not null,
  verify_command text,
  rollback_command text,
  health_url text not null,
  release_pointer text not null,
  production boolean not null,
  lane text,
  timeout_seconds integer not null,
  health_seconds integer not null,
  memory_mb integer not null,
  output_kb integer not null,
  reason text not null,
  defined_by bigint not null,
  defined_at timestamp with time zone not null,
  constraint topologies_pkey PRIMARY KEY (tenant_id, environment, version),
  constraint topologies_tenant_id_defined_by_fkey FOREIGN KEY (tenant_id, defined_by) REFERENCES seats.principals(tenant_id, id),
  constraint topologies_tenant_id_environment_fkey FOREIGN KEY (tenant_id, environment) REFERENCES landing.environments(tenant_id, name),
  constraint limits_positive CHECK ((LEAST(timeout_seconds, health_seconds, memory_mb, output_kb) >= 1)),
  constraint topology_counted CHECK ((version >= 1))
);
alter table landing.topologies enable row level security;
create policy own_tenant on landing.topologies as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select on table landing.topologies to longwatch_app;

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
CREATE INDEX entries_of_gates ON ledger.entries USING btree (tenant_id, kind, at) WHERE (kind = ANY (ARRAY['collision.opened'::text, 'ticket.confirmed'::text, 'ticket.amended'::text]));
CREATE INDEX entries_of_presence ON ledger.entries USING btree (tenant_id, subject, seq) WHERE (kind = ANY (ARRAY['seat.adopted'::text, 'seat.replaced'::text, 'seat.changed'::text, 'seat.heard_again'::text, 'seat.retired'::text]));
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

create table policy.activations ( -- owner longwatch_owner
  tenant_id integer not null,
  version integer not null,
  active tstzrange not null,
  activated_by bigint,
  constraint one_active_policy EXCLUDE USING gist (tenant_id WITH =, active WITH &&),
  constraint activations_key PRIMARY KEY (tenant_id, version, active),
  constraint activations_tenant_id_activated_by_fkey FOREIGN KEY (tenant_id, activated_by) REFERENCES seats.principals(tenant_id, id),
  constraint activations_tenant_id_version_fkey FOREIGN KEY (tenant_id, version) REFERENCES policy.versions(tenant_id, version),
  constraint activation_begins CHECK (((NOT isempty(active)) AND (NOT lower_inf(active))))
);
alter table policy.activations enable row level security;
create policy own_tenant on policy.activations as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE CONSTRAINT TRIGGER never_without AFTER UPDATE ON policy.activations DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION policy.never_without(); -- enabled always
CREATE TRIGGER only_ends BEFORE DELETE OR UPDATE ON policy.activations FOR EACH ROW EXECUTE FUNCTION policy.only_ends(); -- enabled always
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON policy.activations FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled always
grant insert, select on table policy.activations to longwatch_app;
grant update on column policy.activations.active to longwatch_app;

create table policy.approvals ( -- owner longwatch_owner
  tenant_id integer not null,
  id bigint not null generated always as identity,
  subject text not null,
  action text not null,
  resource_type text not null,
  resource_id text not null,
  resource_key text not null default md5(resource_id),
  production boolean not null,
  wording text,
  rung text not null,
  decision bigint not null,
  asked_by bigint not null,
  asked_at timestamp with time zone not null default statement_timestamp(),
  state text not null default 'pending'::text,
  manifest bigint,
  decided_by bigint,
  decider text,
  decided_role text,
  decided_kind text,
  decided_at timestamp with time zone,
  reason text,
  expires_at timestamp with time zone,
  constraint approvals_pkey PRIMARY KEY (tenant_id, id),
  constraint approvals_tenant_id_asked_by_fkey FOREIGN KEY (tenant_id, asked_by) REFERENCES seats.principals(tenant_id, id),
  constraint approvals_tenant_id_decided_by_fkey FOREIGN KEY (tenant_id, decided_by) REFERENCES seats.principals(tenant_id, id),
  constraint approvals_tenant_id_decision_fkey FOREIGN KEY (tenant_id, decision) REFERENCES policy.decisions(tenant_id, id) DEFERRABLE INITIALLY DEFERRED,
  constraint approvals_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint approvals_tenant_id_manifest_fkey FOREIGN KEY (tenant_id, manifest) REFERENCES policy.manifests(tenant_id, id),
  constraint approval_rung CHECK ((rung = ANY (ARRAY['L1'::text, 'L2'::text]))),
  constraint approval_state CHECK ((state = ANY (ARRAY['pending'::text, 'granted'::text, 'rejected'::text, 'released'::text, 'withdrawn'::text]))),
  constraint decider_is_not_asker CHECK ((decided_by <> asked_by)),
  constraint decider_is_not_kin CHECK ((split_part(decider, '/'::text, 1) <> split_part(subject, '/'::text, 1))),
  constraint decider_may CHECK (
CASE rung
    WHEN 'L1'::text THEN (decided_role = ANY (ARRAY['strategist'::text, 'operator'::text]))
    ELSE ((decided_role = 'operator'::text) AND (decided_kind = 'person'::text))
END),
  constraint grant_ends CHECK (((expires_at > decided_at) AND (expires_at <= (decided_at + '168:00:00'::interval)))),
  constraint reason_is_given CHECK ((reason ~ '\S'::text)),
  constraint verdict_told CHECK (
CASE state
    WHEN 'pending'::text THEN (num_nonnulls(decided_by, decider, decided_role, decided_kind, decided_at, reason, expires_at) = 0)
    WHEN 'granted'::text THEN (num_nonnulls(decided_by, decider, decided_role, decided_kind, decided_at, reason, expires_at) = 7)
    WHEN 'rejected'::text THEN ((num_nonnulls(decided_by, decider, decided_role, decided_kind, decided_at, reason) = 6) AND (expires_at IS NULL))
    ELSE ((num_nonnulls(decided_at, reason) = 2) AND (num_nonnulls(decided_by, decider, decided_role, decided_kind, expires_at) = 0))
END)
);
alter table policy.approvals enable row level security;
create policy own_tenant on policy.approvals as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE INDEX approvals_asked ON policy.approvals USING btree (tenant_id, subject, action, resource_type, resource_key, id);
CREATE INDEX approvals_decided ON policy.approvals USING btree (tenant_id, decided_at) WHERE (decided_at IS NOT NULL);
CREATE INDEX approvals_manifest ON policy.approvals USING btree (tenant_id, manifest) WHERE (manifest IS NOT NULL);
CREATE UNIQUE INDEX one_open_approval ON policy.approvals USING btree (tenant_id, subject, action, resource_type, resource_key, production, md5(wording)) NULLS NOT DISTINCT WHERE (state = 'pending'::text);
CREATE TRIGGER keep_verdict BEFORE UPDATE ON policy.approvals FOR EACH ROW WHEN ((old.state <> 'pending'::text)) EXECUTE FUNCTION policy.keep_verdict();
grant select on table policy.approvals to longwatch_app;
grant insert on column policy.approvals.tenant_id to longwatch_app;
grant insert on column policy.approvals.subject to longwatch_app;
grant insert on column policy.approvals.action to longwatch_app;
grant insert on column policy.approvals.resource_type to longwatch_app;
grant insert on column policy.approvals.resource_id to longwatch_app;
grant insert on column policy.approvals.production to longwatch_app;
grant insert on column policy.approvals.wording to longwatch_app;
grant insert, update on column policy.approvals.rung to longwatch_app;
grant insert on column policy.approvals.decision to longwatch_app;
grant insert on column policy.approvals.asked_by to longwatch_app;
grant update on column policy.approvals.state to longwatch_app;
grant update on column policy.approvals.manifest to longwatch_app;
grant update on column policy.approvals.decided_by to longwatch_app;
grant update on column policy.approvals.decider to longwatch_app;
grant update on column policy.approvals.decided_role to longwatch_app;
grant update on column policy.approvals.decided_kind to longwatch_app;
grant update on column policy.approvals.decided_at to longwatch_app;
grant update on column policy.approvals.reason to longwatch_app;
grant update on column policy.approvals.expires_at to longwatch_app;

create table policy.consents ( -- owner longwatch_owner
  tenant_id integer not null,
  id bigint not null generated always as identity,
  words text not null,
  subject text not null,
  action text not null,
  resource_type text not null,
  resource_id text not null,
  resource_key text not null default md5(resource_id),
  single_use boolean not null,
  given_by bigint not null,
  given_role text not null,
  given_kind text not null,
  given_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  revoked_by bigint,
  revoked_at timestamp with time zone,
  revoked_because text,
  constraint consents_single_use UNIQUE (tenant_id, id, single_use),
  constraint consents_pkey PRIMARY KEY (tenant_id, id),
  constraint consents_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint consents_tenant_id_given_by_fkey FOREIGN KEY (tenant_id, given_by) REFERENCES seats.principals(tenant_id, id),
  constraint consents_tenant_id_revoked_by_fkey FOREIGN KEY (tenant_id, revoked_by) REFERENCES seats.principals(tenant_id, id),
  constraint consent_by_a_person CHECK (((given_role = 'operator'::text) AND (given_kind = 'person'::text))),
  constraint consent_ends CHECK (((expires_at > given_at) AND (expires_at <= (given_at + '720:00:00'::interval)))),
  constraint consent_is_scoped CHECK (((subject !~ '^[*\s]*$'::text) AND (action !~ '^[*\s]*$'::text) AND (resource_type !~ '^[*\s]*$'::text) AND (resource_id !~ '^[*\s]*$'::text))),
  constraint consent_names_its_thing CHECK ((resource_id !~ '(^|[/:])unknown$'::text)),
  constraint revocation_told CHECK ((num_nonnulls(revoked_by, revoked_at, revoked_because) = ANY (ARRAY[0, 3]))),
  constraint words_are_a_sentence CHECK (((char_length(words) >= 10) AND (char_length(words) <= 2000)))
);
alter table policy.consents enable row level security;
create policy own_tenant on policy.consents as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE INDEX consents_scope ON policy.consents USING btree (tenant_id, subject, action, resource_type, resource_key, id);
grant select on table policy.consents to longwatch_app;
grant insert on column policy.consents.tenant_id to longwatch_app;
grant insert on column policy.consents.words to longwatch_app;
grant insert on column policy.consents.subject to longwatch_app;
grant insert on column policy.consents.action to longwatch_app;
grant insert on column policy.consents.resource_type to longwatch_app;
grant insert on column policy.consents.resource_id to longwatch_app;
grant insert on column policy.consents.single_use to longwatch_app;
grant insert on column policy.consents.given_by to longwatch_app;
grant insert on column policy.consents.given_role to longwatch_app;
grant insert on column policy.consents.given_kind to longwatch_app;
grant insert on column policy.consents.given_at to longwatch_app;
grant insert on column policy.consents.expires_at to longwatch_app;
grant update on column policy.consents.revoked_by to longwatch_app;
grant update on column policy.consents.revoked_at to longwatch_app;
grant update on column policy.consents.revoked_because to longwatch_app;

create table policy.decisions ( -- owner longwatch_owner
  tenant_id integer not null,
  id bigint not null,
  at timestamp with time zone not null,
  asked_by bigint not null,
  subject_id bigint,
  subject text not null,
  action text not null,
  resource_type text not null,
  resource_id text not null,
  effect text not null,
  rung text not null,
  rules text[] not null,
  errors text[] not null,
  reasons text[] not null,
  protocol jsonb,
  input bytea not null,
  policy_digest text not null,
  state_version bigint not null,
  constraint decisions_pkey PRIMARY KEY (tenant_id, id),
  constraint decisions_tenant_id_policy_digest_fkey FOREIGN KEY (tenant_id, policy_digest) REFERENCES policy.versions(tenant_id, digest),
  constraint decision_effect CHECK ((effect = ANY (ARRAY['allow'::text, 'deny'::text]))),
  constraint denial_has_protocol CHECK (((effect = 'allow'::text) OR (protocol IS NOT NULL))),
  constraint denial_has_reasons CHECK (((effect <> 'deny'::text) OR (cardinality(reasons) > 0))),
  constraint protocol_leads_somewhere CHECK (((protocol IS NULL) OR (
CASE (protocol ->> 'via'::text)
    WHEN 'dispatch'::text THEN ((jsonb_array_length((protocol -> 'offers'::text)) > 0) OR ((protocol ->> 'free_at'::text) IS NOT NULL))
    WHEN 'escalate'::text THEN ((protocol ->> 'escalation'::text) IS NOT NULL)
    WHEN 'approval'::text THEN ((protocol ->> 'approval'::text) IS NOT NULL)
    WHEN 'consent'::text THEN ((protocol ->> 'approval'::text) IS NOT NULL)
    ELSE ((protocol ->> 'via'::text) = ANY (ARRAY['claim'::text, 'propose'::text]))
END IS TRUE))),
  constraint protocol_says_what_to_do CHECK (((protocol IS NULL) OR (((protocol ->> 'do'::text) IS NOT NULL) AND ((protocol ->> 'do'::text) <> ''::text) AND ((protocol ->> 'command'::text) IS NOT NULL) AND ((protocol ->> 'command'::text) <> ''::text))))
);
alter table policy.decisions enable row level security;
create policy own_tenant on policy.decisions as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE INDEX decisions_action ON policy.decisions USING btree (tenant_id, action, effect, id);
CREATE INDEX decisions_outcome ON policy.decisions USING btree (tenant_id, effect, id);
CREATE INDEX decisions_subject ON policy.decisions USING btree (tenant_id, subject_id, effect, id);
CREATE INDEX decisions_subject_action ON policy.decisions USING btree (tenant_id, subject_id, action, effect, id);
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE ON policy.decisions FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change(); -- enabled always
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON policy.decisions FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled always
grant insert, select on table policy.decisions to longwatch_app;

create table policy.escalations ( -- owner longwatch_owner
  tenant_id integer not null,
  id bigint not null,
  asker_id bigint not null,
  action text not null,
  resource_type text not null,
  resource_id text not null,
  resource_key text not null default md5(resource_id),
  reason text not null,
  decision_id bigint not null,
  opened_at timestamp with time zone not null,
  closed_at timestamp with time zone,
  closed_by bigint,
  note text,
  constraint escalations_pkey PRIMARY KEY (tenant_id, id),
  constraint escalations_tenant_id_asker_id_fkey FOREIGN KEY (tenant_id, asker_id) REFERENCES seats.principals(tenant_id, id),
  constraint escalations_tenant_id_closed_by_fkey FOREIGN KEY (tenant_id, closed_by) REFERENCES seats.principals(tenant_id, id),
  constraint escalations_tenant_id_decision_id_fkey FOREIGN KEY (tenant_id, decision_id) REFERENCES policy.decisions(tenant_id, id),
  constraint escalations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint closed_by_somebody CHECK ((num_nonnulls(closed_at, closed_by, note) = ANY (ARRAY[0, 3])))
);
alter table policy.escalations enable row level security;
create policy own_tenant on policy.escalations as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE UNIQUE INDEX one_open_escalation ON policy.escalations USING btree (tenant_id, asker_id, action, resource_type, resource_key) WHERE (closed_at IS NULL);
grant insert, select on table policy.escalations to longwatch_app;
grant update on column policy.escalations.closed_at to longwatch_app;
grant update on column policy.escalations.closed_by to longwatch_app;
grant update on column policy.escalations.note to longwatch_app;

create table policy.holds ( -- owner longwatch_owner
  tenant_id integer not null,
  seat_id bigint not null,
  asker_id bigint not null,
  decision_id bigint not null,
  held_at timestamp with time zone not null,
  held_until timestamp with time zone not null,
  constraint holds_pkey PRIMARY KEY (tenant_id, seat_id),
  constraint holds_tenant_id_decision_id_fkey FOREIGN KEY (tenant_id, decision_id) REFERENCES policy.decisions(tenant_id, id),
  constraint holds_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint holds_tenant_id_seat_id_fkey FOREIGN KEY (tenant_id, seat_id) REFERENCES seats.principals(tenant_id, id),
  constraint hold_is_short CHECK (((held_until > held_at) AND (held_until <= (held_at + '00:01:00'::interval))))
) with (fillfactor=50);
alter table policy.holds enable row level security;
create policy own_tenant on policy.holds as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE TRIGGER hold_is_its_askers BEFORE UPDATE ON policy.holds FOR EACH ROW EXECUTE FUNCTION policy.refuse_theft(); -- enabled always
grant insert, select, update on table policy.holds to longwatch_app;

create table policy.manifests ( -- owner longwatch_owner
  tenant_id integer not null,
  id bigint not null generated always as identity,
  opened_by bigint not null,
  opened_at timestamp with time zone not null default statement_timestamp(),
  constraint manifests_pkey PRIMARY KEY (tenant_id, id),
  constraint manifests_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint manifests_tenant_id_opened_by_fkey FOREIGN KEY (tenant_id, opened_by) REFERENCES seats.principals(tenant_id, id)
);
alter table policy.manifests enable row level security;
create policy own_tenant on policy.manifests as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select on table policy.manifests to longwatch_app;

create table policy.routes ( -- owner longwatch_owner
  tenant_id integer not null,
  topic text not null,
  goes_to text not null,
  about text not null,
  set_by bigint not null,
  set_at timestamp with time zone not null default statement_timestamp(),
  constraint routes_pkey PRIMARY KEY (tenant_id, topic),
  constraint routes_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint routes_tenant_id_set_by_fkey FOREIGN KEY (tenant_id, set_by) REFERENCES seats.principals(tenant_id, id),
  constraint route_known CHECK ((goes_to = ANY (ARRAY['strategist'::text, 'operator'::text, 'fleet'::text]))),
  constraint topic_form CHECK ((topic ~ '^[a-z][a-z0-9_]{0,59}$'::text))
);
alter table policy.routes enable row level security;
create policy own_tenant on policy.routes as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select, update on table policy.routes to longwatch_app;

create table policy.rungs ( -- owner longwatch_owner
  tenant_id integer not null,
  action text not null,
  production boolean not null,
  rung text not null,
  reason text not null,
  set_by bigint not null,
  set_at timestamp with time zone not null default statement_timestamp(),
  constraint rungs_pkey PRIMARY KEY (tenant_id, action, production),
  constraint rungs_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint rungs_tenant_id_set_by_fkey FOREIGN KEY (tenant_id, set_by) REFERENCES seats.principals(tenant_id, id),
  constraint rung_known CHECK ((rung = ANY (ARRAY['L0'::text, 'L1'::text, 'L2'::text])))
);
alter table policy.rungs enable row level security;
create policy own_tenant on policy.rungs as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select, update on table policy.rungs to longwatch_app;

create table policy.uses ( -- owner longwatch_owner
  tenant_id integer not null,
  decision bigint not null,
  approval bigint,
  consent bigint,
  single_use boolean not null,
  used_at timestamp with time zone not null default statement_timestamp(),
  constraint uses_pkey PRIMARY KEY (tenant_id, decision),
  constraint uses_tenant_id_approval_fkey FOREIGN KEY (tenant_id, approval) REFERENCES policy.approvals(tenant_id, id),
  constraint uses_tenant_id_consent_single_use_fkey FOREIGN KEY (tenant_id, consent, single_use) REFERENCES policy.consents(tenant_id, id, single_use),
  constraint uses_tenant_id_decision_fkey FOREIGN KEY (tenant_id, decision) REFERENCES policy.decisions(tenant_id, id) DEFERRABLE INITIALLY DEFERRED,
  constraint uses_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint approval_is_single_use CHECK (((approval IS NULL) OR single_use)),
  constraint use_of_one CHECK ((num_nonnulls(approval, consent) = 1))
);
alter table policy.uses enable row level security;
create policy own_tenant on policy.uses as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE UNIQUE INDEX approval_used_once ON policy.uses USING btree (tenant_id, approval) WHERE (approval IS NOT NULL);
CREATE UNIQUE INDEX consent_used_once ON policy.uses USING btree (tenant_id, consent) WHERE (single_use AND (consent IS NOT NULL));
CREATE INDEX uses_consent ON policy.uses USING btree (tenant_id, consent) WHERE (consent IS NOT NULL);
CREATE TRIGGER check_use AFTER INSERT ON policy.uses FOR EACH ROW EXECUTE FUNCTION policy.check_use();
grant insert, select on table policy.uses to longwatch_app;

create table policy.versions ( -- owner longwatch_owner
  tenant_id integer not null,
  version integer not null,
  digest text not null,
  source bytea not null,
  note text,
  proposed_by bigint,
  proposed_at timestamp with time zone not null default statement_timestamp(),
  constraint versions_differ UNIQUE (tenant_id, digest),
  constraint versions_pkey PRIMARY KEY (tenant_id, version),
  constraint versions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint versions_tenant_id_proposed_by_fkey FOREIGN KEY (tenant_id, proposed_by) REFERENCES seats.principals(tenant_id, id),
  constraint boundary_with_protocol CHECK (((NOT jsonb_path_exists((convert_from(source, 'utf8'::name))::jsonb, '$."rules"[*]?((!(@."effect" == "permit") || (@."effect" == "permit") is unknown) && (!((@."protocol"."do" like_regex "." && @."protocol"."via" like_regex ".") && @."protocol"."command" like_regex ".") || ((@."protocol"."do" like_regex "." && @."protocol"."via" like_regex ".") && @."protocol"."command" like_regex ".") is unknown))'::jsonpath)) AND jsonb_path_match((convert_from(source, 'utf8'::name))::jsonb, 'exists ($."unmatched"."protocol"?((@."do" like_regex "." && @."via" like_regex ".") && @."command" like_regex "."))'::jsonpath))),
  constraint digest_of_source CHECK ((digest = encode(sha256(source), 'hex'::text))),
  constraint version_is_counted CHECK ((version >= 1))
);
alter table policy.versions enable row level security;
create policy own_tenant on policy.versions as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE ON policy.versions FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change(); -- enabled always
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON policy.versions FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled always
grant insert, select on table policy.versions to longwatch_app;

create table public.longwatch_migrations ( -- owner longwatch_owner
  name text not null,
  digest text not null,
  at timestamp with time zone not null default statement_timestamp(),
  constraint longwatch_migrations_pkey PRIMARY KEY (name)
);

create table questions.questions ( -- owner longwatch_owner
  tenant_id integer not null,
  id bigint not null generated always as identity,
  topic text not null,
  goes_to text not null,
  question text not null,
  question_key text not null default md5(question),
  details text not null default ''::text,
  options text[] not null default '{}'::text[],
  ticket_id text,
  blocks boolean not null,
  probe text,
  probe_kind text,
  asked_by bigint not null,
  asked_at timestamp with time zone not null default statement_timestamp(),
  asked_seq bigint not null,
  routed_at timestamp with time zone not null default statement_timestamp(),
  relabels integer not null default 0,
  probed_at timestamp with time zone,
  probed_by bigint,
  probe_outcome text,
  state text not null default 'open'::text,
  answer text,
  reason text,
  closed_by bigint,
  closed_at timestamp with time zone,
  constraint questions_pkey PRIMARY KEY (tenant_id, id),
  constraint questions_tenant_id_asked_by_fkey FOREIGN KEY (tenant_id, asked_by) REFERENCES seats.principals(tenant_id, id),
  constraint questions_tenant_id_closed_by_fkey FOREIGN KEY (tenant_id, closed_by) REFERENCES seats.principals(tenant_id, id),
  constraint questions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint questions_tenant_id_probed_by_fkey FOREIGN KEY (tenant_id, probed_by) REFERENCES seats.principals(tenant_id, id),
  constraint questions_tenant_id_ticket_id_fkey FOREIGN KEY (tenant_id, ticket_id) REFERENCES tickets.tickets(tenant_id, id),
  constraint answerer_is_not_asker CHECK (((state <> 'answered'::text) OR (closed_by <> asked_by))),
  constraint probe_kind_known CHECK ((probe_kind = ANY (ARRAY['ticket'::text, 'receipt'::text, 'count'::text, 'date'::text, 'release'::text, 'ledger'::text, 'command'::text]))),
  constraint probe_reported CHECK ((((probed_at IS NULL) = (probe_outcome IS NULL)) AND ((probed_at IS NULL) = (probed_by IS NULL)) AND (probe_outcome = ANY (ARRAY['open'::text, 'done'::text, 'error'::text])))),
  constraint probe_whole CHECK (((probe IS NULL) = (probe_kind IS NULL))),
  constraint question_answered CHECK (((state = 'answered'::text) = (answer IS NOT NULL))),
  constraint question_blocks_a_ticket CHECK (((NOT blocks) OR (ticket_id IS NOT NULL))),
  constraint question_ended CHECK ((((state = 'open'::text) = (closed_at IS NULL)) AND ((closed_at IS NULL) = (closed_by IS NULL)))),
  constraint question_goes_to CHECK ((goes_to = ANY (ARRAY['strategist'::text, 'operator'::text]))),
  constraint question_reasoned CHECK (((state = 'open'::text) OR (reason IS NOT NULL))),
  constraint question_state CHECK ((state = ANY (ARRAY['open'::text, 'answered'::text, 'done'::text, 'withdrawn'::text])))
);
alter table questions.questions enable row level security;
create policy own_tenant on questions.questions as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE UNIQUE INDEX one_open_question ON questions.questions USING btree (tenant_id, ticket_id, question_key) NULLS NOT DISTINCT WHERE (state = 'open'::text);
CREATE INDEX questions_asked ON questions.questions USING btree (tenant_id, asked_by, id) WHERE (state = 'open'::text);
CREATE INDEX questions_closed ON questions.questions USING btree (tenant_id, goes_to, closed_at) WHERE (state = 'answered'::text);
CREATE INDEX questions_commanded ON questions.questions USING btree (tenant_id, id) WHERE ((state = 'open'::text) AND (probe_kind = 'command'::text));
CREATE INDEX questions_of_ticket ON questions.questions USING btree (tenant_id, ticket_id, question_key, id);
CREATE INDEX questions_probed ON questions.questions USING btree (tenant_id, id) WHERE ((state = 'open'::text) AND (probe_kind IS NOT NULL) AND (probe_kind <> 'command'::text));
CREATE INDEX questions_waiting ON questions.questions USING btree (tenant_id, goes_to, id) WHERE (state = 'open'::text);
CREATE TRIGGER question_keeps_its_age BEFORE UPDATE ON questions.questions FOR EACH ROW EXECUTE FUNCTION questions.keep(); -- enabled always
CREATE TRIGGER refuse_delete BEFORE DELETE ON questions.questions FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change(); -- enabled always
grant insert, select on table questions.questions to longwatch_app;
grant update on column questions.questions.topic to longwatch_app;
grant update on column questions.questions.goes_to to longwatch_app;
grant update on column questions.questions.routed_at to longwatch_app;
grant update on column questions.questions.relabels to longwatch_app;
grant update on column questions.questions.probed_at to longwatch_app;
grant update on column questions.questions.probed_by to longwatch_app;
grant update on column questions.questions.probe_outcome to longwatch_app;
grant update on column questions.questions.state to longwatch_app;
grant update on column questions.questions.answer to longwatch_app;
grant update on column questions.questions.reason to longwatch_app;
grant update on column questions.questions.closed_by to longwatch_app;
grant update on column questions.questions.closed_at to longwatch_app;

create table questions.stalls ( -- owner longwatch_owner
  tenant_id integer not null,
  goes_to text not null,
  noticed_at timestamp with time zone not null,
  since timestamp with time zone not null,
  ended_at timestamp with time zone,
  constraint stalls_pkey PRIMARY KEY (tenant_id, goes_to, noticed_at),
  constraint stalls_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint stall_goes_to CHECK ((goes_to = ANY (ARRAY['strategist'::text, 'operator'::text]))),
  constraint stall_in_order CHECK (((since <= noticed_at) AND (ended_at > noticed_at)))
);
alter table questions.stalls enable row level security;
create policy own_tenant on questions.stalls as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE UNIQUE INDEX one_open_stall ON questions.stalls USING btree (tenant_id, goes_to) WHERE (ended_at IS NULL);
grant insert, select on table questions.stalls to longwatch_app;
grant update on column questions.stalls.ended_at to longwatch_app;

create table runtime.cadences ( -- owner longwatch_owner
  tenant_id integer not null,
  schedule text not null,
  number integer not null,
  pattern text not null,
  timezone text not null,
  replaces integer,
  reason text not null,
  begun_by bigint not null,
  begun_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  constraint cadences_pkey PRIMARY KEY (tenant_id, schedule, number),
  constraint cadences_tenant_id_begun_by_fkey FOREIGN KEY (tenant_id, begun_by) REFERENCES seats.principals(tenant_id, id),
  constraint cadences_tenant_id_schedule_fkey FOREIGN KEY (tenant_id, schedule) REFERENCES runtime.schedules(tenant_id, name),
  constraint cadences_tenant_id_schedule_replaces_fkey FOREIGN KEY (tenant_id, schedule, replaces) REFERENCES runtime.cadences(tenant_id, schedule, number),
  constraint cadence_in_order CHECK ((ended_at >= begun_at)),
  constraint cadences_follow CHECK (((number >= 1) AND (NOT (replaces IS DISTINCT FROM NULLIF((number - 1), 0)))))
);
alter table runtime.cadences enable row level security;
create policy own_tenant on runtime.cadences as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE UNIQUE INDEX one_cadence_stands ON runtime.cadences USING btree (tenant_id, schedule) WHERE (ended_at IS NULL);
grant insert, select on table runtime.cadences to longwatch_app;
grant update on column runtime.cadences.ended_at to longwatch_app;

create table runtime.held_posts ( -- owner longwatch_owner
  tenant_id integer not null,
  principal_id bigint not null,
  number integer not null,
  held_at timestamp with time zone not null,
  item text,
  subject text not null,
  body text not null,
  constraint held_posts_pkey PRIMARY KEY (tenant_id, principal_id, number),
  constraint held_posts_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint held_posts_tenant_id_principal_id_fkey FOREIGN KEY (tenant_id, principal_id) REFERENCES seats.principals(tenant_id, id)
);
alter table runtime.held_posts enable row level security;
create policy own_tenant on runtime.held_posts as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select, delete on table runtime.held_posts to longwatch_app;

create table runtime.runs ( -- owner longwatch_owner
  tenant_id integer not null,
  schedule text not null,
  number integer not null,
  cadence integer not null,
  due_at timestamp with time zone not null,
  fired_at timestamp with time zone not null,
  missed integer not null,
  seat_id bigint not null,
  taken_by uuid,
  taken_at timestamp with time zone,
  settled_at timestamp with time zone,
  outcome text,
  note text,
  constraint one_run_for_an_instant UNIQUE (tenant_id, schedule, due_at),
  constraint runs_pkey PRIMARY KEY (tenant_id, schedule, number),
  constraint runs_tenant_id_schedule_cadence_fkey FOREIGN KEY (tenant_id, schedule, cadence) REFERENCES runtime.cadences(tenant_id, schedule, number),
  constraint runs_tenant_id_seat_id_fkey FOREIGN KEY (tenant_id, seat_id) REFERENCES seats.principals(tenant_id, id),
  constraint only_taken_runs_are_settled CHECK (((settled_at IS NULL) OR (taken_at IS NOT NULL))),
  constraint run_in_order CHECK (((number >= 1) AND (fired_at >= due_at) AND (taken_at >= fired_at) AND (missed >= 0))),
  constraint run_outcome CHECK ((outcome = ANY (ARRAY['useful'::text, 'zero'::text, 'incident'::text, 'lost'::text]))),
  constraint run_settled_whole CHECK (((settled_at IS NULL) = (outcome IS NULL))),
  constraint run_taken_whole CHECK (((taken_at IS NULL) = (taken_by IS NULL)))
);
alter table runtime.runs enable row level security;
create policy own_tenant on runtime.runs as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE UNIQUE INDEX one_prompt_a_run ON runtime.runs USING btree (tenant_id, seat_id) WHERE ((taken_at IS NOT NULL) AND (settled_at IS NULL));
CREATE UNIQUE INDEX one_run_waits ON runtime.runs USING btree (tenant_id, schedule) WHERE (taken_at IS NULL);
CREATE INDEX runs_waiting ON runtime.runs USING btree (tenant_id, seat_id, due_at, schedule) WHERE (taken_at IS NULL);
grant insert, select on table runtime.runs to longwatch_app;
grant update on column runtime.runs.missed to longwatch_app;
grant update on column runtime.runs.taken_by to longwatch_app;
grant update on column runtime.runs.taken_at to longwatch_app;
grant update on column runtime.runs.settled_at to longwatch_app;
grant update on column runtime.runs.outcome to longwatch_app;
grant update on column runtime.runs.note to longwatch_app;

create table runtime.schedules ( -- owner longwatch_owner
  tenant_id integer not null,
  name text not null,
  prompt text not null,
  seat_id bigint not null,
  git_writes boolean not null,
  paces text[] not null,
  defined_at timestamp with time zone not null,
  cadences integer not null default 0,
  runs integer not null default 0,
  machine text,
  worktree text,
  armed_at timestamp with time zone,
  armed_by bigint,
  next_at timestamp with time zone,
  constraint schedules_pkey PRIMARY KEY (tenant_id, name),
  constraint schedules_tenant_id_armed_by_fkey FOREIGN KEY (tenant_id, armed_by) REFERENCES seats.principals(tenant_id, id),
  constraint schedules_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint schedules_tenant_id_seat_id_fkey FOREIGN KEY (tenant_id, seat_id) REFERENCES seats.principals(tenant_id, id),
  constraint armed_whole CHECK ((num_nonnulls(armed_at, armed_by, next_at) = ANY (ARRAY[0, 3]))),
  constraint git_writes_looked_at CHECK (((armed_at IS NULL) OR (NOT git_writes) OR (num_nulls(machine, worktree) = 0))),
  constraint worktree_whole CHECK ((num_nonnulls(machine, worktree) = ANY (ARRAY[0, 2])))
);
alter table runtime.schedules enable row level security;
create policy own_tenant on runtime.schedules as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE UNIQUE INDEX one_armed_schedule_in_a_worktree ON runtime.schedules USING btree (tenant_id, machine, worktree) WHERE ((armed_at IS NOT NULL) AND git_writes);
CREATE INDEX schedules_due ON runtime.schedules USING btree (tenant_id, next_at, name) WHERE (next_at IS NOT NULL);
grant insert, select on table runtime.schedules to longwatch_app;
grant update on column runtime.schedules.cadences to longwatch_app;
grant update on column runtime.schedules.runs to longwatch_app;
grant update on column runtime.schedules.machine to longwatch_app;
grant update on column runtime.schedules.worktree to longwatch_app;
grant update on column runtime.schedules.armed_at to longwatch_app;
grant update on column runtime.schedules.armed_by to longwatch_app;
grant update on column runtime.schedules.next_at to longwatch_app;

create table runtime.ticks ( -- owner longwatch_owner
  tenant_id integer not null,
  principal_id bigint not null,
  began_at timestamp with time zone not null,
  posts integer not null,
  constraint ticks_pkey PRIMARY KEY (tenant_id, principal_id),
  constraint ticks_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint ticks_tenant_id_principal_id_fkey FOREIGN KEY (tenant_id, principal_id) REFERENCES seats.principals(tenant_id, id)
);
alter table runtime.ticks enable row level security;
create policy own_tenant on runtime.ticks as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select, update, delete on table runtime.ticks to longwatch_app;

create table seats.deputies ( -- owner longwatch_owner
  tenant_id integer not null,
  role text not null,
  deputy_id bigint not null,
  named_by bigint not null,
  named_at timestamp with time zone not null default statement_timestamp(),
  constraint deputies_pkey PRIMARY KEY (tenant_id, role, deputy_id),
  constraint deputies_tenant_id_deputy_id_fkey FOREIGN KEY (tenant_id, deputy_id) REFERENCES seats.principals(tenant_id, id),
  constraint deputies_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint deputies_tenant_id_named_by_fkey FOREIGN KEY (tenant_id, named_by) REFERENCES seats.principals(tenant_id, id),
  constraint deputy_not_by_itself CHECK ((deputy_id <> named_by)),
  constraint deputy_role CHECK ((role = ANY (ARRAY['strategist'::text, 'coordinator'::text, 'gatekeeper'::text, 'witness'::text, 'auditor'::text])))
);
alter table seats.deputies enable row level security;
create policy own_tenant on seats.deputies as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select, delete on table seats.deputies to longwatch_app;

create table seats.dormancies ( -- owner longwatch_owner
  tenant_id integer not null,
  role text not null,
  noticed_at timestamp with time zone not null,
  since timestamp with time zone not null,
  ended_at timestamp with time zone,
  constraint dormancies_pkey PRIMARY KEY (tenant_id, role, noticed_at),
  constraint dormancies_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint dormancy_in_order CHECK (((since <= noticed_at) AND (ended_at > noticed_at))),
  constraint dormancy_role CHECK ((role = ANY (ARRAY['strategist'::text, 'coordinator'::text, 'gatekeeper'::text, 'witness'::text, 'auditor'::text])))
);
alter table seats.dormancies enable row level security;
create policy own_tenant on seats.dormancies as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE UNIQUE INDEX one_open_dormancy ON seats.dormancies USING btree (tenant_id, role) WHERE (ended_at IS NULL);
grant insert, select on table seats.dormancies to longwatch_app;
grant update on column seats.dormancies.ended_at to longwatch_app;

create table seats.labels ( -- owner longwatch_owner
  tenant_id integer not null,
  principal_id bigint not null,
  label text not null,
  labelled_at timestamp with time zone not null default statement_timestamp(),
  constraint one_seat_for_a_label UNIQUE (tenant_id, label),
  constraint labels_pkey PRIMARY KEY (tenant_id, principal_id),
  constraint labels_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint labels_tenant_id_principal_id_fkey FOREIGN KEY (tenant_id, principal_id) REFERENCES seats.principals(tenant_id, id),
  constraint label_says_something CHECK ((label ~ '\S'::text))
);
alter table seats.labels enable row level security;
create policy own_tenant on seats.labels as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select, update, delete on table seats.labels to longwatch_app;

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
  parent text default 
CASE
    WHEN (kind = 'sub_agent'::text) THEN "substring"(name, '^(.*)/[^/]*$'::text)
    ELSE NULL::text
END,
  scope text[],
  constraint principals_name UNIQUE (tenant_id, name),
  constraint principals_pkey PRIMARY KEY (tenant_id, id),
  constraint principals_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint sub_agent_has_parent FOREIGN KEY (tenant_id, parent) REFERENCES seats.principals(tenant_id, name),
  constraint adopted_iff_incarnation CHECK (((incarnation IS NULL) = (adopted_at IS NULL))),
  constraint principal_kind CHECK ((kind = ANY (ARRAY['person'::text, 'seat'::text, 'service'::text, 'sub_agent'::text]))),
  constraint principal_role CHECK ((role = ANY (ARRAY['operator'::text, 'strategist'::text, 'implementer'::text, 'coordinator'::text, 'gatekeeper'::text, 'witness'::text, 'auditor'::text, 'steward'::text, 'sentinel'::text, 'communicator'::text, 'service'::text]))),
  constraint principal_status CHECK ((status = ANY (ARRAY['idle'::text, 'busy'::text, 'blocked'::text]))),
  constraint sub_agent_depth CHECK (
CASE kind
    WHEN 'sub_agent'::text THEN (name ~ '^[^/]+(/[A-Za-z0-9][A-Za-z0-9._-]{0,39}){1,3}$'::text)
    ELSE (strpos(name, '/'::text) = 0)
END),
  constraint sub_agent_has_scope CHECK (((kind = 'sub_agent'::text) = (scope IS NOT NULL)))
) with (fillfactor=50);
alter table seats.principals enable row level security;
create policy own_tenant on seats.principals as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE INDEX principals_parent ON seats.principals USING btree (tenant_id, parent) WHERE (parent IS NOT NULL);
CREATE TRIGGER label_ends_with_session AFTER UPDATE OF incarnation ON seats.principals FOR EACH ROW WHEN (((old.incarnation IS DISTINCT FROM new.incarnation) AND (old.incarnation IS NOT NULL))) EXECUTE FUNCTION seats.end_label(); -- enabled always
CREATE TRIGGER sub_agent_is_smaller AFTER INSERT OR UPDATE OF scope, role, kind, name, incarnation ON seats.principals FOR EACH ROW WHEN ((new.kind = 'sub_agent'::text)) EXECUTE FUNCTION seats.keep_sub_agent_smaller(); -- enabled always
CREATE TRIGGER sub_agents_end_with_parent AFTER UPDATE OF incarnation ON seats.principals FOR EACH ROW WHEN (((old.incarnation IS DISTINCT FROM new.incarnation) AND (old.incarnation IS NOT NULL))) EXECUTE FUNCTION seats.end_with_parent(); -- enabled always
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

create table tickets.actors ( -- owner longwatch_owner
  tenant_id integer not null,
  actor text not null,
  opened_at timestamp with time zone not null,
  settled_at timestamp with time zone,
  settled_by bigint,
  principal_id bigint,
  reason text,
  constraint actors_pkey PRIMARY KEY (tenant_id, actor),
  constraint actors_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint actors_tenant_id_principal_id_fkey FOREIGN KEY (tenant_id, principal_id) REFERENCES seats.principals(tenant_id, id),
  constraint actors_tenant_id_settled_by_fkey FOREIGN KEY (tenant_id, settled_by) REFERENCES seats.principals(tenant_id, id),
  constraint actor_settled_whole CHECK ((num_nonnulls(settled_at, settled_by, reason) = ANY (ARRAY[0, 3]))),
  constraint mapped_is_settled CHECK (((principal_id IS NULL) OR (settled_at IS NOT NULL)))
);
alter table tickets.actors enable row level security;
create policy own_tenant on tickets.actors as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE INDEX actors_open ON tickets.actors USING btree (tenant_id, actor) WHERE (settled_at IS NULL);
grant insert, select on table tickets.actors to longwatch_app;
grant update on column tickets.actors.settled_at to longwatch_app;
grant update on column tickets.actors.settled_by to longwatch_app;
grant update on column tickets.actors.principal_id to longwatch_app;
grant update on column tickets.actors.reason to longwatch_app;

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

create table tickets.collisions ( -- owner longwatch_owner
  tenant_id integer not null,
  id bigint not null,
  number text not null,
  pattern text not null,
  first_seat text not null,
  first_at timestamp with time zone not null,
  first_title text not null,
  first_ticket text,
  second_seat text not null,
  second_at timestamp with time zone not null,
  second_title text not null,
  second_ticket text,
  final boolean not null,
  source text not null,
  digest text not null,
  opened_at timestamp with time zone not null,
  opened_by bigint not null,
  settled_at timestamp with time zone,
  settled_by bigint,
  outcome text,
  reason text,
  amended_to text,
  constraint collision_once UNIQUE (tenant_id, digest),
  constraint collisions_pkey PRIMARY KEY (tenant_id, id),
  constraint collisions_tenant_id_amended_to_fkey FOREIGN KEY (tenant_id, amended_to) REFERENCES tickets.tickets(tenant_id, id),
  constraint collisions_tenant_id_first_ticket_fkey FOREIGN KEY (tenant_id, first_ticket) REFERENCES tickets.tickets(tenant_id, id),
  constraint collisions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint collisions_tenant_id_opened_by_fkey FOREIGN KEY (tenant_id, opened_by) REFERENCES seats.principals(tenant_id, id),
  constraint collisions_tenant_id_second_ticket_fkey FOREIGN KEY (tenant_id, second_ticket) REFERENCES tickets.tickets(tenant_id, id),
  constraint collisions_tenant_id_settled_by_fkey FOREIGN KEY (tenant_id, settled_by) REFERENCES seats.principals(tenant_id, id),
  constraint amendment_has_ticket CHECK (((NOT (outcome IS DISTINCT FROM 'amended'::text)) = (amended_to IS NOT NULL))),
  constraint amendment_is_another CHECK ((amended_to <> first_ticket)),
  constraint collision_outcome CHECK ((outcome = ANY (ARRAY['amended'::text, 'ruled'::text, 'explained'::text]))),
  constraint collision_pattern CHECK ((pattern = ANY (ARRAY['simultaneous_filing'::text, 'mass_dispatch'::text, 'unseen_actor'::text, 'reservation'::text, 'surface'::text, 'identity'::text]))),
  constraint first_post_wins CHECK ((final OR (first_at < second_at) OR ((first_at = second_at) AND ((first_seat COLLATE "C") <= (second_seat COLLATE "C"))))),
  constraint settled_whole CHECK ((num_nonnulls(settled_at, settled_by, outcome, reason) = ANY (ARRAY[0, 4])))
);
alter table tickets.collisions enable row level security;
create policy own_tenant on tickets.collisions as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE INDEX collisions_open ON tickets.collisions USING btree (tenant_id, id) WHERE (settled_at IS NULL);
CREATE INDEX collisions_open_first ON tickets.collisions USING btree (tenant_id, first_ticket) WHERE (settled_at IS NULL);
CREATE INDEX collisions_open_number ON tickets.collisions USING btree (tenant_id, number) WHERE (settled_at IS NULL);
CREATE INDEX collisions_open_second ON tickets.collisions USING btree (tenant_id, second_ticket) WHERE (settled_at IS NULL);
grant insert, select on table tickets.collisions to longwatch_app;
grant update on column tickets.collisions.settled_at to longwatch_app;
grant update on column tickets.collisions.settled_by to longwatch_app;
grant update on column tickets.collisions.outcome to longwatch_app;
grant update on column tickets.collisions.reason to longwatch_app;
grant update on column tickets.collisions.amended_to to longwatch_app;

create table tickets.contest_rules ( -- owner longwatch_owner
  tenant_id integer not null,
  contest_seconds integer not null,
  constraint contest_rules_pkey PRIMARY KEY (tenant_id),
  constraint contest_rules_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint contest_ends_in_time CHECK (((contest_seconds >= 0) AND (contest_seconds <= 20)))
);
alter table tickets.contest_rules enable row level security;
create policy own_tenant on tickets.contest_rules as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select on table tickets.contest_rules to longwatch_app;
grant update on column tickets.contest_rules.contest_seconds to longwatch_app;

create table tickets.deliverables ( -- owner longwatch_owner
  tenant_id integer not null,
  ticket_id text not null,
  path text not null,
  branch text not null,
  sha text not null,
  verify text not null,
  said_by bigint not null,
  said_at timestamp with time zone not null,
  state text not null default 'unverified'::text,
  attempts integer not null default 0,
  runner_id bigint,
  fencing_token uuid,
  lease_expires_at timestamp with time zone,
  settled_at timestamp with time zone,
  reason text,
  constraint deliverables_pkey PRIMARY KEY (tenant_id, ticket_id),
  constraint deliverables_tenant_id_ticket_id_fkey FOREIGN KEY (tenant_id, ticket_id) REFERENCES tickets.tickets(tenant_id, id),
  constraint deliverable_sha CHECK ((sha ~ '^[0-9a-f]{7,64}$'::text)),
  constraint deliverable_state CHECK ((state = ANY (ARRAY['unverified'::text, 'verifying'::text, 'verified'::text, 'failed'::text, 'withdrawn'::text]))),
  constraint failure_has_reason CHECK (((state <> 'failed'::text) OR (reason IS NOT NULL))),
  constraint runner_iff_verifying CHECK ((num_nonnulls(runner_id, fencing_token, lease_expires_at) =
CASE state
    WHEN 'verifying'::text THEN 3
    ELSE 0
END)),
  constraint settled_iff_over CHECK (((settled_at IS NOT NULL) = (state = ANY (ARRAY['verified'::text, 'failed'::text, 'withdrawn'::text]))))
);
alter table tickets.deliverables enable row level security;
create policy own_tenant on tickets.deliverables as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE INDEX deliverables_waiting ON tickets.deliverables USING btree (tenant_id, attempts, said_at) WHERE (state = ANY (ARRAY['unverified'::text, 'verifying'::text]));
grant insert, select, update on table tickets.deliverables to longwatch_app;

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
grant insert, select, delete on table tickets.links to longwatch_app;
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

create table tickets.receipts ( -- owner longwatch_owner
  tenant_id integer not null,
  ticket_id text not null,
  stage text not null,
  round integer not null,
  at timestamp with time zone not null,
  by_id bigint not null,
  evidence text not null default ''::text,
  no_op boolean not null default false,
  withdrawn_at timestamp with time zone,
  withdrawn_by bigint,
  withdrawn_reason text,
  constraint receipts_pkey PRIMARY KEY (tenant_id, ticket_id, stage, round),
  constraint receipts_tenant_id_ticket_id_fkey FOREIGN KEY (tenant_id, ticket_id) REFERENCES tickets.tickets(tenant_id, id),
  constraint no_op_is_a_finish CHECK (((NOT no_op) OR (stage = 'code_complete'::text))),
  constraint receipt_round CHECK ((round >= 1)),
  constraint receipt_stage CHECK ((stage = ANY (ARRAY['code_complete'::text, 'merged'::text, 'deployed'::text, 'observed'::text]))),
  constraint withdrawn_whole CHECK ((num_nonnulls(withdrawn_at, withdrawn_by, withdrawn_reason) = ANY (ARRAY[0, 3])))
);
alter table tickets.receipts enable row level security;
create policy own_tenant on tickets.receipts as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE UNIQUE INDEX one_receipt_for_each_stage ON tickets.receipts USING btree (tenant_id, ticket_id, stage) WHERE (withdrawn_at IS NULL);
CREATE INDEX receipts_of_finishes ON tickets.receipts USING btree (tenant_id, by_id, at) WHERE ((stage = 'code_complete'::text) AND (withdrawn_at IS NULL));
CREATE INDEX receipts_of_no_ops ON tickets.receipts USING btree (tenant_id, at) WHERE (no_op AND (withdrawn_at IS NULL));
grant insert, select on table tickets.receipts to longwatch_app;
grant update on column tickets.receipts.withdrawn_at to longwatch_app;
grant update on column tickets.receipts.withdrawn_by to longwatch_app;
grant update on column tickets.receipts.withdrawn_reason to longwatch_app;

create table tickets.requirements ( -- owner longwatch_owner
  tenant_id integer not null,
  scope text not null,
  name text not null,
  proofs text[] not null,
  constraint requirements_pkey PRIMARY KEY (tenant_id, scope, name),
  constraint requirements_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint everywhere_has_no_name CHECK (((scope = 'everywhere'::text) = (name = ''::text))),
  constraint known_proofs CHECK ((proofs <@ ARRAY['deliverable'::text, 'merge'::text, 'work_proof'::text, 'user_value'::text, 'follow_ons'::text, 'activation'::text, 'design_review'::text])),
  constraint requirement_scope CHECK ((scope = ANY (ARRAY['everywhere'::text, 'namespace'::text, 'type'::text])))
);
alter table tickets.requirements enable row level security;
create policy own_tenant on tickets.requirements as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select on table tickets.requirements to longwatch_app;
grant update on column tickets.requirements.proofs to longwatch_app;

create table tickets.runs ( -- owner longwatch_owner
  tenant_id integer not null,
  scope text not null,
  name text not null,
  run integer not null,
  incarnation uuid,
  since timestamp with time zone not null,
  last_ticket text not null,
  constraint runs_pkey PRIMARY KEY (tenant_id, scope, name),
  constraint runs_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint run_counted CHECK ((run >= 0)),
  constraint run_scope CHECK ((scope = ANY (ARRAY['seat'::text, 'lane'::text, 'fleet'::text])))
) with (fillfactor=50);
alter table tickets.runs enable row level security;
create policy own_tenant on tickets.runs as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select, update on table tickets.runs to longwatch_app;

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

create table tickets.sightings ( -- owner longwatch_owner
  tenant_id integer not null,
  actor text not null,
  act text not null,
  ticket text not null,
  at timestamp with time zone not null,
  source text not null,
  evidence text not null,
  seen_at timestamp with time zone not null,
  constraint sightings_pkey PRIMARY KEY (tenant_id, actor, act, ticket),
  constraint sightings_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint sighting_act CHECK ((act = ANY (ARRAY['posted'::text, 'committed'::text, 'claimed'::text])))
);
alter table tickets.sightings enable row level security;
create policy own_tenant on tickets.sightings as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select on table tickets.sightings to longwatch_app;

create table tickets.spooled ( -- owner longwatch_owner
  tenant_id integer not null,
  spool text not null,
  n bigint not null,
  previous bigint default NULLIF((n - 1), 0),
  digest text not null,
  operation text not null,
  provisional text,
  namespace text,
  expected text,
  title text,
  input text,
  posted_at timestamp with time zone not null,
  effective_at timestamp with time zone not null,
  received_at timestamp with time zone not null,
  state text not null,
  due_at timestamp with time zone,
  held text,
  said_before boolean not null,
  final_id text,
  outcome text,
  reason text,
  code text,
  settled_at timestamp with time zone,
  constraint spooled_pkey PRIMARY KEY (tenant_id, spool, n),
  constraint spool_without_gap FOREIGN KEY (tenant_id, spool, previous) REFERENCES tickets.spooled(tenant_id, spool, n),
  constraint spooled_tenant_id_spool_fkey FOREIGN KEY (tenant_id, spool) REFERENCES tickets.spools(tenant_id, name),
  constraint contending_has_no_outcome CHECK (((state <> 'contending'::text) OR (num_nonnulls(final_id, outcome) = 0))),
  constraint contending_until_due CHECK (((state = 'contending'::text) = (due_at IS NOT NULL))),
  constraint no_number_without_ticket CHECK (((state <> 'settled'::text) OR (outcome <> ALL (ARRAY['confirmed'::text, 'amended'::text])) OR (final_id IS NOT NULL))),
  constraint number_held_in_a_contest CHECK (((held IS NULL) OR (state = 'contending'::text))),
  constraint said_before_has_outcome CHECK (((NOT said_before) OR (outcome = ANY (ARRAY['confirmed'::text, 'amended'::text, 'posted'::text])))),
  constraint settled_whole CHECK (
CASE state
    WHEN 'settled'::text THEN ((num_nonnulls(settled_at, outcome) = 2) AND (input IS NULL))
    ELSE (settled_at IS NULL)
END),
  constraint spooled_counted CHECK ((n >= 1)),
  constraint spooled_operation CHECK ((operation = ANY (ARRAY['ticket.file'::text, 'post.append'::text]))),
  constraint spooled_outcome CHECK ((outcome = ANY (ARRAY['confirmed'::text, 'amended'::text, 'posted'::text, 'refused'::text, 'lost'::text]))),
  constraint spooled_state CHECK ((state = ANY (ARRAY['contending'::text, 'waiting'::text, 'settled'::text])))
);
alter table tickets.spooled enable row level security;
create policy own_tenant on tickets.spooled as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE UNIQUE INDEX held_once ON tickets.spooled USING btree (tenant_id, held) WHERE (held IS NOT NULL);
CREATE UNIQUE INDEX provisional_once ON tickets.spooled USING btree (tenant_id, provisional) WHERE (provisional IS NOT NULL);
CREATE UNIQUE INDEX settled_number_once ON tickets.spooled USING btree (tenant_id, final_id) WHERE ((final_id IS NOT NULL) AND (outcome <> 'posted'::text));
CREATE INDEX spooled_contending ON tickets.spooled USING btree (tenant_id, spool, n) WHERE (state = 'contending'::text);
CREATE INDEX spooled_due ON tickets.spooled USING btree (tenant_id, due_at) WHERE (state = 'contending'::text);
CREATE INDEX spooled_pending ON tickets.spooled USING btree (tenant_id, effective_at) WHERE (state <> 'settled'::text);
CREATE TRIGGER keep_outcome BEFORE UPDATE ON tickets.spooled FOR EACH ROW WHEN ((old.state = 'settled'::text)) EXECUTE FUNCTION tickets.keep_outcome(); -- enabled always
grant insert, select on table tickets.spooled to longwatch_app;
grant update on column tickets.spooled.input to longwatch_app;
grant update on column tickets.spooled.state to longwatch_app;
grant update on column tickets.spooled.due_at to longwatch_app;
grant update on column tickets.spooled.held to longwatch_app;
grant update on column tickets.spooled.final_id to longwatch_app;
grant update on column tickets.spooled.outcome to longwatch_app;
grant update on column tickets.spooled.reason to longwatch_app;
grant update on column tickets.spooled.code to longwatch_app;
grant update on column tickets.spooled.settled_at to longwatch_app;

create table tickets.spools ( -- owner longwatch_owner
  tenant_id integer not null,
  name text not null,
  seat_id bigint not null,
  received_upto bigint not null default 0,
  settled_upto bigint not null default 0,
  effective_upto timestamp with time zone,
  opened_at timestamp with time zone not null,
  answered_at timestamp with time zone not null,
  constraint spools_pkey PRIMARY KEY (tenant_id, name),
  constraint spools_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES kernel.tenants(id),
  constraint spools_tenant_id_seat_id_fkey FOREIGN KEY (tenant_id, seat_id) REFERENCES seats.principals(tenant_id, id),
  constraint settled_within_received CHECK (((settled_upto >= 0) AND (settled_upto <= received_upto)))
);
alter table tickets.spools enable row level security;
create policy own_tenant on tickets.spools as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select on table tickets.spools to longwatch_app;
grant update on column tickets.spools.received_upto to longwatch_app;
grant update on column tickets.spools.settled_upto to longwatch_app;
grant update on column tickets.spools.effective_upto to longwatch_app;
grant update on column tickets.spools.answered_at to longwatch_app;

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
CREATE INDEX tickets_claimed ON tickets.tickets USING btree (tenant_id, claimed_by, id) WHERE (claimed_by IS NOT NULL);
CREATE INDEX tickets_counted ON tickets.tickets USING btree (tenant_id, namespace, state) WHERE (namespace <> ''::text);
CREATE INDEX tickets_ended ON tickets.tickets USING btree (tenant_id, closed_at) INCLUDE (lane, state) WHERE (closed_at IS NOT NULL);
CREATE INDEX tickets_filed ON tickets.tickets USING btree (tenant_id, filed_at) INCLUDE (lane);
CREATE INDEX tickets_filers ON tickets.tickets USING btree (tenant_id, namespace, filed_by) WHERE (namespace <> ''::text);
CREATE INDEX tickets_given ON tickets.tickets USING btree (tenant_id, owner_id, lane, priority, filed_at, id) WHERE ((state = 'awaiting_claim'::text) AND (open_blockers = 0) AND (owner_id IS NOT NULL));
CREATE INDEX tickets_leased ON tickets.tickets USING btree (tenant_id, lease_expires_at) WHERE (state = 'in_progress'::text);
CREATE INDEX tickets_self_filed ON tickets.tickets USING btree (tenant_id, filed_by, filed_at) WHERE ((state = 'awaiting_claim'::text) AND (open_blockers = 0) AND (filed_by > 0));
CREATE INDEX tickets_waiting ON tickets.tickets USING btree (tenant_id, lane, priority, filed_at, id) WHERE ((state = ANY (ARRAY['reserved'::text, 'blocked'::text, 'parked'::text, 'conditional'::text])) OR ((state = 'awaiting_claim'::text) AND (open_blockers > 0)));
grant insert, select, update on table tickets.tickets to longwatch_app;

create table tickets.triggers ( -- owner longwatch_owner
  tenant_id integer not null,
  ticket_id text not null,
  words text not null,
  kind text not null,
  target_id text,
  state text,
  stage text,
  namespace text,
  comparison text,
  bound integer,
  at timestamp with time zone,
  over_at timestamp with time zone,
  constraint triggers_pkey PRIMARY KEY (tenant_id, ticket_id),
  constraint triggers_tenant_id_namespace_fkey FOREIGN KEY (tenant_id, namespace) REFERENCES tickets.namespaces(tenant_id, prefix),
  constraint triggers_tenant_id_target_id_fkey FOREIGN KEY (tenant_id, target_id) REFERENCES tickets.tickets(tenant_id, id),
  constraint triggers_tenant_id_ticket_id_fkey FOREIGN KEY (tenant_id, ticket_id) REFERENCES tickets.tickets(tenant_id, id),
  constraint trigger_whole CHECK (
CASE kind
    WHEN 'ticket'::text THEN ((num_nonnulls(target_id, state) = 2) AND (num_nulls(stage, namespace, comparison, bound, at) = 5))
    WHEN 'receipt'::text THEN ((num_nonnulls(target_id, stage) = 2) AND (num_nulls(state, namespace, comparison, bound, at) = 5))
    WHEN 'count'::text THEN ((num_nonnulls(namespace, state, comparison, bound) = 4) AND (num_nulls(target_id, stage, at) = 3))
    WHEN 'date'::text THEN ((at IS NOT NULL) AND (num_nulls(target_id, state, stage, namespace, comparison, bound) = 6))
    ELSE false
END)
);
alter table tickets.triggers enable row level security;
create policy own_tenant on tickets.triggers as permissive for all to public using ((tenant_id = kernel.tenant()));
CREATE INDEX triggers_armed ON tickets.triggers USING btree (tenant_id, ticket_id) WHERE (over_at IS NULL);
grant insert, select, delete on table tickets.triggers to longwatch_app;
grant update on column tickets.triggers.over_at to longwatch_app;

create table turns.cycles ( -- owner longwatch_owner
  tenant_id integer not null,
  seat_id bigint not null,
  cycle integer not null,
  incarnation uuid not null,
  at timestamp with time zone not null,
  previous_cycle integer default NULLIF((cycle - 1), 0),
  previous_at timestamp with time zone,
  snapshot jsonb not null,
  constraint cycle_instant UNIQUE (tenant_id, seat_id, cycle, at),
  constraint cycles_pkey PRIMARY KEY (tenant_id, seat_id, cycle),
  constraint cycle_follows FOREIGN KEY (tenant_id, seat_id, previous_cycle, previous_at) REFERENCES turns.cycles(tenant_id, seat_id, cycle, at),
  constraint cycles_tenant_id_seat_id_fkey FOREIGN KEY (tenant_id, seat_id) REFERENCES seats.principals(tenant_id, id),
  constraint cycle_of_three CHECK (((cycle >= 1) AND (cycle <= 3))),
  constraint cycles_apart CHECK ((at >= (previous_at + '00:02:00'::interval))),
  constraint first_cycle_has_none_before CHECK (((cycle = 1) = (previous_at IS NULL)))
);
alter table turns.cycles enable row level security;
create policy own_tenant on turns.cycles as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select, delete on table turns.cycles to longwatch_app;

create table turns.reasons ( -- owner longwatch_owner
  tenant_id integer not null,
  seat_id bigint not null,
  ticket_id text not null,
  incarnation uuid not null,
  class text not null,
  reason text not null,
  at timestamp with time zone not null,
  constraint reasons_pkey PRIMARY KEY (tenant_id, seat_id, ticket_id),
  constraint reasons_tenant_id_seat_id_fkey FOREIGN KEY (tenant_id, seat_id) REFERENCES seats.principals(tenant_id, id),
  constraint reasons_tenant_id_ticket_id_fkey FOREIGN KEY (tenant_id, ticket_id) REFERENCES tickets.tickets(tenant_id, id),
  constraint reason_class CHECK ((class = ANY (ARRAY['capacity'::text, 'handoff'::text, 'expertise'::text]))),
  constraint reason_said CHECK ((reason <> ''::text))
);
alter table turns.reasons enable row level security;
create policy own_tenant on turns.reasons as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select, update on table turns.reasons to longwatch_app;

create table turns.turns ( -- owner longwatch_owner
  tenant_id integer not null,
  seat_id bigint not null,
  turn integer not null,
  incarnation uuid not null,
  opened_at timestamp with time zone not null,
  closed_at timestamp with time zone,
  turned_around integer not null default 0,
  constraint turns_pkey PRIMARY KEY (tenant_id, seat_id),
  constraint turns_tenant_id_seat_id_fkey FOREIGN KEY (tenant_id, seat_id) REFERENCES seats.principals(tenant_id, id),
  constraint turn_counted CHECK ((turn >= 1)),
  constraint turn_in_order CHECK ((closed_at >= opened_at)),
  constraint turned_around_bounded CHECK (((turned_around >= 0) AND (turned_around <= 3)))
) with (fillfactor=50);
alter table turns.turns enable row level security;
create policy own_tenant on turns.turns as permissive for all to public using ((tenant_id = kernel.tenant()));
grant insert, select, update on table turns.turns to longwatch_app;

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION delegation.keep_receipts()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if old.delivered_at is distinct from new.delivered_at and old.delivered_at is not null
    or old.acknowledged_at is distinct from new.acknowledged_at and old.acknowledged_at is not null
    or old.superseded_at is not null or old.verdict = 'accepted'
  then
    raise 'delegation: a receipt of % stands as it was given', old.ticket_id using errcode = 'LW017';
  end if;
  return new;
end $function$;
-- grant execute to PUBLIC, by default

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
CREATE OR REPLACE FUNCTION landing.keep_outcome()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  stages constant text[] := array['claimed', 'closure', 'verify', 'deploy', 'health', 'rollback'];
begin
  if old.state not in ('running', 'abandoned') then
    if old.withdrawn_by is not null or to_jsonb(old) - 'withdrawn_by' <> to_jsonb(new) - 'withdrawn_by' then
      raise 'landing: deploy % is % already', old.id, old.state using errcode = 'LW018';
    end if;
  elsif old.state = 'abandoned' then
    if new.state <> 'running' or new.stage <> 'recover' or new.attempt <> old.attempt + 1 then
      raise 'landing: deploy % was abandoned; it is taken over first', old.id using errcode = 'LW018';
    end if;
  elsif new.attempt <> old.attempt or new.state = 'running' and new.fencing_token <> old.fencing_token
    or array_position(stages, new.stage) < array_position(stages, old.stage)
    or (old.stage = 'recover' and new.stage not in ('recover', 'rollback'))
    or (new.stage = 'recover' and old.stage <> 'recover')
  then
    raise 'landing: deploy % goes forwards only', old.id using errcode = 'LW018';
  end if;
  return new;
end $function$;
-- grant execute to PUBLIC, by default

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION landing.refuse_unguarded()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if not exists (select from landing.guard_proofs p where p.tenant_id = new.tenant_id
    and p.environment = new.environment and p.guard = new.guard and p.deploy_id = new.guarded_by and p.served) then
    raise 'landing: the guard of % is not in the release', new.name using errcode = 'LW019';
  end if;
  return new;
end $function$;
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
declare
  head ledger.heads;
  last_seq bigint;
  last_hash bytea;
  entry record;
begin
  for entry in select f.tenant_id, f.seq, f.leaf, f.entry_hash from fresh f loop
    if last_seq is null then
      select * into head from ledger.heads h where h.tenant_id = entry.tenant_id;
      last_seq := head.seq;
      last_hash := head.hash;
    end if;
    if (entry.tenant_id, entry.seq, entry.entry_hash) is distinct from
      (head.tenant_id, last_seq + 1, sha256('\x02'::bytea || last_hash || sha256('\x00'::bytea || entry.leaf)))
    then
      raise 'ledger: entry % does not follow from %, behind the head %: a gap, a fork, a wrong hash, or two chains',
        entry.seq, last_seq, head.seq using errcode = 'LW001';
    end if;
    last_seq := entry.seq;
    last_hash := entry.entry_hash;
  end loop;
  update ledger.heads h set seq = last_seq, hash = last_hash
  where h.tenant_id = head.tenant_id and h.seq = head.seq and h.hash = head.hash;
  if not found and last_seq is not null then
    raise 'ledger: the head moved from % while entries up to % were appended to it', head.seq, last_seq
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
CREATE OR REPLACE FUNCTION policy.check_use()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if not exists (select from policy.approvals a where a.tenant_id = new.tenant_id and a.id = new.approval
      and a.state = 'granted' and a.expires_at > now())
    and not exists (select from policy.consents c where c.tenant_id = new.tenant_id and c.id = new.consent
      and c.revoked_at is null and c.expires_at > now())
  then
    raise 'policy: decision % rests on what does not stand', new.decision using errcode = 'LW015';
  end if;
  return null;
end $function$;
-- grant execute to PUBLIC, by default

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION policy.keep_verdict()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  raise 'policy: approval % is % already', old.id, old.state using errcode = 'LW014';
end $function$;
-- grant execute to PUBLIC, by default

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION policy.never_without()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if exists (select from policy.activations a
    where a.tenant_id = new.tenant_id and lower(a.active) = upper(new.active)) then
    return null;
  end if;
  raise 'policy: the tenant would be without an active policy' using errcode = 'LW006';
end $function$;
-- grant execute to PUBLIC, by default

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION policy.only_ends()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if tg_op = 'UPDATE' and upper_inf(old.active) and not upper_inf(new.active)
    and (old.tenant_id, old.version, old.activated_by, lower(old.active))
      is not distinct from (new.tenant_id, new.version, new.activated_by, lower(new.active)) then
    return new;
  end if;
  raise 'policy: an activation ends; it is not changed or removed' using errcode = 'LW006';
end $function$;
-- grant execute to PUBLIC, by default

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION policy.refuse_theft()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if new.asker_id <> old.asker_id and old.held_until > new.held_at then
    raise 'seat % is held until %', old.seat_id, old.held_until using errcode = 'LW010';
  end if;
  return new;
end $function$;
-- grant execute to PUBLIC, by default

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION questions.keep()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  if (new.asked_at, new.asked_by, new.asked_seq, new.question, new.ticket_id)
    is distinct from (old.asked_at, old.asked_by, old.asked_seq, old.question, old.ticket_id) then
    raise 'questions: % was asked as it was asked', old.id using errcode = 'LW023';
  end if;
  if old.state <> 'open' then
    raise 'questions: % is % already', old.id, old.state using errcode = 'LW024';
  end if;
  return new;
end $function$;
-- grant execute to PUBLIC, by default

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION seats.end_label()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  delete from seats.labels l where l.tenant_id = new.tenant_id and l.principal_id = new.id;
  return null;
end $function$;
-- grant execute to PUBLIC, by default

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION seats.end_sub_agents(of_tenant integer, of_parent text)
 RETURNS SETOF text
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
BEGIN ATOMIC
 WITH RECURSIVE below(name) AS (
          SELECT p_1.name
            FROM seats.principals p_1
           WHERE ((p_1.tenant_id = end_sub_agents.of_tenant) AND (p_1.parent = end_sub_agents.of_parent))
         UNION ALL
          SELECT p_1.name
            FROM (below b
              JOIN seats.principals p_1 ON (((p_1.tenant_id = end_sub_agents.of_tenant) AND (p_1.parent = b.name))))
         )
  UPDATE seats.principals p SET incarnation = NULL::uuid, adopted_at = NULL::timestamp with time zone, retired_at = statement_timestamp()
   WHERE ((p.tenant_id = end_sub_agents.of_tenant) AND (p.name = ANY (ARRAY( SELECT below.name
            FROM below))) AND (p.incarnation IS NOT NULL))
   RETURNING p.name;
END;
-- grant execute to PUBLIC, by default

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION seats.end_with_parent()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform seats.end_sub_agents(new.tenant_id, new.name);
  return null;
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
CREATE OR REPLACE FUNCTION seats.keep_sub_agent_smaller()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  over seats.principals;
begin
  select * into over from seats.principals p where p.tenant_id = new.tenant_id and p.name = new.parent for share;
  if over.kind not in ('seat', 'sub_agent') or over.role <> new.role
    or over.scope is not null and not (new.scope <@ over.scope and not over.scope <@ new.scope)
  then
    raise 'seats: the scope of % is not smaller than that of %', new.name, over.name using errcode = 'LW016';
  end if;
  if new.incarnation is not null and over.incarnation is null then
    raise 'seats: % has no session that % could be a part of', over.name, new.name using errcode = 'LW016';
  end if;
  return new;
end $function$;
-- grant execute to PUBLIC, by default

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
 RETURNS TABLE(tenant_id integer, tenant text, principal_id bigint, name text, role text, incarnation uuid, scope text, expires_at timestamp with time zone, authority_revision bigint, reach text[], stands_in_for text[])
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
     h.authority_revision,
     p.scope,
     ARRAY( SELECT d.role
            FROM (seats.deputies d
              JOIN seats.dormancies o ON (((o.tenant_id = d.tenant_id) AND (o.role = d.role) AND (o.ended_at IS NULL))))
           WHERE ((d.tenant_id = t.tenant_id) AND (d.deputy_id = p.id))) AS "array"
    FROM (((seats.tokens t
      JOIN seats.principals p ON (((p.tenant_id = t.tenant_id) AND (p.id = t.principal_id))))
      JOIN kernel.tenants n ON ((n.id = t.tenant_id)))
      JOIN ledger.heads h ON ((h.tenant_id = t.tenant_id)))
   WHERE ((t.token_hash = token_holder.wanted) AND (t.revoked_at IS NULL) AND (t.expires_at > clock_timestamp()) AND (p.retired_at IS NULL) AND (NOT (t.incarnation IS DISTINCT FROM p.incarnation)));
END;
grant execute on function seats.token_holder(bytea) to longwatch_app;

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION tickets.holds(in_tenant integer, kind text, target text, wanted_state text, wanted_stage text, in_namespace text, comparison text, bound integer, due timestamp with time zone)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select case kind
    when 'ticket' then exists (select from tickets.tickets t
      where t.tenant_id = in_tenant and t.id = target and t.state = wanted_state)
    when 'receipt' then exists (select from tickets.receipts r where r.tenant_id = in_tenant and r.ticket_id = target
      and r.stage = wanted_stage and r.withdrawn_at is null)
    when 'count' then (select case comparison when 'least' then count(*) >= bound else count(*) <= bound end
      from (select from tickets.tickets t where t.tenant_id = in_tenant and t.namespace = in_namespace
        and t.namespace <> '' and t.state = wanted_state limit bound::bigint + 1) counted)
    when 'date' then due <= statement_timestamp()
    else false end
$function$;
-- grant execute to PUBLIC, by default

-- owner longwatch_owner
CREATE OR REPLACE FUNCTION tickets.keep_outcome()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  raise 'tickets: post % of spool % has its outcome', old.n, old.spool using errcode = 'LW019';
end $function$;
-- grant execute to PUBLIC, by default
