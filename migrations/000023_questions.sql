-- Questions that somebody has to decide, and pitches that others answer; adoptions that a ticket has to carry out;
-- what was found out about credentials.

create schema questions;
grant usage on schema questions to longwatch_app;

create table questions.questions (
  tenant_id integer not null references kernel.tenants,
  id bigint not null generated always as identity,
  topic text not null,
  -- Who decides it, as the routing table says for its topic.
  goes_to text not null,
  question text not null,
  -- An index holds no long words.
  question_key text not null generated always as (md5(question)) stored,
  details text not null default '',
  options text[] not null default '{}',
  ticket_id text,
  -- Whether it is what the ticket is blocked by, so that the ticket comes back with the answer.
  blocks boolean not null,
  -- What says by itself that it needs no answer any more: words that the server looks up, or a command.
  probe text,
  probe_kind text,
  asked_by bigint not null,
  asked_at timestamptz not null default statement_timestamp(),
  -- The newest entry when it was asked; a probe of the ledger looks behind it.
  asked_seq bigint not null,
  routed_at timestamptz not null default statement_timestamp(),
  relabels integer not null default 0,
  probed_at timestamptz,
  probed_by bigint,
  probe_outcome text,
  state text not null default 'open',
  answer text,
  reason text,
  closed_by bigint,
  closed_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, ticket_id) references tickets.tickets,
  foreign key (tenant_id, asked_by) references seats.principals,
  foreign key (tenant_id, probed_by) references seats.principals,
  foreign key (tenant_id, closed_by) references seats.principals,
  constraint question_goes_to check (goes_to in ('strategist', 'operator')),
  constraint question_state check (state in ('open', 'answered', 'done', 'withdrawn')),
  constraint question_ended
    check ((state = 'open') = (closed_at is null) and (closed_at is null) = (closed_by is null)),
  constraint question_answered check ((state = 'answered') = (answer is not null)),
  constraint question_reasoned check (state = 'open' or reason is not null),
  constraint answerer_is_not_asker check (state <> 'answered' or closed_by <> asked_by),
  constraint question_blocks_a_ticket check (not blocks or ticket_id is not null),
  constraint probe_whole check ((probe is null) = (probe_kind is null)),
  constraint probe_kind_known
    check (probe_kind in ('ticket', 'receipt', 'count', 'date', 'release', 'ledger', 'command')),
  constraint probe_reported check ((probed_at is null) = (probe_outcome is null)
    and (probed_at is null) = (probed_by is null) and probe_outcome in ('open', 'done', 'error'))
);
-- The same question of the same ticket is open once, whoever asks it and however often.
create unique index one_open_question on questions.questions (tenant_id, ticket_id, question_key) nulls not distinct
  where state = 'open';
create index questions_waiting on questions.questions (tenant_id, goes_to, id) where state = 'open';
create index questions_asked on questions.questions (tenant_id, asked_by, id) where state = 'open';
create index questions_probed on questions.questions (tenant_id, id)
  where state = 'open' and probe_kind is not null and probe_kind <> 'command';
create index questions_commanded on questions.questions (tenant_id, id) where state = 'open' and probe_kind = 'command';
create index questions_of_ticket on questions.questions (tenant_id, ticket_id, question_key, id);
create index questions_closed on questions.questions (tenant_id, goes_to, closed_at) where state = 'answered';

-- A decision's age never begins again (J32), and a verdict is never taken back: whoever asks, whatever is granted.
create function questions.keep() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if (new.asked_at, new.asked_by, new.asked_seq, new.question, new.ticket_id)
    is distinct from (old.asked_at, old.asked_by, old.asked_seq, old.question, old.ticket_id) then
    raise 'questions: % was asked as it was asked', old.id using errcode = 'LW023';
  end if;
  if old.state <> 'open' then
    raise 'questions: % is % already', old.id, old.state using errcode = 'LW024';
  end if;
  return new;
end $$;
create trigger question_keeps_its_age before update on questions.questions
  for each row execute function questions.keep();
alter table questions.questions enable always trigger question_keeps_its_age;
create trigger refuse_delete before delete on questions.questions
  for each row execute function ledger.refuse_change();
alter table questions.questions enable always trigger refuse_delete;

-- When nobody decided anything although questions waited, and when it went on. They alternate by construction.
create table questions.stalls (
  tenant_id integer not null references kernel.tenants,
  goes_to text not null,
  noticed_at timestamptz not null,
  -- When the last one was decided, or the first one asked.
  since timestamptz not null,
  ended_at timestamptz,
  primary key (tenant_id, goes_to, noticed_at),
  constraint stall_goes_to check (goes_to in ('strategist', 'operator')),
  constraint stall_in_order check (since <= noticed_at and ended_at > noticed_at)
);
create unique index one_open_stall on questions.stalls (tenant_id, goes_to) where ended_at is null;

