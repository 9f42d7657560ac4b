-- What was decided, from what, and what a denial led to.

create table policy.decisions (
  -- The tenant of its policy's version, which the foreign key below holds to.
  tenant_id integer not null,
  -- 1 to n in each tenant: taken under the lock of the ledger's head, the highest so far and one more.
  id bigint not null,
  at timestamptz not null,
  asked_by bigint not null,
  -- The seat, person or service that it is about; null where nobody here has that name.
  subject_id bigint,
  subject text not null,
  action text not null,
  resource_type text not null,
  resource_id text not null,
  effect text not null,
  rung text not null,
  rules text[] not null,
  -- What the engine could not work out. For those who write policies, not for the asker.
  errors text[] not null,
  reasons text[] not null,
  protocol jsonb,
  -- Everything the decision depends on, as canonical JSON (RFC 8785): with the policy it gives the same decision again.
  input bytea not null,
  policy_digest text not null,
  -- The ledger's newest entry when the decision's transaction took its lock.
  state_version bigint not null,
  primary key (tenant_id, id),
  -- What decided is kept for ever. The principals were read in the same transaction; a key to each would cost every
  -- decision another look (a tenth of its insertion, measured).
  foreign key (tenant_id, policy_digest) references policy.versions (tenant_id, digest),
  constraint decision_effect check (effect in ('allow', 'deny')),
  constraint denial_has_reasons check (effect <> 'deny' or cardinality(reasons) > 0),
  constraint denial_has_protocol check (effect = 'allow' or protocol is not null),
  constraint protocol_says_what_to_do check (protocol is null
    or (protocol ->> 'do' is not null and protocol ->> 'do' <> ''
      and protocol ->> 'command' is not null and protocol ->> 'command' <> '')),
  -- Never an empty list: seats that may do it, or the instant at which the first of them is free, or an escalation.
  constraint protocol_leads_somewhere check (protocol is null or (case protocol ->> 'via'
    when 'dispatch' then jsonb_array_length(protocol -> 'offers') > 0 or protocol ->> 'free_at' is not null
    when 'escalate' then protocol ->> 'escalation' is not null
    when 'approval' then protocol ->> 'approval' is not null
    when 'consent' then protocol ->> 'approval' is not null
    else protocol ->> 'via' in ('claim', 'propose') end) is true)
);
-- One for each way in which decisions are looked for, with the outcome before the number: a page of what is rare is
-- read without what lies between, and both outcomes together are two pages merged. They cost a decision 7 µs and 220
-- bytes more than one index would (measured).
create index decisions_outcome on policy.decisions (tenant_id, effect, id);
create index decisions_action on policy.decisions (tenant_id, action, effect, id);
create index decisions_subject on policy.decisions (tenant_id, subject_id, effect, id);
create index decisions_subject_action on policy.decisions (tenant_id, subject_id, action, effect, id);

-- An offered seat is kept for its asker for a short time, so that ten denials do not send ten askers to one seat.
create table policy.holds (
  tenant_id integer not null references kernel.tenants,
  seat_id bigint not null,
  asker_id bigint not null,
  decision_id bigint not null,
  held_at timestamptz not null,
  held_until timestamptz not null,
  primary key (tenant_id, seat_id),
  foreign key (tenant_id, seat_id) references seats.principals,
  foreign key (tenant_id, decision_id) references policy.decisions,
  constraint hold_is_short check (held_until > held_at and held_until <= held_at + interval '60 seconds')
) with (fillfactor = 50);

-- Whoever writes: a hold that stands is its asker's. The row is locked before this looks, so that of two who take an
-- ended hold at once the second finds the first's.
create function policy.refuse_theft() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if new.asker_id <> old.asker_id and old.held_until > new.held_at then
    raise 'seat % is held until %', old.seat_id, old.held_until using errcode = 'LW010';
  end if;
  return new;
end $$;
create trigger hold_is_its_askers before update on policy.holds for each row execute function policy.refuse_theft();
alter table policy.holds enable always trigger hold_is_its_askers;

-- What nobody may do who is there: a person has to look.
create table policy.escalations (
  tenant_id integer not null references kernel.tenants,
  id bigint not null,
  asker_id bigint not null,
  action text not null,
  resource_type text not null,
  resource_id text not null,
  -- Hashed: a resource's name may be longer than an index takes. A column, since under row-level security PostgreSQL
  -- looks nothing up by a function's result.
  resource_key text not null generated always as (md5(resource_id)) stored,
  reason text not null,
  -- The first decision that led here; others of the same asker about the same thing share it.
  decision_id bigint not null,
  opened_at timestamptz not null,
  closed_at timestamptz,
  closed_by bigint,
  note text,
  primary key (tenant_id, id),
  foreign key (tenant_id, asker_id) references seats.principals,
  foreign key (tenant_id, closed_by) references seats.principals,
  foreign key (tenant_id, decision_id) references policy.decisions,
  constraint closed_by_somebody check (num_nonnulls(closed_at, closed_by, note) in (0, 3))
);
create unique index one_open_escalation on policy.escalations
  (tenant_id, asker_id, action, resource_type, resource_key) where closed_at is null;

-- What was decided stays as it was decided.
create trigger refuse_change before update or delete on policy.decisions
  for each row execute function ledger.refuse_change();
create trigger refuse_truncate before truncate on policy.decisions
  for each statement execute function ledger.refuse_change();
alter table policy.decisions enable always trigger refuse_change;
alter table policy.decisions enable always trigger refuse_truncate;

alter table policy.decisions enable row level security;
alter table policy.holds enable row level security;
alter table policy.escalations enable row level security;
create policy own_tenant on policy.decisions using (tenant_id = kernel.tenant());
create policy own_tenant on policy.holds using (tenant_id = kernel.tenant());
create policy own_tenant on policy.escalations using (tenant_id = kernel.tenant());
grant select, insert on policy.decisions to longwatch_app;
grant select, insert, update on policy.holds to longwatch_app;
grant select, insert on policy.escalations to longwatch_app;
grant update (closed_at, closed_by, note) on policy.escalations to longwatch_app;
