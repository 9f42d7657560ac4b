-- The ledger as a transparency log (RFC 6962, C2SP tlog-tiles): who signs it, its tiles, its signed checkpoints.
-- All of it can be computed anew from ledger.entries and the copies outside the database; the verifier does.

-- A tenant's logs. One is open; a frozen one stays verifiable (docs/operating.md, "After a restored backup").
create table ledger.logs (
  tenant_id integer not null references kernel.tenants,
  epoch integer not null,
  -- Names the tree for ever: two trees never share an origin.
  origin text not null,
  audience text not null default 'members',
  opened_at timestamptz not null default statement_timestamp(),
  frozen_at timestamptz,
  -- Set when the operator wants another key; the signer makes it and clears this.
  rotate_asked_at timestamptz,
  primary key (tenant_id, epoch),
  constraint logs_origin unique (tenant_id, origin),
  constraint log_audience check (audience in ('members', 'everyone')),
  constraint log_epoch_positive check (epoch >= 1)
);
create unique index one_open_log on ledger.logs (tenant_id) where frozen_at is null;

-- The keys that sign a log, in the signed-note form of a verifier key. The newest signs; a rotation is signed by both.
create table ledger.log_keys (
  tenant_id integer not null,
  origin text not null,
  vkey text not null,
  -- The key counts for checkpoints of more entries than this.
  after_size bigint not null,
  primary key (tenant_id, origin, after_size),
  constraint log_keys_vkey unique (tenant_id, vkey),
  foreign key (tenant_id, origin) references ledger.logs (tenant_id, origin)
);

-- Hashes of complete level-0 tiles, which are 256 entries each, and of the levels above. Level 0 itself is hashed from
-- the stored entries whenever it is read, so that a tile never hides a changed entry.
create table ledger.tiles (
  tenant_id integer not null,
  epoch integer not null,
  level smallint not null,
  index bigint not null,
  hashes bytea not null,
  primary key (tenant_id, epoch, level, index),
  foreign key (tenant_id, epoch) references ledger.logs,
  constraint tile_level check (level between 1 and 7),
  constraint tile_width check (octet_length(hashes) between 32 and 8192 and octet_length(hashes) % 32 = 0)
) with (fillfactor = 50);

create function ledger.only_grow() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if (new.tenant_id, new.epoch, new.level, new.index) = (old.tenant_id, old.epoch, old.level, old.index)
    and substring(new.hashes for octet_length(old.hashes)) = old.hashes then
    return new;
  end if;
  raise 'ledger: a tile only grows' using errcode = 'LW002';
end $$;
create trigger only_grow before update on ledger.tiles for each row execute function ledger.only_grow();
create trigger refuse_change before delete on ledger.tiles
  for each row execute function ledger.refuse_change();
create trigger refuse_truncate before truncate on ledger.tiles
  for each statement execute function ledger.refuse_change();
alter table ledger.tiles enable always trigger only_grow;
alter table ledger.tiles enable always trigger refuse_change;
alter table ledger.tiles enable always trigger refuse_truncate;

-- Every signed checkpoint, without the witnesses' cosignatures. One root for each size of a log: the primary key.
create table ledger.anchors (
  tenant_id integer not null,
  origin text not null,
  tree_size bigint not null,
  root bytea not null,
  note text not null,
  at timestamptz not null default statement_timestamp(),
  primary key (tenant_id, origin, tree_size),
  foreign key (tenant_id, origin) references ledger.logs (tenant_id, origin),
  constraint anchor_root_length check (octet_length(root) = 32),
  constraint anchor_size check (tree_size >= 0)
);
create trigger refuse_change before update or delete on ledger.anchors
  for each row execute function ledger.refuse_change();
create trigger refuse_truncate before truncate on ledger.anchors
  for each statement execute function ledger.refuse_change();
alter table ledger.anchors enable always trigger refuse_change;
alter table ledger.anchors enable always trigger refuse_truncate;

-- What witnesses said of a checkpoint: lines that go below its signatures.
create table ledger.cosignatures (
  tenant_id integer not null,
  origin text not null,
  tree_size bigint not null,
  name text not null,
  line text not null,
  at timestamptz not null default statement_timestamp(),
  primary key (tenant_id, origin, tree_size, name),
  foreign key (tenant_id, origin, tree_size) references ledger.anchors
);

