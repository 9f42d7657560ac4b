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

-- name: leaf_hashes
-- Hashed from the stored bytes each time: a tile of level 0 never tells another story than the entries. The rows come
-- in the order of the subquery; to say it again in the aggregate would sort them once more (a third of the time).
select count(*)::integer as count, coalesce(string_agg(sha256('\x00'::bytea || leaf), ''::bytea), '') as hashes
from (
  select leaf from ledger.entries
  where tenant_id = :tenant_id and seq > :after order by seq limit :limit
) entry;

-- name: leaves
select leaf from ledger.entries where tenant_id = :tenant_id and seq > :after order by seq limit :limit;

-- name: entry_hash
select entry_hash from ledger.entries where tenant_id = :tenant_id and seq = :seq;

-- name: tile
select hashes from ledger.tiles
where tenant_id = :tenant_id and level = :level and index = :index
  and epoch = (select epoch from ledger.logs where tenant_id = :tenant_id order by epoch desc limit 1);

-- name: tiles_grow
-- A pass that ran before its process died is said again: the same hashes change nothing.
insert into ledger.tiles as tile (tenant_id, epoch, level, index, hashes)
select :tenant_id, log.epoch, level, index, decode(hashes, 'base64')
from unnest(:levels::smallint[], :indexes::bigint[], :hashes::text[]) as grown (level, index, hashes)
join ledger.logs log on log.tenant_id = :tenant_id and log.frozen_at is null
on conflict (tenant_id, epoch, level, index) do update set hashes = excluded.hashes
where octet_length(excluded.hashes) > octet_length(tile.hashes);

-- name: log_open
select epoch, origin, audience, rotate_asked_at from ledger.logs where tenant_id = :tenant_id and frozen_at is null;

-- name: log_newest
select epoch, origin, frozen_at from ledger.logs where tenant_id = :tenant_id order by epoch desc limit 1;

-- name: logs
select epoch, origin, audience, opened_at, frozen_at from ledger.logs where tenant_id = :tenant_id order by epoch;

-- name: log_insert
-- Who may read the log before may read this one.
insert into ledger.logs (tenant_id, epoch, origin, audience)
select :tenant_id, :epoch, :origin, coalesce(
  (select audience from ledger.logs where tenant_id = :tenant_id order by epoch desc limit 1), 'members');

-- name: log_freeze
update ledger.logs set frozen_at = statement_timestamp() where tenant_id = :tenant_id and frozen_at is null;

-- name: log_rotation
update ledger.logs set rotate_asked_at = case when :asked::boolean then statement_timestamp() end
where tenant_id = :tenant_id and frozen_at is null;

-- name: log_keys
select vkey, after_size from ledger.log_keys where tenant_id = :tenant_id and origin = :origin order by after_size;

-- name: log_key_insert
insert into ledger.log_keys (tenant_id, origin, vkey, after_size) values (:tenant_id, :origin, :vkey, :after_size);

-- name: anchors_insert
insert into ledger.anchors (tenant_id, origin, tree_size, root, note)
select :tenant_id, :origin, tree_size, decode(root, 'hex'), note
from unnest(:sizes::bigint[], :roots::text[], :notes::text[]) as signed (tree_size, root, note);

-- name: anchors_at
select tree_size, root, note from ledger.anchors
where tenant_id = :tenant_id and origin = :origin and tree_size = any (:sizes::bigint[]);

-- name: anchor_newest
select tree_size, root, note, at from ledger.anchors
where tenant_id = :tenant_id and origin = :origin order by tree_size desc limit 1;

-- name: anchor_at
select tree_size, root, note, at from ledger.anchors
where tenant_id = :tenant_id and origin = :origin and tree_size = :size;

-- name: cosignatures
select line from ledger.cosignatures
where tenant_id = :tenant_id and origin = :origin and tree_size = :size order by name;

-- name: anchors_between
select tree_size, root, note from ledger.anchors
where tenant_id = :tenant_id and origin = :origin and tree_size > :after and tree_size <= :upto order by tree_size;

-- name: payloads_insert
insert into ledger.payloads (tenant_id, seq, salt, payload)
select :tenant_id, seq, decode(salt, 'hex'), convert_to(payload, 'UTF8')
from unnest(:seqs::bigint[], :salts::text[], :payloads::text[]) as sealed (seq, salt, payload);

-- name: payloads
-- What there is for entries that committed to a payload: a row for each, with nulls where it is gone.
select wanted.seq, p.salt, p.payload, exists (
    select from ledger.entries e
    where e.tenant_id = :tenant_id and e.subject = 'entry-' || wanted.seq and e.kind = 'ledger.erased'
  ) as erased