create table feed.pitches (
  tenant_id integer not null references kernel.tenants,
  id bigint not null generated always as identity,
  subject text not null,
  -- How many families of models have to adopt it; those of one provider agree easily (J51).
  families_min integer not null,
  pitched_by bigint not null,
  family text not null,
  pitched_at timestamptz not null default statement_timestamp(),
  primary key (tenant_id, id),
  foreign key (tenant_id, pitched_by) references seats.principals,
  constraint families_counted check (families_min between 1 and 5)
);

create table feed.responses (
  tenant_id integer not null references kernel.tenants,
  pitch bigint not null,
  id bigint not null generated always as identity,
  by bigint not null,
  -- The provider of whoever answered, or a person's own name.
  family text not null,
  verdict text not null,
  at timestamptz not null default statement_timestamp(),
  primary key (tenant_id, pitch, id),
  foreign key (tenant_id, pitch) references feed.pitches,
  foreign key (tenant_id, by) references seats.principals,
  constraint verdict_known
    check (verdict in ('ACK', 'ADOPT', 'ADOPT_FOR_DOCTRINE_ONLY', 'ADOPT_FOR_ESSAY', 'DEFER', 'INFORM'))
);

-- What somebody said to adopt: a ticket carries it out, or it is dropped with a reason (J13).
create table feed.adoptions (
  tenant_id integer not null references kernel.tenants,
  id bigint not null generated always as identity,
  adopted_by bigint not null,
  adopted_at timestamptz not null default statement_timestamp(),
  pitch bigint,
  -- The ticket that the adopting post was about.
  item text,
  -- Null where the post was personal: its words can be erased.
  subject text,
  warned_at timestamptz,
  ticket_id text,
  dropped text,
  settled_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, adopted_by) references seats.principals,
  foreign key (tenant_id, pitch) references feed.pitches,
  foreign key (tenant_id, ticket_id) references tickets.tickets,
  constraint adoption_settled check ((settled_at is not null) = (num_nonnulls(ticket_id, dropped) = 1)),
  constraint adoption_settled_once check (num_nonnulls(ticket_id, dropped) <= 1)
);
create unique index one_adoption_of_a_pitch on feed.adoptions (tenant_id, pitch)
  where pitch is not null and dropped is null;
create index adoptions_open on feed.adoptions (tenant_id, adopted_at, id) where settled_at is null;

-- How far the survey of adoptions has read the ledger, and that of credentials.
create table feed.surveyed (
  tenant_id integer not null primary key references kernel.tenants,
  seq bigint not null
);
create table landing.surveyed (
  tenant_id integer not null primary key references kernel.tenants,
  seq bigint not null
);

-- What texts say of credentials that the register does not (J35). Never a value.
create table landing.credential_findings (
  tenant_id integer not null references kernel.tenants,
  name text not null,
  -- unregistered_grant: somebody says that it was granted. unregistered_reference: somebody names it.
  kind text not null,
  seq bigint not null,
  said_by text not null,
  said_at timestamptz not null,
  subject text,
  settled_at timestamptz,
  settled_by bigint,
  reason text,
  primary key (tenant_id, name, kind, seq),
  foreign key (tenant_id, settled_by) references seats.principals,
  constraint credential_finding_kind check (kind in ('unregistered_grant', 'unregistered_reference')),
  constraint credential_finding_settled
    check (num_nonnulls(settled_at, reason) in (0, 2) and (settled_by is null or settled_at is not null))
);
-- A name is told once until it is settled.
create unique index one_open_finding on landing.credential_findings (tenant_id, name, kind) where settled_at is null;

alter table questions.questions enable row level security;
alter table questions.stalls enable row level security;
alter table feed.pitches enable row level security;
alter table feed.responses enable row level security;
alter table feed.adoptions enable row level security;
alter table feed.surveyed enable row level security;
alter table landing.surveyed enable row level security;
alter table landing.credential_findings enable row level security;
create policy own_tenant on questions.questions using (tenant_id = kernel.tenant());
create policy own_tenant on questions.stalls using (tenant_id = kernel.tenant());
create policy own_tenant on feed.pitches using (tenant_id = kernel.tenant());
create policy own_tenant on feed.responses using (tenant_id = kernel.tenant());
create policy own_tenant on feed.adoptions using (tenant_id = kernel.tenant());
create policy own_tenant on feed.surveyed using (tenant_id = kernel.tenant());
create policy own_tenant on landing.surveyed using (tenant_id = kernel.tenant());
create policy own_tenant on landing.credential_findings using (tenant_id = kernel.tenant());
grant select, insert on questions.questions, questions.stalls, feed.pitches, feed.responses, feed.adoptions,
  landing.credential_findings to longwatch_app;
-- What was asked, when and by whom is never rewritten.
grant update (topic, goes_to, routed_at, relabels, probed_at, probed_by, probe_outcome, state, answer, reason,
  closed_by, closed_at) on questions.questions to longwatch_app;
grant update (ended_at) on questions.stalls to longwatch_app;
grant update (warned_at, ticket_id, dropped, settled_at) on feed.adoptions to longwatch_app;
grant select, insert, update on feed.surveyed, landing.surveyed to longwatch_app;
grant update (settled_at, settled_by, reason) on landing.credential_findings to longwatch_app;
