-- May this happen, and if not, what instead: the versions of a tenant's policy, and which one is active when.

create schema policy;
grant usage on schema policy to longwatch_app;

create table policy.versions (
  tenant_id integer not null references kernel.tenants,
  version integer not null,
  -- sha256 of the source. A decision names it, so that it can be decided again for ever.
  digest text not null,
  -- The canonical JSON (RFC 8785) of the rules, of what is said when none permits, and of the entities it knows.
  source bytea not null,
  note text,
  -- Null for the one that came with Longwatch.
  proposed_by bigint,
  proposed_at timestamptz not null default statement_timestamp(),
  primary key (tenant_id, version),
  foreign key (tenant_id, proposed_by) references seats.principals,
  constraint version_is_counted check (version >= 1),
  constraint versions_differ unique (tenant_id, digest),
  constraint digest_of_source check (digest = encode(sha256(source), 'hex')),
  -- No boundary without its protocol: whatever is not a permit says what to do instead, and so does the default.
  constraint boundary_with_protocol check (
    -- What cannot be compared (a number for a text) is unknown, and unknown is no permit and no protocol.
    not jsonb_path_exists(convert_from(source, 'utf8')::jsonb, '$.rules[*] ? (
      (!(@.effect == "permit") || (@.effect == "permit") is unknown)
      && (!(@.protocol.do like_regex "." && @.protocol.via like_regex "." && @.protocol.command like_regex ".")
        || (@.protocol.do like_regex "." && @.protocol.via like_regex "." && @.protocol.command like_regex ".")
          is unknown))')
    and jsonb_path_match(convert_from(source, 'utf8')::jsonb, 'exists($.unmatched.protocol ?
      (@.do like_regex "." && @.via like_regex "." && @.command like_regex "."))'))
);

create table policy.activations (
  tenant_id integer not null,
  version integer not null,
  active tstzrange not null,
  activated_by bigint,
  constraint activations_key primary key (tenant_id, version, active),
  foreign key (tenant_id, version) references policy.versions,
  foreign key (tenant_id, activated_by) references seats.principals,
  constraint activation_begins check (not isempty(active) and not lower_inf(active)),
  constraint one_active_policy exclude using gist (tenant_id with =, active with &&)
);

-- What was active when is history: an activation ends, once, and nothing else about it changes.
create function policy.only_ends() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'UPDATE' and upper_inf(old.active) and not upper_inf(new.active)
    and (old.tenant_id, old.version, old.activated_by, lower(old.active))
      is not distinct from (new.tenant_id, new.version, new.activated_by, lower(new.active)) then
    return new;
  end if;
  raise 'policy: an activation ends; it is not changed or removed' using errcode = 'LW006';
end $$;
create trigger only_ends before update or delete on policy.activations
  for each row execute function policy.only_ends();

-- One at most is the constraint above. This is one at least: where one ends, the next begins at that instant.
create function policy.never_without() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from policy.activations a
    where a.tenant_id = new.tenant_id and lower(a.active) = upper(new.active)) then
    return null;
  end if;
  raise 'policy: the tenant would be without an active policy' using errcode = 'LW006';
end $$;
create constraint trigger never_without after update on policy.activations
  deferrable initially deferred for each row execute function policy.never_without();

create trigger refuse_change before update or delete on policy.versions
  for each row execute function ledger.refuse_change();
create trigger refuse_truncate before truncate on policy.versions
  for each statement execute function ledger.refuse_change();
create trigger refuse_truncate before truncate on policy.activations
  for each statement execute function ledger.refuse_change();
alter table policy.versions enable always trigger refuse_change;
alter table policy.versions enable always trigger refuse_truncate;
alter table policy.activations enable always trigger only_ends;
alter table policy.activations enable always trigger never_without;
alter table policy.activations enable always trigger refuse_truncate;

alter table policy.versions enable row level security;
alter table policy.activations enable row level security;
create policy own_tenant on policy.versions using (tenant_id = kernel.tenant());
create policy own_tenant on policy.activations using (tenant_id = kernel.tenant());
grant select, insert on policy.versions to longwatch_app;
grant select, insert, update (active) on policy.activations to longwatch_app;
