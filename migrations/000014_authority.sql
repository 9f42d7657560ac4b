-- The authority ladder: which rung an act stands on, who approved it, and what the operator consented to word for word.
-- A tenant's rungs and routes are what it changed; what ships stands in src/rooms/policy/authority.

-- L0 is done and told afterwards; L1 needs a strategist's approval; L2 needs the operator's.
create table policy.rungs (
  tenant_id integer not null references kernel.tenants,
  action text not null,
  -- Whether people outside the fleet live with the result.
  production boolean not null,
  rung text not null,
  reason text not null,
  set_by bigint not null,
  set_at timestamptz not null default statement_timestamp(),
  primary key (tenant_id, action, production),
  foreign key (tenant_id, set_by) references seats.principals,
  constraint rung_known check (rung in ('L0', 'L1', 'L2'))
);

-- What the operator looks through at once; which approvals are its items stands with them.
create table policy.manifests (
  tenant_id integer not null references kernel.tenants,
  id bigint not null generated always as identity,
  opened_by bigint not null,
  opened_at timestamptz not null default statement_timestamp(),
  primary key (tenant_id, id),
  foreign key (tenant_id, opened_by) references seats.principals
);

create table policy.approvals (
  tenant_id integer not null references kernel.tenants,
  id bigint not null generated always as identity,
  -- Whose act waits: a seat, or a seat's sub-agent.
  subject text not null,
  action text not null,
  resource_type text not null,
  resource_id text not null,
  -- As of an escalation.
  resource_key text not null generated always as (md5(resource_id)) stored,
  production boolean not null,
  -- What exactly waits: the command, or the commit. A verdict on one is none on another. Null where nobody told.
  wording text,
  rung text not null,
  -- The denial that asked for it.
  decision bigint not null,
  asked_by bigint not null,
  -- Never set anew: a decision's age does not begin again when its rung or its manifest changes (J32).
  asked_at timestamptz not null default statement_timestamp(),
  state text not null default 'pending',
  manifest bigint,
  decided_by bigint,
  -- What the decider was when it decided; a role that changes later leaves the receipt as it is.
  decider text,
  decided_role text,
  decided_kind text,
  decided_at timestamptz,
  reason text,
  expires_at timestamptz,
  primary key (tenant_id, id),
  -- Deferred: the decision's row comes behind in its transaction.
  foreign key (tenant_id, decision) references policy.decisions deferrable initially deferred,
  foreign key (tenant_id, asked_by) references seats.principals,
  foreign key (tenant_id, decided_by) references seats.principals,
  foreign key (tenant_id, manifest) references policy.manifests,
  constraint approval_rung check (rung in ('L1', 'L2')),
  constraint approval_state check (state in ('pending', 'granted', 'rejected', 'released', 'withdrawn')),
  -- A verdict has who, when and why, a grant its end as well. What settled by itself has nobody who decided it.
  constraint verdict_told check (case state
    when 'pending' then
      num_nonnulls(decided_by, decider, decided_role, decided_kind, decided_at, reason, expires_at) = 0
    when 'granted' then
      num_nonnulls(decided_by, decider, decided_role, decided_kind, decided_at, reason, expires_at) = 7
    when 'rejected' then
      num_nonnulls(decided_by, decider, decided_role, decided_kind, decided_at, reason) = 6 and expires_at is null
    else num_nonnulls(decided_at, reason) = 2
      and num_nonnulls(decided_by, decider, decided_role, decided_kind, expires_at) = 0 end),
  constraint reason_is_given check (reason ~ '\S'),
  constraint decider_is_not_asker check (decided_by <> asked_by),
  -- A seat and its sub-agents are one asker.
  constraint decider_is_not_kin check (split_part(decider, '/', 1) <> split_part(subject, '/', 1)),
  constraint decider_may check (case rung
    when 'L1' then decided_role in ('strategist', 'operator')
    else decided_role = 'operator' and decided_kind = 'person' end),
  -- 168 hours are 7 days, whatever the clocks do in summer.
  constraint grant_ends check (expires_at > decided_at and expires_at <= decided_at + interval '168 hours')
);
-- One open approval for each same ask.
create unique index one_open_approval on policy.approvals
  (tenant_id, subject, action, resource_type, resource_key, production, md5(wording)) nulls not distinct
  where state = 'pending';
-- How an ask stands, and what was said of it before.
create index approvals_asked on policy.approvals (tenant_id, subject, action, resource_type, resource_key, id);
create index approvals_manifest on policy.approvals (tenant_id, manifest) where manifest is not null;
create index approvals_decided on policy.approvals (tenant_id, decided_at) where decided_at is not null;

-- A verdict is final, and pending is where an approval begins.
create function policy.keep_verdict() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise 'policy: approval % is % already', old.id, old.state using errcode = 'LW014';
end $$;
create trigger keep_verdict before update on policy.approvals
  for each row when (old.state <> 'pending') execute function policy.keep_verdict();

