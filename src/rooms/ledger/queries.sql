-- The statements of the ledger room. :tenant_id is filled in by the transaction.

-- name: head_lock
select seq, hash, clock_timestamp() as at, authority_revision
from ledger.heads where tenant_id = :tenant_id for update;

-- name: head
select seq, hash, clock_timestamp() as at, authority_revision
from ledger.heads where tenant_id = :tenant_id;

-- name: append
-- The leaves come as one byte string and their lengths: arrays of bytea would be written and read as hexadecimal.
insert into ledger.entries (tenant_id, seq, at, kind, principal_id, subject, leaf, entry_hash)
select :tenant_id, :head_seq::bigint + n, :at, kind, principal_id, subject,
  substring(:leaves::bytea from start_at for length), substring(:hashes::bytea from 32 * n::integer - 31 for 32)
from unnest(:kinds::text[], :principal_ids::bigint[], :subjects::text[], :starts::integer[], :lengths::integer[])
  with ordinality as entry (kind, principal_id, subject, start_at, length, n);

-- name: authority_change
update ledger.heads set authority_revision = authority_revision + 1 where tenant_id = :tenant_id;

-- name: range
select seq, at, kind, principal_id, subject, leaf, entry_hash
from ledger.entries where tenant_id = :tenant_id and seq > :after order by seq limit :limit;

-- name: beyond_head
-- One statement, so that entries written meanwhile come with the head that they moved.
select e.seq from ledger.heads h
join ledger.entries e on e.tenant_id = h.tenant_id and e.seq > h.seq
where h.tenant_id = :tenant_id order by e.seq limit 1;

-- name: range_of_kinds
select leaf from ledger.entries
where tenant_id = :tenant_id and kind = any (:kinds::text[]) and seq > :after order by seq limit :limit;
