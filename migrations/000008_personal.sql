-- Personal data beside the chain: what of an entry may have to be forgotten. The entry's leaf holds only a commitment,
-- sha256(0x03 || salt || payload) in hexadecimal as data.personal, so that erasing a row here changes no hash.

create table ledger.payloads (
  tenant_id integer not null,
  seq bigint not null,
  -- Random, used once. Without it nobody can find the payload by trying texts against the commitment.
  salt bytea not null,
  -- The canonical bytes (RFC 8785) of an object.
  payload bytea not null,
  primary key (tenant_id, seq),
  constraint payload_salt_length check (octet_length(salt) = 32),
  constraint payload_fits_an_entry check (octet_length(payload) between 2 and 65535)
  -- What was erased leaves the data files soon: the first dead row is worth a vacuum.
) with (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0,
  toast.autovacuum_vacuum_threshold = 0, toast.autovacuum_vacuum_scale_factor = 0);
alter table ledger.payloads enable row level security;
create policy own_tenant on ledger.payloads using (tenant_id = kernel.tenant());
-- No update: a payload is what its entry committed to, or it is gone.
grant select, insert, delete on ledger.payloads to longwatch_app;

-- A payload belongs to an entry that committed to it. This stands in for a foreign key and says more; a foreign key
-- would also put triggers of PostgreSQL's own on ledger.entries. Entries without a payload pay nothing.
-- json and not jsonb, which cannot hold every text that a leaf can.
create function ledger.check_payload() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (
    select from ledger.entries e where e.tenant_id = new.tenant_id and e.seq = new.seq
      and convert_from(e.leaf, 'UTF8')::json #>> '{data,personal}'
        = encode(sha256('\x03'::bytea || new.salt || new.payload), 'hex')
  ) then
    raise 'ledger: entry % holds no commitment to this payload', new.seq using errcode = 'LW004';
  end if;
  return null;
end $$;
create trigger check_payload after insert or update on ledger.payloads
  for each row execute function ledger.check_payload();
alter table ledger.payloads enable always trigger check_payload;

-- A payload goes only in a transaction that tells of it. Looked at when it commits, since entries are written last.
create function ledger.check_erasure() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (
    select from ledger.entries e
    where e.tenant_id = old.tenant_id and e.subject = 'entry-' || old.seq and e.kind = 'ledger.erased'
  ) then
    raise 'ledger: the payload of entry % was deleted without an entry that says so', old.seq using errcode = 'LW005';
  end if;
  return null;
end $$;
create constraint trigger check_erasure after delete on ledger.payloads
  deferrable initially deferred for each row execute function ledger.check_erasure();
create trigger refuse_truncate before truncate on ledger.payloads
  for each statement execute function ledger.refuse_change();
alter table ledger.payloads enable always trigger check_erasure;
alter table ledger.payloads enable always trigger refuse_truncate;

-- The answer to a keyed request goes with the text: its digest is not salted, so a guess could be held against it.
grant update (digest, output) on kernel.requests to longwatch_app;
