-- Environments, who owns their binding, deploys with a lease and a fencing token, and what was served when.

create schema landing;
grant usage on schema landing to longwatch_app;

create table landing.environments (
  tenant_id integer not null references kernel.tenants,
  name text not null,
  -- Its one topology; those before it are kept.
  topology integer not null,
  -- The last known good release: a deploy that landed, by the key below.
  good_deploy bigint,
  good_state text generated always as (case when good_deploy is null then null else 'landed' end) stored,
  -- Since when a failed deploy has left it down.
  down_since timestamptz,
  primary key (tenant_id, name),
  constraint environment_name_form check (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$')
);

create table landing.topologies (
  tenant_id integer not null,
  environment text not null,
  version integer not null,
  branch text not null,
  command text not null,
  -- Runs in the clean worktree before anything is touched.
  verify_command text,
  -- Restores a release; where it is null the command runs at that release.
  rollback_command text,
  health_url text not null,
  -- RFC 6901: where the release id stands in the health URL's JSON; empty when the body is the id.
  release_pointer text not null,
  -- Whether people outside the fleet live with it.
  production boolean not null,
  lane text,
  timeout_seconds integer not null,
  health_seconds integer not null,
  memory_mb integer not null,
  output_kb integer not null,
  reason text not null,
  defined_by bigint not null,
  defined_at timestamptz not null,
  primary key (tenant_id, environment, version),
  foreign key (tenant_id, environment) references landing.environments,
  foreign key (tenant_id, defined_by) references seats.principals,
  constraint topology_counted check (version >= 1),
  constraint limits_positive check (least(timeout_seconds, health_seconds, memory_mb, output_kb) >= 1)
);
alter table landing.environments add foreign key (tenant_id, name, topology)
  references landing.topologies (tenant_id, environment, version) deferrable initially deferred;

-- One owner each: the key. Every change of hands is an entry of the ledger.
create table landing.bindings (
  tenant_id integer not null,
  environment text not null,
  owner_id bigint not null,
  since timestamptz not null,
  primary key (tenant_id, environment),
  foreign key (tenant_id, environment) references landing.environments,
  foreign key (tenant_id, owner_id) references seats.principals
);

create table landing.deploys (
  tenant_id integer not null,
  -- 1 to n in each tenant, taken under the lock of the ledger's head. It only grows, so the environment's own command
  -- can use it as a fence too.
  id bigint not null,
  environment text not null,
  topology integer not null,
  rollback boolean not null,
  ticket_id text,
  -- Where the commits came from; what they were put onto; what is deployed.
  source text, base text, sha text not null, commits text[] not null,
  owner_id bigint not null,
  decision_id bigint not null,
  runner_id bigint not null,
  runner_incarnation uuid,
  -- Grows when somebody takes an abandoned deploy over.
  attempt integer not null default 1,
  state text not null default 'running',
  stage text not null default 'claimed',
  fencing_token uuid,
  lease_expires_at timestamptz,
  began_at timestamptz not null,
  ended_at timestamptz,
  closure text,
  missing jsonb not null default '[]',
  -- The operator's consent, word for word, that let an incomplete patch through.
  forced_by bigint,
  -- What the health URL named at the end.
  served_release text,
  restored_deploy bigint,
  -- With milliseconds: down for so long. Without: it was still down at the end.
  down_from timestamptz,
  downtime_milliseconds bigint,
  cause text,
  log_bytes integer not null default 0,
  log_bytes_max integer not null,
  log_bytes_lost bigint not null default 0,
  -- The rollback that took this release out of service again.
  withdrawn_by bigint,
  primary key (tenant_id, id),
  foreign key (tenant_id, environment, topology) references landing.topologies,
  foreign key (tenant_id, ticket_id) references tickets.tickets,
  foreign key (tenant_id, owner_id) references seats.principals,
  foreign key (tenant_id, runner_id) references seats.principals,
  foreign key (tenant_id, decision_id) references policy.decisions,
  foreign key (tenant_id, forced_by) references policy.consents,
  foreign key (tenant_id, withdrawn_by) references landing.deploys,
  constraint deploys_by_state unique (tenant_id, environment, id, state),
  constraint deploys_by_sha unique (tenant_id, environment, id, sha),
  -- What was restored is a release of this environment, and it is what is served.
  foreign key (tenant_id, environment, restored_deploy, served_release)
    references landing.deploys (tenant_id, environment, id, sha),
  constraint deploy_state check (state in ('running', 'abandoned', 'landed', 'rolled_back', 'failed', 'refused',
    'lapsed')),
  constraint deploy_stage check (stage in ('claimed', 'closure', 'verify', 'deploy', 'health', 'rollback', 'recover')),
  constraint whole_sha check (sha ~ '^[0-9a-f]{40}([0-9a-f]{24})?$'),
  constraint ticket_unless_rollback check (rollback or ticket_id is not null),
  constraint lease_iff_running check (
    num_nonnulls(fencing_token, lease_expires_at) = case state when 'running' then 2 else 0 end),
  constraint ended_iff_settled check ((ended_at is null) = (state in ('running', 'abandoned'))),
  constraint untouched_when_refused check (state not in ('refused', 'lapsed')
    or stage in ('claimed', 'closure', 'verify')),
  constraint touched_when_settled check (state in ('running', 'refused', 'lapsed')
    or stage in ('deploy', 'health', 'rollback', 'recover')),
  -- “Deployed” means that the served release is the one that was to be deployed.
  constraint landed_serves_its_sha check (state <> 'landed' or served_release is not distinct from sha),
  constraint rolled_back_to_a_release check ((state = 'rolled_back') = (restored_deploy is not null)),
  constraint restored_is_served check (restored_deploy is null or served_release is not null),
  constraint closure_known check (closure in ('whole', 'incomplete', 'forced')),
  constraint whole_before_verify check (rollback or stage in ('claimed', 'closure')
    or (closure is not null and closure <> 'incomplete')),
  constraint incomplete_is_refused check (closure is distinct from 'incomplete' or state = 'refused'),
  constraint missing_iff_not_whole check ((jsonb_array_length(missing) > 0)
    = (closure is not null and closure <> 'whole')),
  constraint forced_by_consent check ((closure is not distinct from 'forced') = (forced_by is not null)),
  constraint bad_end_has_a_cause check (state in ('running', 'landed') or cause is not null),
  constraint downtime_has_a_beginning check (downtime_milliseconds is null
    or (downtime_milliseconds >= 0 and down_from is not null)),
  constraint log_within_its_bound check (log_bytes <= log_bytes_max)
) with (fillfactor = 70);
-- One at a time, and none beside one whose end nobody has looked at.
create unique index one_unsettled_deploy on landing.deploys (tenant_id, environment)
  where state in ('running', 'abandoned');
create index deploys_leased on landing.deploys (tenant_id, lease_expires_at) where state = 'running';
create index deploys_of_environment on landing.deploys (tenant_id, environment, id);
create index deploys_of_ticket on landing.deploys (tenant_id, ticket_id, id) where ticket_id is not null;
alter table landing.environments add foreign key (tenant_id, name, good_deploy, good_state)
  references landing.deploys (tenant_id, environment, id, state);

-- An outcome is final, a deploy goes forwards, and who takes an abandoned one over gets a token of its own.
create function landing.keep_outcome() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
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
end $$;
create trigger keep_outcome before update on landing.deploys for each row execute function landing.keep_outcome();
alter table landing.deploys enable always trigger keep_outcome;

-- What the environment's command and the steps around it said, as far as the bound lets it.
create table landing.logs (
  tenant_id integer not null,
  deploy_id bigint not null,
  number integer not null,
  stage text not null,
  text text not null,
  at timestamptz not null,
  primary key (tenant_id, deploy_id, number),
  foreign key (tenant_id, deploy_id) references landing.deploys,
  constraint log_says_something check (text <> '')
);

-- What a deploy broke, and since when it is mended.
create table landing.failures (
  tenant_id integer not null,
  deploy_id bigint not null,
  environment text not null,
  opened_at timestamptz not null,
  -- When the environment was healthy again; null while it is not.
  mended_at timestamptz,
  mended_by bigint,
  primary key (tenant_id, deploy_id),
  foreign key (tenant_id, environment) references landing.environments,
  foreign key (tenant_id, deploy_id) references landing.deploys,
  foreign key (tenant_id, mended_by) references landing.deploys,
  constraint mended_by_a_deploy check (num_nonnulls(mended_at, mended_by) in (0, 2))
);
create index failures_open on landing.failures (tenant_id, environment) where mended_at is null;

-- Branches that are ahead of their base although their tickets are done (J30).
create table landing.debts (
  tenant_id integer not null references kernel.tenants,
  repository text not null,
  branch text not null,
  base text not null,
  head text not null,
  ahead integer not null,
  tickets text[] not null,
  since timestamptz not null,
  seen_at timestamptz not null,
  primary key (tenant_id, repository, branch),
  constraint debt_is_ahead_with_done_tickets check (ahead > 0 and cardinality(tickets) > 0)
);

-- Whether a guard is in a release, as a runner found it in the repository.
create table landing.guard_proofs (
  tenant_id integer not null,
  environment text not null,
  -- The release; its state makes the key below say so.
  deploy_id bigint not null,
  state text not null generated always as ('landed') stored,
  guard text not null,
  served boolean not null,
  seen_by bigint not null,
  seen_at timestamptz not null,
  primary key (tenant_id, environment, guard, deploy_id),
  foreign key (tenant_id, environment, deploy_id, state) references landing.deploys (tenant_id, environment, id, state),
  foreign key (tenant_id, seen_by) references seats.principals
);

-- What is provisioned where. Never its value.
create table landing.credentials (
  tenant_id integer not null references kernel.tenants,
  name text not null,
  environment text not null,
  -- A commit or a file that keeps what the credential opens in bounds.
  guard text not null,
  -- The release that was seen to have the guard when it was provisioned (J31).
  guarded_by bigint not null,
  registered_by bigint not null,
  registered_at timestamptz not null,
  retired_at timestamptz,
  -- Whether the release that is served now has it too; told once for each change.
  guarded boolean not null default true,
  primary key (tenant_id, name),
  foreign key (tenant_id, environment) references landing.environments,
  foreign key (tenant_id, environment, guard, guarded_by) references landing.guard_proofs,
  foreign key (tenant_id, registered_by) references seats.principals
);
-- A guard that a runner did not find is no guard, whoever writes.
create function landing.refuse_unguarded() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select from landing.guard_proofs p where p.tenant_id = new.tenant_id
    and p.environment = new.environment and p.guard = new.guard and p.deploy_id = new.guarded_by and p.served) then
    raise 'landing: the guard of % is not in the release', new.name using errcode = 'LW019';
  end if;
  return new;
