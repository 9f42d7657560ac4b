-- What is merged, as GitHub, GitLab or git itself tell it.

-- Whose deliveries are believed. The secret is not here: it is made out of a key beside the database.
create table landing.hooks (
  tenant_id integer not null references kernel.tenants,
  name text not null,
  provider text not null,
  -- As the provider spells it: acme/shop.
  repository text not null,
  branch text not null,
  -- Grows with each secret: an earlier one is worth nothing.
  round integer not null,
  opened_by bigint not null,
  opened_at timestamptz not null,
  closed_at timestamptz,
  primary key (tenant_id, name),
  foreign key (tenant_id, opened_by) references seats.principals,
  constraint hook_name_form check (name ~ '^[a-z0-9][a-z0-9-]{0,59}$'),
  constraint hook_provider check (provider in ('github', 'gitlab')),
  constraint hook_round check (round >= 1)
);

-- A delivery takes effect once. The digest is in the key: GitHub does not sign the delivery's id, and who replays an
-- old body under the id of a new one must not keep the new one out.
create table landing.deliveries (
  tenant_id integer not null,
  hook text not null,
  delivery text not null,
  digest bytea not null,
  at timestamptz not null,
  primary key (tenant_id, hook, delivery, digest),
  foreign key (tenant_id, hook) references landing.hooks,
  constraint delivery_digest check (octet_length(digest) = 32)
);

-- That a commit of a branch names a ticket: a fact, whoever tells it and however often.
create table landing.merges (
  tenant_id integer not null,
  ticket_id text not null,
  repository text not null,
  branch text not null,
  commit text not null,
  -- The webhook that told it; null where git was asked.
  hook text,
  seen_at timestamptz not null,
  -- Since when the branch has the commit no more.
  lost_at timestamptz,
  primary key (tenant_id, ticket_id, repository, branch, commit),
  foreign key (tenant_id, ticket_id) references tickets.tickets,
  foreign key (tenant_id, hook) references landing.hooks,
  constraint merge_commit_whole check (commit ~ '^[0-9a-f]{40}([0-9a-f]{24})?$')
);
create index merges_of_branch on landing.merges (tenant_id, repository, branch, commit, ticket_id)
  where lost_at is null;

-- How far git was read, so that the next look begins there.
create table landing.heads (
  tenant_id integer not null references kernel.tenants,
  repository text not null,
  branch text not null,
  head text not null,
  seen_at timestamptz not null,
  primary key (tenant_id, repository, branch),
  constraint head_whole check (head ~ '^[0-9a-f]{40}([0-9a-f]{24})?$')
);

alter table landing.hooks enable row level security;
alter table landing.deliveries enable row level security;
alter table landing.merges enable row level security;
alter table landing.heads enable row level security;
create policy own_tenant on landing.hooks using (tenant_id = kernel.tenant());
create policy own_tenant on landing.deliveries using (tenant_id = kernel.tenant());
create policy own_tenant on landing.merges using (tenant_id = kernel.tenant());
create policy own_tenant on landing.heads using (tenant_id = kernel.tenant());
grant select, insert on landing.hooks, landing.deliveries, landing.merges, landing.heads to longwatch_app;
grant update (provider, repository, branch, round, opened_by, opened_at, closed_at) on landing.hooks to longwatch_app;
grant update (seen_at, lost_at) on landing.merges to longwatch_app;
grant update (head, seen_at) on landing.heads to longwatch_app;
