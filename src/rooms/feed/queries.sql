-- The statements of the feed room. :tenant_id is filled in by the transaction.

-- name: imports_find
select source_ref, digest from feed.imports where tenant_id = :tenant_id and source_ref = any (:refs::text[]);

-- name: imports_insert
insert into feed.imports (tenant_id, source_ref, digest)
select :tenant_id, * from unnest(:refs::text[], :digests::text[]);

-- name: head
select seq from ledger.heads where tenant_id = :tenant_id;

-- name: posts
select seq from ledger.entries where tenant_id = :tenant_id and seq = any (:seqs::bigint[])
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
