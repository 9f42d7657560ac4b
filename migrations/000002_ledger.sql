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

-- Checks what a statement appended, as a whole, against the head, and moves the head: the only writer of heads.seq.
-- A foreign key to the entry before would do the same row by row, and dearer (decisions/0005).
-- The conditions stand in the update, so that they are checked again on the head's newest version if it moved while
-- the statement waited for its lock. The join is a left one: rows of a tenant without a head must not fall out of it.
create function ledger.extend_chain() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update ledger.heads h set seq = added.high, hash = added.last
  from (
    select min(f.tenant_id) as tenant_id, max(f.tenant_id) as tenant_high, min(f.seq) as low, max(f.seq) as high,
      count(*) as length, (array_agg(f.entry_hash order by f.seq desc))[1] as last,
      bool_and(f.entry_hash = sha256('\x02'::bytea || coalesce(f.before, was.hash) || sha256('\x00'::bytea || f.leaf)))
        as linked
    from (select n.*, lag(n.entry_hash) over (order by n.seq) as before from fresh n) f
    left join ledger.heads was on was.tenant_id = f.tenant_id
  ) added
  where h.tenant_id = added.tenant_id and added.tenant_high = added.tenant_id
    and added.low = h.seq + 1 and added.high = h.seq + added.length and added.linked;
  if not found and exists (select from fresh) then
    raise 'ledger: entries % to % do not follow from the head %: a gap, a fork, a wrong hash, or two chains at once',
      (select min(seq) from fresh), (select max(seq) from fresh),
      (select h.seq from ledger.heads h where h.tenant_id = (select f.tenant_id from fresh f limit 1))
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