from unnest(:seqs::bigint[]) as wanted (seq)
left join ledger.payloads p on p.tenant_id = :tenant_id and p.seq = wanted.seq;

-- name: erasable
select leaf, principal_id from ledger.entries where tenant_id = :tenant_id and seq = :seq;

-- name: payload_erase
delete from ledger.payloads where tenant_id = :tenant_id and seq = :seq;

-- name: log_audience
update ledger.logs set audience = :audience where tenant_id = :tenant_id and frozen_at is null returning origin;

-- name: public_log
select ledger.public_log(:name) as id;

-- name: cosignature_insert
insert into ledger.cosignatures (tenant_id, origin, tree_size, name, line)
values (:tenant_id, :origin, :tree_size, :name, :line) on conflict (tenant_id, origin, tree_size, name) do nothing;

-- name: watched
select origin, vkeys, size, root, unwatched_at is null as watched
from ledger.watched_logs where tenant_id = :tenant_id and origin = :origin;

-- name: watched_lock
select origin, vkeys, size, root, unwatched_at is null as watched
from ledger.watched_logs where tenant_id = :tenant_id and origin = :origin for update;

-- name: watched_all
select origin, vkeys, watched_at, size, root, cosigned_at
from ledger.watched_logs where tenant_id = :tenant_id and unwatched_at is null order by origin;

-- name: watch
insert into ledger.watched_logs (tenant_id, origin, vkeys) values (:tenant_id, :origin, :vkeys::text[])
on conflict (tenant_id, origin) do update set vkeys = excluded.vkeys, unwatched_at = null,
  watched_at = case when watched_logs.unwatched_at is null then watched_logs.watched_at else excluded.watched_at end;

-- name: unwatch
update ledger.watched_logs set unwatched_at = statement_timestamp()
where tenant_id = :tenant_id and origin = :origin and unwatched_at is null returning origin;

-- name: watched_advance
-- The time is read after the row was locked, so that a larger tree never bears an earlier time.
update ledger.watched_logs set size = :size, root = :root, cosigned_at = clock_timestamp()
where tenant_id = :tenant_id and origin = :origin
returning floor(extract(epoch from cosigned_at))::bigint as unix_seconds;

-- name: witness_key_insert
insert into ledger.witness_keys (tenant_id, vkey) values (:tenant_id, :vkey)
on conflict (tenant_id, vkey) do update set announced_at = clock_timestamp();

-- name: witness_key
select vkey from ledger.witness_keys where tenant_id = :tenant_id order by announced_at desc limit 1;

-- name: producers_newest
select distinct on (name) name, epoch, principal_id from ledger.producers
where tenant_id = :tenant_id and name = any (:names::text[]) order by name, epoch desc;

-- name: producers_insert
insert into ledger.producers (tenant_id, name, epoch, before, principal_id, previous_epoch, previous_last)
select :tenant_id, name, epoch, nullif(epoch - 1, 0), principal_id, previous_epoch, previous_last
from unnest(:names::text[], :epochs::integer[], :principal_ids::bigint[], :previous_epochs::integer[],
  :previous_lasts::bigint[]) as opened (name, epoch, principal_id, previous_epoch, previous_last);

-- name: productions_missing
-- What was never told of, up to the number that a producer remembers as its last in an epoch.
select (n - 1)::integer as call, lower(gap) as first, upper(gap) - 1 as last
from unnest(:names::text[], :epochs::integer[], :lasts::bigint[]) with ordinality as ended (name, epoch, last, n)
cross join lateral (
  select unnest(int8multirange(int8range(1, ended.last, '[]')) - coalesce(range_agg(p.numbers), '{}')) as gap
  from ledger.productions p
  where p.tenant_id = :tenant_id and p.producer = ended.name and p.epoch = ended.epoch
  order by gap limit :limit
) missing
order by n, first;

-- name: productions_insert
-- Rows that overlap an earlier one, in the table or in this statement, are passed over; what came in is answered.
insert into ledger.productions (tenant_id, producer, epoch, principal_id, numbers, outcome, reason, digest)
select :tenant_id, said.producer, said.epoch, said.principal_id, int8range(said.first, said.last, '[]'), :outcome,
  said.reason, said.digest
from unnest(:producers::text[], :epochs::integer[], :principal_ids::bigint[], :firsts::bigint[], :lasts::bigint[],
  :reasons::text[], :digests::text[]) with ordinality
  as said (producer, epoch, principal_id, first, last, reason, digest, n)