-- A log's name and its freezing are for ever, and so is every key that ever signed, with the sizes that it counts for:
-- a frozen log that opened again would sign two trees under one name.
create function ledger.log_stays() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if (new.tenant_id, new.epoch, new.origin, new.opened_at) = (old.tenant_id, old.epoch, old.origin, old.opened_at)
    and (old.frozen_at is null or new.frozen_at is not distinct from old.frozen_at) then
    return new;
  end if;
  raise 'ledger: the log % keeps its name, and a frozen one stays frozen', old.origin using errcode = 'LW002';
end $$;
create trigger log_stays before update on ledger.logs for each row execute function ledger.log_stays();
create trigger refuse_change before delete on ledger.logs
  for each row execute function ledger.refuse_change();
create trigger refuse_truncate before truncate on ledger.logs
  for each statement execute function ledger.refuse_change();
create trigger refuse_change before update or delete on ledger.log_keys
  for each row execute function ledger.refuse_change();
create trigger refuse_truncate before truncate on ledger.log_keys
  for each statement execute function ledger.refuse_change();
create trigger refuse_change before update or delete on ledger.cosignatures
  for each row execute function ledger.refuse_change();
create trigger refuse_truncate before truncate on ledger.cosignatures
  for each statement execute function ledger.refuse_change();
alter table ledger.logs enable always trigger log_stays;
alter table ledger.logs enable always trigger refuse_change;
alter table ledger.logs enable always trigger refuse_truncate;
alter table ledger.log_keys enable always trigger refuse_change;
alter table ledger.log_keys enable always trigger refuse_truncate;
alter table ledger.cosignatures enable always trigger refuse_change;
alter table ledger.cosignatures enable always trigger refuse_truncate;

alter table ledger.logs enable row level security;
alter table ledger.log_keys enable row level security;
alter table ledger.tiles enable row level security;
alter table ledger.anchors enable row level security;
alter table ledger.cosignatures enable row level security;
create policy own_tenant on ledger.logs using (tenant_id = kernel.tenant());
create policy own_tenant on ledger.log_keys using (tenant_id = kernel.tenant());
create policy own_tenant on ledger.tiles using (tenant_id = kernel.tenant());
create policy own_tenant on ledger.anchors using (tenant_id = kernel.tenant());
create policy own_tenant on ledger.cosignatures using (tenant_id = kernel.tenant());
grant select, insert, update (audience, frozen_at, rotate_asked_at) on ledger.logs to longwatch_app;
grant select, insert on ledger.log_keys, ledger.anchors, ledger.cosignatures to longwatch_app;
grant select, insert, update (hashes) on ledger.tiles to longwatch_app;

-- The newest checkpoint of every other tenant, for the record that the first tenant keeps of them: one that vanishes is
-- then missed. It answers to that tenant only, whose operator opens the others.
create function ledger.every_head() returns table (tenant text, origin text, tree_size bigint, root bytea)
  language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select t.name, a.origin, a.tree_size, a.root
  from kernel.tenants t
  cross join lateral (
    select l.origin from ledger.logs l where l.tenant_id = t.id order by l.epoch desc limit 1
  ) log
  cross join lateral (
    select n.origin, n.tree_size, n.root from ledger.anchors n
    where n.tenant_id = t.id and n.origin = log.origin order by n.tree_size desc limit 1
  ) a
  where kernel.tenant() = (select min(home.id) from kernel.tenants home) and t.id <> kernel.tenant()
  order by t.name;
end;
revoke execute on function ledger.every_head() from public;
grant execute on function ledger.every_head() to longwatch_app;

-- The roots of checkpoints of any tenants, to compare with what was recorded of them. The same tenant may ask.
create function ledger.roots_of(tenants text[], origins text[], sizes bigint[])
  returns table (tenant text, origin text, size bigint, root bytea)
  language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
  select w.tenant, w.origin, w.size, a.root
  from unnest(tenants, origins, sizes) with ordinality w (tenant, origin, size, place)
  left join kernel.tenants t on t.name = w.tenant
  left join ledger.anchors a on a.tenant_id = t.id and a.origin = w.origin and a.tree_size = w.size
  where kernel.tenant() = (select min(home.id) from kernel.tenants home)
  order by w.place;
end;
revoke execute on function ledger.roots_of(text[], text[], bigint[]) from public;
grant execute on function ledger.roots_of(text[], text[], bigint[]) to longwatch_app;
