-- The statements of the ledger's pace. :tenant_id is filled in by the transaction.

-- name: instant
select clock_timestamp() as at;

-- name: written_before
-- How many entries there were at each instant, the last one's included. The clock is read under the head's lock, so
-- entries are in the order of their instants: each is found by halving, in as many look-ups by the key as the newest
-- number has digits, and no entry in between is read. Laterally with a limit, whatever statistics there are
-- (docs/decisions, 0007): as a join it read the whole ledger for each halving, 10 s at 300,000 entries.
with recursive search (instant, low, high) as (
  select instant, 0::bigint, head.seq
  from ledger.heads head, unnest(:instants::timestamptz[]) as instant
  where head.tenant_id = :tenant_id
  union all
  select search.instant,
    case when entry.at < search.instant then entry.seq else search.low end,
    case when entry.at < search.instant then search.high else entry.seq - 1 end
  from search
  cross join lateral (
    select e.seq, e.at from ledger.entries e
    where e.tenant_id = :tenant_id and e.seq = (search.low + search.high + 1) / 2 limit 1
  ) entry
  where search.low < search.high
)
select instant, max(low) as written from search group by instant order by instant;