join ledger.producers p on p.tenant_id = :tenant_id and p.name = said.producer and p.epoch = said.epoch
  and p.principal_id = said.principal_id
order by said.n
on conflict on constraint productions_disjoint do nothing
returning producer, epoch, principal_id, lower(numbers) as first, upper(numbers) - 1 as last, digest;

-- name: productions_met
-- Why rows did not come in: whose epoch it is, and what they overlap.
select (n - 1)::integer as call, e.principal_id, met.first, met.last, met.outcome, met.digest
from unnest(:producers::text[], :epochs::integer[], :firsts::bigint[], :lasts::bigint[]) with ordinality
  as said (producer, epoch, first, last, n)
join ledger.producers e on e.tenant_id = :tenant_id and e.name = said.producer and e.epoch = said.epoch
left join lateral (
  select lower(p.numbers) as first, upper(p.numbers) - 1 as last, p.outcome, p.digest from ledger.productions p
  where p.tenant_id = :tenant_id and p.producer = said.producer and p.epoch = said.epoch
    and p.numbers && int8range(said.first, said.last, '[]')
  order by p.numbers limit :limit
) met on true
order by n, met.first;

-- name: completeness
-- One statement, so that it sees one instant. A name is ASCII; "C" is the order of the fold.
select p.name as producer, p.epoch, told.recorded, told.dropped, span.last, gap.missing, gap.gaps
from ledger.producers p
cross join lateral (
  select coalesce(max(count) filter (where reason is null), 0) as recorded,
    coalesce(jsonb_object_agg(reason, count) filter (where reason is not null), '{}') as dropped,
    coalesce(max(last), 0) as last, coalesce(range_agg(covered), '{}') as covered
  from (
    select reason, sum(upper(numbers) - lower(numbers))::bigint as count, max(upper(numbers)) - 1 as last,
      range_agg(numbers) as covered
    from ledger.productions
    where tenant_id = :tenant_id and producer = p.name and epoch = p.epoch group by reason
  ) by_reason
) told
cross join lateral (
  select greatest(told.last, coalesce(max(later.previous_last), 0)) as last from ledger.producers later
  where later.tenant_id = :tenant_id and later.name = p.name and later.previous_epoch = p.epoch
) span
cross join lateral (
  select coalesce(sum(upper(one) - lower(one)), 0)::bigint as missing,
    coalesce(jsonb_agg(jsonb_build_object('first', lower(one), 'last', upper(one) - 1) order by one)
      filter (where n <= :gaps_max), '[]') as gaps
  from unnest(int8multirange(int8range(1, span.last + 1)) - told.covered) with ordinality as missing (one, n)
) gap
where p.tenant_id = :tenant_id and (:producer::text is null or p.name = :producer)
order by p.name collate "C", p.epoch;

-- name: payloads_between
select seq, salt, payload from ledger.payloads
where tenant_id = :tenant_id and seq > :after and seq <= :upto order by seq;

-- name: principal_names
-- The verifier holds principal_id against the name that the entry's bytes have. A principal is never renamed.
select id, name from seats.principals where tenant_id = :tenant_id;

-- name: tenants
select name from kernel.every_tenant();

-- name: tiles
select level, index, hashes from ledger.tiles where tenant_id = :tenant_id;

-- name: every_head
select tenant, origin, tree_size, root from ledger.every_head();

-- name: roots_of
select tenant, origin, size, root from ledger.roots_of(:tenants, :origins, :sizes);

-- name: newest_of_subject
select leaf from ledger.entries
where tenant_id = :tenant_id and subject = :subject order by seq desc limit 1;

-- name: verifications
select after, upto, at, whole, first_broken, first_broken_max, reason, told
from ledger.verifications where tenant_id = :tenant_id order by id;

-- name: verification_insert
-- The whole found whole takes the place of all before it; else a day is kept, the newest whole, and what left an entry.
with forgotten as (
  delete from ledger.verifications old where tenant_id = :tenant_id
    and ((:whole::boolean and :first_broken::bigint is null) or (at < statement_timestamp() - interval '1 day'
      and not told and id < (select max(id) from ledger.verifications where tenant_id = :tenant_id and whole)))
)
insert into ledger.verifications (tenant_id, after, upto, whole, first_broken, first_broken_max, reason, told)
values (:tenant_id, :after, :upto, :whole, :first_broken, :first_broken_max, :reason, :told);
