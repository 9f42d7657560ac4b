-- The statements of the feed room. :tenant_id is filled in by the transaction.

-- name: imports_find
select source_ref, digest from feed.imports where tenant_id = :tenant_id and source_ref = any (:refs::text[]);

-- name: imports_insert
insert into feed.imports (tenant_id, source_ref, digest)
select :tenant_id, * from unnest(:refs::text[], :digests::text[]);

-- name: head
select seq from ledger.heads where tenant_id = :tenant_id;

-- name: posts
select leaf from ledger.entries where tenant_id = :tenant_id and seq = any (:seqs::bigint[])
  and kind in ('post.appended', 'post.imported');

-- name: about
-- What is about one ticket, seat or namespace: after a number, in order.
select leaf from ledger.entries
where tenant_id = :tenant_id and subject = :subject and seq > :after
  and (:kinds::text[] is null or kind = any (:kinds::text[]))
order by seq limit :limit;

-- name: about_newest
select leaf from ledger.entries
where tenant_id = :tenant_id and subject = :subject and (:kinds::text[] is null or kind = any (:kinds::text[]))
order by seq desc limit :limit;

-- name: newest_of_kinds
select leaf from ledger.entries
where tenant_id = :tenant_id and kind = any (:kinds::text[])
order by seq desc limit :limit;

-- name: mirror
select * from feed.mirrors where tenant_id = :tenant_id and file = :file and mirror = :mirror;

-- name: mirrors
select *, statement_timestamp() - heard_at > make_interval(secs => :silent_seconds) as silent from feed.mirrors
where tenant_id = :tenant_id and (:file::text is null or file = :file) order by file, mirror;

-- name: mirror_halted
select * from feed.mirrors where tenant_id = :tenant_id and file = :file and halted_at is not null
order by halted_at limit 1;

-- name: mirror_take
insert into feed.mirrors as known (tenant_id, file, mirror, size, digest, whole_size)
values (:tenant_id, :file, :mirror, :size, :digest, :whole_size)
on conflict (tenant_id, file, mirror) do update
set size = :size, digest = :digest, whole_size = :whole_size, heard_at = statement_timestamp();

-- name: mirror_beat
update feed.mirrors set heard_at = statement_timestamp(), behind_seconds = :behind_seconds,
  lagged_at = case when :lagging::boolean then coalesce(lagged_at, statement_timestamp()) end
where tenant_id = :tenant_id and file = :file and mirror = :mirror;

-- name: mirror_halt
update feed.mirrors set halted_at = statement_timestamp(), halt_reason = :reason, found_size = :found_size
where tenant_id = :tenant_id and file = :file and mirror = :mirror;

-- name: mirror_resume
update feed.mirrors set halted_at = null, halt_reason = null, found_size = null, heard_at = statement_timestamp()
where tenant_id = :tenant_id and file = :file and mirror = :mirror;

-- name: segments
-- The bytes of a mirrored file, as they were taken in.
select leaf from ledger.entries
where tenant_id = :tenant_id and subject = :file and kind = 'feed.mirrored' and seq > :after
order by seq limit :limit;

-- name: page_back
-- A window of the ledger, backwards: at most 5,000 entries are looked at.
select e.seq, e.leaf from ledger.entries e
where e.tenant_id = :tenant_id and e.seq >= :from and e.seq < :end
  and (:actor_id::bigint is null or e.principal_id = :actor_id)
  and (:about::text is null or e.subject = :about)
  and (:kind::text is null or e.kind = :kind or e.kind like :kinds)
  and (:lane::text is null or exists (
    select from tickets.tickets t where t.tenant_id = :tenant_id and t.id = e.subject and t.lane = :lane))
order by e.seq desc limit :limit;

-- name: instant_of
select at from ledger.entries where tenant_id = :tenant_id and seq = :seq;
