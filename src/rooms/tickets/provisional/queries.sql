-- The statements of Protocol B. :tenant_id is filled in by the transaction.

-- name: spool_of
select s.name, s.seat_id, s.received_upto, s.settled_upto, s.effective_upto, p.name as seat,
  statement_timestamp() as now
from tickets.spools s join seats.principals p on p.tenant_id = :tenant_id and p.id = s.seat_id
where s.tenant_id = :tenant_id and s.name = :spool;

-- name: seat_known
select created_at from seats.principals where tenant_id = :tenant_id and id = :id;

-- name: spool_open
insert into tickets.spools (tenant_id, name, seat_id, opened_at, answered_at)
values (:tenant_id, :spool, :seat_id, :at, :at);

-- name: spool_advance
update tickets.spools set received_upto = :received_upto, effective_upto = :effective_upto, answered_at = :at
where tenant_id = :tenant_id and name = :spool;

-- name: known
select n, digest from tickets.spooled
where tenant_id = :tenant_id and spool = :spool and n between :first and :last order by n;

-- name: provisionals
-- What became of provisional ids; of one that is not settled there is the final id once it has one.
select provisional, final_id, state = 'contending' as contending from tickets.spooled
where tenant_id = :tenant_id and provisional = any (:provisionals::text[]);

-- name: finals
select final_id as id from tickets.spooled
where tenant_id = :tenant_id and final_id = any (:ids::text[]) and outcome <> 'posted';

-- name: receive
insert into tickets.spooled (tenant_id, spool, n, digest, operation, provisional, namespace, expected, title, input,
  posted_at, effective_at, received_at, state, due_at, held, said_before, final_id, outcome, reason, code)
select :tenant_id, :spool, w.*
from unnest(:ns::bigint[], :digests::text[], :operations::text[], :provisionals::text[], :namespaces::text[],
  :expecteds::text[], :titles::text[], :inputs::text[], :posted_ats::timestamptz[], :effective_ats::timestamptz[],
  :received_ats::timestamptz[], :states::text[], :due_ats::timestamptz[], :helds::text[], :saids_before::boolean[],
  :final_ids::text[], :outcomes::text[], :reasons::text[], :codes::text[]) w;

-- name: contest
-- When the contest that is open ends, and whether it is over.
select s.due_at, s.due_at <= statement_timestamp() as over from tickets.spooled s
where s.tenant_id = :tenant_id and s.state = 'contending' order by s.due_at limit 1;

-- name: contest_seconds
select contest_seconds from tickets.contest_rules where tenant_id = :tenant_id;

-- name: contest_rule
insert into tickets.contest_rules (tenant_id, contest_seconds) values (:tenant_id, :contest_seconds)
on conflict (tenant_id) do update set contest_seconds = excluded.contest_seconds;

-- name: contenders
select s.spool, s.n, s.namespace, s.expected, s.title, s.effective_at, s.held, p.name as seat
from tickets.spooled s
join tickets.spools o on o.tenant_id = :tenant_id and o.name = s.spool
join seats.principals p on p.tenant_id = :tenant_id and p.id = o.seat_id
where s.tenant_id = :tenant_id and s.state = 'contending';

-- name: give
-- By the key alone, here and below: with the state as a condition too, young plans go by the indexes of what waits, and
-- compare everything in a contest with everything else in it.
update tickets.spooled s set state = 'waiting', due_at = null, held = null, final_id = w.final_id,
  outcome = w.outcome, reason = w.reason, code = w.code
from unnest(:spools::text[], :ns::bigint[], :final_ids::text[], :outcomes::text[], :reasons::text[], :codes::text[])
  w (spool, n, final_id, outcome, reason, code)
where s.tenant_id = :tenant_id and s.spool = w.spool and s.n = w.n;

-- name: ready
-- The posts whose turn it is: a spool's posts are done in their order, and wait for its filings that have no number.
select s.spool, s.n, s.operation, s.provisional, s.namespace, s.expected, s.title, s.input, s.posted_at,
  s.effective_at, s.said_before, s.final_id, s.outcome, s.reason, s.code,
  p.id as principal_id, p.name, p.role, p.incarnation, p.scope, p.retired_at is not null as retired
from tickets.spooled s
join tickets.spools o on o.tenant_id = :tenant_id and o.name = s.spool
join seats.principals p on p.tenant_id = :tenant_id and p.id = o.seat_id
cross join lateral (select min(c.n) as n from tickets.spooled c
  where c.tenant_id = :tenant_id and c.state = 'contending' and c.spool = s.spool) c
where s.tenant_id = :tenant_id and s.state <> 'settled' and s.state = 'waiting' and (c.n is null or s.n < c.n)
order by s.effective_at, p.name collate "C", s.spool collate "C", s.n limit :limit;

-- name: settle
update tickets.spooled s set state = 'settled', input = null, settled_at = :at, final_id = w.final_id,
  outcome = w.outcome, reason = w.reason, code = w.code
from unnest(:spools::text[], :ns::bigint[], :final_ids::text[], :outcomes::text[], :reasons::text[], :codes::text[])
  w (spool, n, final_id, outcome, reason, code)
where s.tenant_id = :tenant_id and s.spool = w.spool and s.n = w.n;

-- name: spools_settled
update tickets.spools s set settled_upto = w.n
from (select spool, max(n) as n from unnest(:spools::text[], :ns::bigint[]) w (spool, n) group by spool) w
where s.tenant_id = :tenant_id and s.name = w.spool;

-- name: outcomes
select n, provisional, final_id as id, outcome, reason, code from tickets.spooled
where tenant_id = :tenant_id and spool = :spool and n > :after and n <= :upto and state = 'settled'
order by n limit :limit;

-- name: spools
select s.name as spool, p.name as seat, s.received_upto, s.settled_upto, s.opened_at, s.answered_at
from tickets.spools s join seats.principals p on p.tenant_id = :tenant_id and p.id = s.seat_id
where s.tenant_id = :tenant_id and s.name > :after order by s.name limit :limit;

-- name: namespace
-- A namespace and the number that it gives next in this period.
select n.format, statement_timestamp() as now,
  to_char(statement_timestamp() at time zone 'UTC', n.period_form) as period,
  (select s.next_number from tickets.series s where s.tenant_id = :tenant_id and s.prefix = n.prefix
    and s.period = case when n.period_form is null then ''
      else to_char(statement_timestamp() at time zone 'UTC', n.period_form) end) as next_number
from tickets.namespaces n where n.tenant_id = :tenant_id and n.prefix = :namespace;

-- name: filers
-- The first and the last of those who filed in a namespace: two are enough to know that it is nobody's own.
(select t.filed_by from tickets.tickets t where t.tenant_id = :tenant_id and t.namespace = :namespace
  and t.namespace <> '' order by t.filed_by limit 1)
union
(select t.filed_by from tickets.tickets t where t.tenant_id = :tenant_id and t.namespace = :namespace
  and t.namespace <> '' order by t.filed_by desc limit 1);

-- name: seats_active
select p.id, p.name, p.heard_at, exists (select from tickets.tickets t where t.tenant_id = :tenant_id
    and t.namespace = :namespace and t.namespace <> '' and t.filed_by = p.id) as filed_here
from seats.principals p
where p.tenant_id = :tenant_id and p.kind = 'seat' and p.incarnation is not null
  and p.heard_at > statement_timestamp() - make_interval(secs => :seconds)
order by p.heard_at desc, p.name limit 100;