end $$;
create trigger refuse_unguarded after insert on landing.credentials
  for each row execute function landing.refuse_unguarded();
alter table landing.credentials enable always trigger refuse_unguarded;

alter table landing.environments enable row level security;
alter table landing.topologies enable row level security;
alter table landing.bindings enable row level security;
alter table landing.deploys enable row level security;
alter table landing.logs enable row level security;
alter table landing.failures enable row level security;
alter table landing.debts enable row level security;
alter table landing.guard_proofs enable row level security;
alter table landing.credentials enable row level security;
create policy own_tenant on landing.environments using (tenant_id = kernel.tenant());
create policy own_tenant on landing.topologies using (tenant_id = kernel.tenant());
create policy own_tenant on landing.bindings using (tenant_id = kernel.tenant());
create policy own_tenant on landing.deploys using (tenant_id = kernel.tenant());
create policy own_tenant on landing.logs using (tenant_id = kernel.tenant());
create policy own_tenant on landing.failures using (tenant_id = kernel.tenant());
create policy own_tenant on landing.debts using (tenant_id = kernel.tenant());
create policy own_tenant on landing.guard_proofs using (tenant_id = kernel.tenant());
create policy own_tenant on landing.credentials using (tenant_id = kernel.tenant());
grant select, insert on landing.environments, landing.topologies, landing.deploys, landing.logs, landing.failures,
  landing.credentials to longwatch_app;
grant update (topology, good_deploy, down_since) on landing.environments to longwatch_app;
grant select, insert, update, delete on landing.bindings, landing.debts to longwatch_app;
-- What was to be deployed, where, by whom and on which decision is never rewritten.
grant update (runner_id, runner_incarnation, attempt, state, stage, fencing_token, lease_expires_at, ended_at, closure,
  missing, forced_by, served_release, restored_deploy, down_from, downtime_milliseconds, cause, log_bytes,
  log_bytes_lost, withdrawn_by) on landing.deploys to longwatch_app;
grant update (mended_at, mended_by) on landing.failures to longwatch_app;
grant select, insert, update on landing.guard_proofs to longwatch_app;
grant update (retired_at, guarded) on landing.credentials to longwatch_app;
