-- What texts say of credentials that the register does not know. :tenant_id is filled in by the transaction.

-- name: survey_from
-- The first look begins where the ledger stands: what was said before there was a register is history.
select (select s.seq from landing.surveyed s where s.tenant_id = :tenant_id) as after, h.seq as head
from ledger.heads h where h.tenant_id = :tenant_id;

-- name: survey_to
insert into landing.surveyed (tenant_id, seq) values (:tenant_id, :seq)
on conflict (tenant_id) do update set seq = :seq;

-- name: registered
-- Those of these names that are live.
select c.name from landing.credentials c
where c.tenant_id = :tenant_id and c.name = any (:names::text[]) and c.retired_at is null;

-- name: insert
insert into landing.credential_findings (tenant_id, name, kind, seq, said_by, said_at, subject)
select :tenant_id, w.* from unnest(:names::text[], :kinds::text[], :seqs::bigint[], :said_bys::text[],
  :said_ats::timestamptz[], :subjects::text[]) w (name, kind, seq, said_by, said_at, subject)
on conflict (tenant_id, name, kind) where settled_at is null do nothing
returning name, kind, seq;

-- name: findings
select f.name, f.kind, f.seq, f.said_by, f.said_at, f.subject from landing.credential_findings f
where f.tenant_id = :tenant_id and f.settled_at is null and (:kind::text is null or f.kind = :kind::text)
order by f.seq, f.name limit :limit;

-- name: settle
update landing.credential_findings set settled_at = :at, settled_by = :by, reason = :reason
where tenant_id = :tenant_id and name = :name and settled_at is null returning kind;

-- name: settle_registered
-- What has its row now needs nobody.
update landing.credential_findings f set settled_at = :at, reason = 'registered'
from landing.credentials c
where f.tenant_id = :tenant_id and f.settled_at is null and c.tenant_id = :tenant_id and c.name = f.name
  and c.retired_at is null
returning f.name, f.kind;

-- name: grants_open
select count(*)::integer as count from landing.credential_findings
where tenant_id = :tenant_id and settled_at is null and kind = 'unregistered_grant';
