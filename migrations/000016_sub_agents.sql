-- Sub-agents: sessions that a seat begins under its own name, with less than its own rights; and who stands in for an
-- authority role when nobody who has it is heard.

alter table seats.principals drop constraint principal_kind;
alter table seats.principals add constraint principal_kind
  check (kind in ('person', 'seat', 'service', 'sub_agent'));
-- The name is the tie: what stands before its last slash is the parent, which has to be there.
alter table seats.principals add column parent text
  generated always as (case when kind = 'sub_agent' then substring(name from '^(.*)/[^/]*$') end) stored;
-- What a sub-agent may say and do: operations (noun.verb) and protected actions. Null for everybody else.
alter table seats.principals add column scope text[];
alter table seats.principals
  add constraint sub_agent_has_parent foreign key (tenant_id, parent) references seats.principals (tenant_id, name),
  -- PARENT/a/b/c is the deepest: depth 4 is refused (J83).
  add constraint sub_agent_depth check (case kind when 'sub_agent'
    then name ~ '^[^/]+(/[A-Za-z0-9][A-Za-z0-9._-]{0,39}){1,3}$' else strpos(name, '/') = 0 end),
  add constraint sub_agent_has_scope check ((kind = 'sub_agent') = (scope is not null));
create index principals_parent on seats.principals (tenant_id, parent) where parent is not null;

-- A sub-agent has its parent's role and lane, and less of it: the scope of another sub-agent's child is a part of that
-- one's and not the whole. A seat's own reach is its role, of which no scope is the whole: a sub-agent gives no
-- numbers or names, whatever its scope says. The parent's row is locked against the end of its session: whoever ends it
-- finds the sub-agent that is being made, or the sub-agent finds it ended.
create function seats.keep_sub_agent_smaller() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
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
end $$;
-- After the row is made: a generated column has no value before.
create trigger sub_agent_is_smaller after insert or update of scope, role, kind, name, incarnation on seats.principals
  for each row when (new.kind = 'sub_agent') execute function seats.keep_sub_agent_smaller();
alter table seats.principals enable always trigger sub_agent_is_smaller;

-- Ends the sessions of a principal's sub-agents, and of theirs; answers who they were.
create function seats.end_sub_agents(of_tenant integer, of_parent text) returns setof text
  language sql set search_path = pg_catalog, pg_temp
begin atomic
  with recursive below (name) as (
    select p.name from seats.principals p where p.tenant_id = of_tenant and p.parent = of_parent
    union all
    select p.name from below b
    join seats.principals p on p.tenant_id = of_tenant and p.parent = b.name
  )
  update seats.principals p
  set incarnation = null, adopted_at = null, retired_at = statement_timestamp()
  where p.tenant_id = of_tenant and p.name = any (array(select below.name from below))
    and p.incarnation is not null
  returning p.name;
end;

-- The end of a session is the end of the sub-agents that it began, whoever ends it.
create function seats.end_with_parent() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform seats.end_sub_agents(new.tenant_id, new.name);
  return null;
end $$;
create trigger sub_agents_end_with_parent after update of incarnation on seats.principals
  for each row when (old.incarnation is distinct from new.incarnation and old.incarnation is not null)
  execute function seats.end_with_parent();
alter table seats.principals enable always trigger sub_agents_end_with_parent;

-- Who stands in for a role. The operator stands in for every role, so that none is without a deputy.
create table seats.deputies (
  tenant_id integer not null references kernel.tenants,
  role text not null,
  deputy_id bigint not null,
  named_by bigint not null,
  named_at timestamptz not null default statement_timestamp(),
  primary key (tenant_id, role, deputy_id),
  foreign key (tenant_id, deputy_id) references seats.principals,
  foreign key (tenant_id, named_by) references seats.principals,
  constraint deputy_role check (role in ('strategist', 'coordinator', 'gatekeeper', 'witness', 'auditor')),
  constraint deputy_not_by_itself check (deputy_id <> named_by)
);

-- When a role fell silent and when it was heard again. They alternate by construction: one is open at a time.
create table seats.dormancies (
  tenant_id integer not null references kernel.tenants,
  role text not null,
  noticed_at timestamptz not null,
  -- When one of its holders was last heard.
  since timestamptz not null,
  ended_at timestamptz,
  primary key (tenant_id, role, noticed_at),
  constraint dormancy_role check (role in ('strategist', 'coordinator', 'gatekeeper', 'witness', 'auditor')),
  constraint dormancy_in_order check (since <= noticed_at and ended_at > noticed_at)
);
create unique index one_open_dormancy on seats.dormancies (tenant_id, role) where ended_at is null;

alter table seats.deputies enable row level security;
alter table seats.dormancies enable row level security;
create policy own_tenant on seats.deputies using (tenant_id = kernel.tenant());
create policy own_tenant on seats.dormancies using (tenant_id = kernel.tenant());
grant select, insert, delete on seats.deputies to longwatch_app;
grant select, insert on seats.dormancies to longwatch_app;
grant update (ended_at) on seats.dormancies to longwatch_app;

-- As before, and beside it a sub-agent's scope and the silent roles that the holder stands in for.
drop function seats.token_holder(bytea);
create function seats.token_holder(wanted bytea)
  returns table (tenant_id integer, tenant text, principal_id bigint, name text, role text, incarnation uuid,
    scope text, expires_at timestamptz, authority_revision bigint, reach text[], stands_in_for text[])
  language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select t.tenant_id, n.name, p.id, p.name, p.role, p.incarnation, t.scope, t.expires_at, h.authority_revision,
    p.scope, array(select d.role from seats.deputies d
      join seats.dormancies o on o.tenant_id = d.tenant_id and o.role = d.role and o.ended_at is null
      where d.tenant_id = t.tenant_id and d.deputy_id = p.id)
  from seats.tokens t
  join seats.principals p on p.tenant_id = t.tenant_id and p.id = t.principal_id
  join kernel.tenants n on n.id = t.tenant_id
  join ledger.heads h on h.tenant_id = t.tenant_id
  where t.token_hash = wanted and t.revoked_at is null and t.expires_at > clock_timestamp()
    and p.retired_at is null and t.incarnation is not distinct from p.incarnation;
end;
revoke execute on function seats.token_holder(bytea) from public;
grant execute on function seats.token_holder(bytea) to longwatch_app;