-- The operator's own words for one exact scope. They are never rewritten: nobody may update them.
create table policy.consents (
  tenant_id integer not null references kernel.tenants,
  id bigint not null generated always as identity,
  words text not null,
  subject text not null,
  action text not null,
  resource_type text not null,
  resource_id text not null,
  resource_key text not null generated always as (md5(resource_id)) stored,
  single_use boolean not null,
  given_by bigint not null,
  given_role text not null,
  given_kind text not null,
  given_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_by bigint,
  revoked_at timestamptz,
  revoked_because text,
  primary key (tenant_id, id),
  foreign key (tenant_id, given_by) references seats.principals,
  foreign key (tenant_id, revoked_by) references seats.principals,
  -- What a use refers to, so that it cannot say otherwise of the consent.
  constraint consents_single_use unique (tenant_id, id, single_use),
  constraint words_are_a_sentence check (char_length(words) between 10 and 2000),
  constraint consent_is_scoped check (subject !~ '^[*\s]*$' and action !~ '^[*\s]*$' and resource_type !~ '^[*\s]*$'
    and resource_id !~ '^[*\s]*$'),
  constraint consent_by_a_person check (given_role = 'operator' and given_kind = 'person'),
  -- What a guard could not read is called so; a consent to that would cover whatever is written unreadably.
  constraint consent_names_its_thing check (resource_id !~ '(^|[/:])unknown$'),
  constraint consent_ends check (expires_at > given_at and expires_at <= given_at + interval '720 hours'),
  constraint revocation_told check (num_nonnulls(revoked_by, revoked_at, revoked_because) in (0, 3))
);
create index consents_scope on policy.consents
  (tenant_id, subject, action, resource_type, resource_key, id);

-- Which decision used up what. An approval is used once, and so is a consent that says so.
create table policy.uses (
  tenant_id integer not null references kernel.tenants,
  decision bigint not null,
  approval bigint,
  consent bigint,
  single_use boolean not null,
  used_at timestamptz not null default statement_timestamp(),
  primary key (tenant_id, decision),
  foreign key (tenant_id, decision) references policy.decisions deferrable initially deferred,
  foreign key (tenant_id, approval) references policy.approvals,
  foreign key (tenant_id, consent, single_use) references policy.consents (tenant_id, id, single_use),
  constraint use_of_one check (num_nonnulls(approval, consent) = 1),
  constraint approval_is_single_use check (approval is null or single_use)
);
create unique index approval_used_once on policy.uses (tenant_id, approval) where approval is not null;
create unique index consent_used_once on policy.uses (tenant_id, consent) where single_use and consent is not null;
create index uses_consent on policy.uses (tenant_id, consent) where consent is not null;

-- Nothing is used that was not granted, has ended or was revoked: by the transaction's own instant, since what stood
-- when it decided still stands when it writes that down.
create function policy.check_use() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select from policy.approvals a where a.tenant_id = new.tenant_id and a.id = new.approval
      and a.state = 'granted' and a.expires_at > now())
    and not exists (select from policy.consents c where c.tenant_id = new.tenant_id and c.id = new.consent
      and c.revoked_at is null and c.expires_at > now())
  then
    raise 'policy: decision % rests on what does not stand', new.decision using errcode = 'LW015';
  end if;
  return null;
end $$;
create trigger check_use after insert on policy.uses for each row execute function policy.check_use();

-- Who decides what; a tenant's own word for a topic stands before the one that ships.
create table policy.routes (
  tenant_id integer not null references kernel.tenants,
  topic text not null,
  goes_to text not null,
  about text not null,
  set_by bigint not null,
  set_at timestamptz not null default statement_timestamp(),
  primary key (tenant_id, topic),
  foreign key (tenant_id, set_by) references seats.principals,
  constraint topic_form check (topic ~ '^[a-z][a-z0-9_]{0,59}$'),
  constraint route_known check (goes_to in ('strategist', 'operator', 'fleet'))
);

alter table policy.rungs enable row level security;
alter table policy.manifests enable row level security;
alter table policy.approvals enable row level security;
alter table policy.consents enable row level security;
alter table policy.uses enable row level security;
alter table policy.routes enable row level security;
create policy own_tenant on policy.rungs using (tenant_id = kernel.tenant());
create policy own_tenant on policy.manifests using (tenant_id = kernel.tenant());
create policy own_tenant on policy.approvals using (tenant_id = kernel.tenant());
create policy own_tenant on policy.consents using (tenant_id = kernel.tenant());
create policy own_tenant on policy.uses using (tenant_id = kernel.tenant());
create policy own_tenant on policy.routes using (tenant_id = kernel.tenant());
grant select, insert, update on policy.rungs, policy.routes to longwatch_app;
grant select, insert on policy.manifests, policy.uses to longwatch_app;
grant select on policy.approvals, policy.consents to longwatch_app;
-- An approval begins as a question, and the question is not changed afterwards.
grant insert (tenant_id, subject, action, resource_type, resource_id, production, wording, rung, decision, asked_by)
  on policy.approvals to longwatch_app;
grant update (rung, state, manifest, decided_by, decider, decided_role, decided_kind, decided_at, reason, expires_at)
  on policy.approvals to longwatch_app;
grant insert (tenant_id, words, subject, action, resource_type, resource_id, single_use, given_by, given_role,
  given_kind, given_at, expires_at) on policy.consents to longwatch_app;
grant update (revoked_by, revoked_at, revoked_because) on policy.consents to longwatch_app;
