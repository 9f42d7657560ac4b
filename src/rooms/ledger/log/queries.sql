-- The statements of the log that its readers alone need. :tenant_id is filled in by the transaction.

-- name: anchors_back
-- The newest of the log, or those before a size, by the primary key.
select a.tree_size, a.root, a.at, array(
    select c.name from ledger.cosignatures c
    where c.tenant_id = :tenant_id and c.origin = a.origin and c.tree_size = a.tree_size order by c.name
  ) as cosigned_by
from ledger.anchors a
where a.tenant_id = :tenant_id and a.origin = :origin
  and (:before_size::bigint is null or a.tree_size < :before_size)
order by a.tree_size desc limit :limit;
