-- The ledger: append-only, hash-chained, one chain a tenant. PostgreSQL itself refuses a gap, a fork, a wrong hash,
-- an update, a delete and a truncate (hazards 0.2, 0.3). What the owner and a superuser can still do is listed in
-- src/rooms/ledger/README.md; only an anchor outside the database sees that.

create schema ledger;
grant usage on schema ledger to longwatch_app;

create table ledger.heads (
  tenant_id integer primary key references kernel.tenants,
  seq bigint not null default 0,
  hash bytea not null default decode(repeat('00', 32), 'hex'),
  -- Grows with every change of a token, role or seat: a process that remembers an older one reads authority anew.
  authority_revision bigint not null default 1,
  constraint head_hash_length check (octet_length(hash) = 32)
) with (fillfactor = 50);
alter table ledger.heads enable row level security;
create policy own_tenant on ledger.heads using (tenant_id = kernel.tenant());
-- Only the trigger below moves seq and hash. Locking a row needs the right to update some column of it.
grant select, update (authority_revision) on ledger.heads to longwatch_app;

create table ledger.entries (
  tenant_id integer not null,
  seq bigint not null,
  at timestamptz not null,
  kind text not null,
  principal_id bigint not null,
  subject text,
  -- The exact canonical bytes (RFC 8785). The hash is over these, never over values read back (hazards 0.5).
  leaf bytea not null,
  -- sha256(0x02 || hash of the entry before || sha256(0x00 || leaf)); before the first stand 32 zero bytes.
  entry_hash bytea not null,
  primary key (tenant_id, seq),
  -- C2SP tlog-tiles prefixes an entry with 16 bits of length.
  constraint leaf_fits_a_tile check (octet_length(leaf) between 2 and 65535)
);
alter table ledger.entries enable row level security;
create policy own_tenant on ledger.entries using (tenant_id = kernel.tenant());
grant select, insert on ledger.entries to longwatch_app;
-- A ticket's or a seat's own history.
create index entries_subject on ledger.entries (tenant_id, subject, seq) where subject is not null;

-- Follows what a statement appended, entry by entry, from the head, and moves the head: the only writer of heads.seq.
-- A foreign key to the entry before would do the same, and dearer (decisions/0005). The head is read unlocked; if it
-- moved meanwhile, the update finds the head no longer where these entries began, and nothing was appended.
create function ledger.extend_chain() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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
end $$;

create trigger extend_chain after insert on ledger.entries
  referencing new table as fresh for each statement execute function ledger.extend_chain();
alter table ledger.entries enable always trigger extend_chain;

create function ledger.refuse_change() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise 'ledger: entries are never changed or removed (%)', tg_op using errcode = 'LW002';
end $$;
create trigger refuse_change before update or delete on ledger.entries
  for each row execute function ledger.refuse_change();
create trigger refuse_truncate before truncate on ledger.entries
  for each statement execute function ledger.refuse_change();
alter table ledger.entries enable always trigger refuse_change;
alter table ledger.entries enable always trigger refuse_truncate;
