-- The statements of the questions room. :tenant_id is filled in by the transaction.

-- name: insert
insert into questions.questions (tenant_id, topic, goes_to, question, details, options, ticket_id, blocks, probe,
  probe_kind, asked_by, asked_at, asked_seq, routed_at)
select :tenant_id, :topic, :goes_to, :question, :details, coalesce(string_to_array(:options::text, chr(31)), '{}'),
  :ticket_id, :blocks, :probe, :probe_kind, :asked_by, :at, h.seq, :at
from ledger.heads h where h.tenant_id = :tenant_id returning id;

-- name: same
-- The newest with the same words about the same ticket.
select id, state, answer, reason from questions.questions
where tenant_id = :tenant_id and ticket_id is not distinct from :ticket_id and question_key = md5(:question)
order by id desc limit 1;

-- name: find
select q.*, a.name as asker, c.name as closer, statement_timestamp() as now
from questions.questions q
cross join lateral (select name from seats.principals a where a.tenant_id = :tenant_id and a.id = q.asked_by limit 1) a
left join lateral (select name from seats.principals c where c.tenant_id = :tenant_id and c.id = q.closed_by limit 1) c
  on true
where q.tenant_id = :tenant_id and q.id = :id;

-- name: waiting
-- Those that wait for one who decides, the oldest first.
select q.*, a.name as asker, null::text as closer, statement_timestamp() as now
from questions.questions q
cross join lateral (select name from seats.principals a where a.tenant_id = :tenant_id and a.id = q.asked_by limit 1) a
where q.tenant_id = :tenant_id and q.state = 'open' and q.goes_to = :goes_to and q.id > :after
order by q.id limit :limit;

-- name: asked
select q.*, a.name as asker, null::text as closer, statement_timestamp() as now
from questions.questions q
cross join lateral (select name from seats.principals a where a.tenant_id = :tenant_id and a.id = q.asked_by limit 1) a
where q.tenant_id = :tenant_id and q.state = 'open' and q.asked_by = :asked_by and q.id > :after
order by q.id limit :limit;

-- name: probed_by_server
select q.*, null::text as asker, null::text as closer, statement_timestamp() as now
from questions.questions q
where q.tenant_id = :tenant_id and q.state = 'open' and q.probe_kind is not null and q.probe_kind <> 'command'
  and q.id > :after
order by q.id limit :limit;

-- name: commanded
select q.*, a.name as asker, null::text as closer, statement_timestamp() as now
from questions.questions q
cross join lateral (select name from seats.principals a where a.tenant_id = :tenant_id and a.id = q.asked_by limit 1) a
where q.tenant_id = :tenant_id and q.state = 'open' and q.probe_kind = 'command' and q.id > :after
order by q.id limit :limit;

-- name: blocking
-- Whether another open question blocks the ticket.
select id from questions.questions
where tenant_id = :tenant_id and ticket_id = :ticket_id and state = 'open' and blocks and id <> :id limit 1;

-- name: told
-- Whether the ledger has an entry of a kind about something, behind a number.
select exists (select from ledger.entries e where e.tenant_id = :tenant_id and e.subject = w.subject
  and e.seq > w.after and e.kind = w.kind) as holds
from unnest(:kinds::text[], :subjects::text[], :afters::bigint[]) with ordinality w (kind, subject, after, n)
order by w.n;

-- name: close
update questions.questions set state = :state, answer = :answer, reason = :reason, closed_by = :closed_by,
  closed_at = :at
where tenant_id = :tenant_id and id = :id and state = 'open' returning id;

-- name: reroute
update questions.questions set topic = :topic, goes_to = :goes_to, routed_at = :at, relabels = relabels + 1
where tenant_id = :tenant_id and id = :id and state = 'open';

-- name: report
update questions.questions set probed_at = :at, probed_by = :by, probe_outcome = :outcome
where tenant_id = :tenant_id and id = :id and state = 'open';

-- name: pace
-- Of each who decides: what waits, how long, how often it was only relabelled, and the verdicts of the window.
select w.goes_to, o.waiting, o.oldest_seconds, o.median_seconds, o.relabelled, v.rendered
from (values ('strategist'), ('operator')) w (goes_to)
cross join lateral (
  select count(*)::integer as waiting, count(*) filter (where q.relabels > 0)::integer as relabelled,
    floor(extract(epoch from statement_timestamp() - min(q.asked_at)))::bigint as oldest_seconds,
    floor(percentile_cont(0.5) within group (
      order by extract(epoch from statement_timestamp() - q.asked_at)))::bigint as median_seconds
  from questions.questions q where q.tenant_id = :tenant_id and q.state = 'open' and q.goes_to = w.goes_to) o
cross join lateral (
  select count(*)::integer as rendered from questions.questions q
  where q.tenant_id = :tenant_id and q.state = 'answered' and q.goes_to = w.goes_to
    and q.closed_at > statement_timestamp() - make_interval(secs => :window_seconds)) v;

-- name: hours
select w.goes_to, floor(extract(epoch from statement_timestamp() - q.closed_at) / 3600)::integer as hours_ago,
  count(*)::integer as rendered
from (values ('strategist'), ('operator')) w (goes_to)
join questions.questions q on q.tenant_id = :tenant_id and q.state = 'answered' and q.goes_to = w.goes_to
  and q.closed_at > statement_timestamp() - make_interval(hours => 24)
group by 1, 2 order by 1, 2;

-- name: stalled
-- Who decided nothing for a whole window although something waited all that time. Its age counts from when it was
-- asked, wherever it was moved since.
select w.goes_to, greatest(o.asked_at, v.closed_at) as since
from (values ('strategist'), ('operator')) w (goes_to)
cross join lateral (select q.asked_at from questions.questions q
  where q.tenant_id = :tenant_id and q.state = 'open' and q.goes_to = w.goes_to order by q.id limit 1) o
left join lateral (select q.closed_at from questions.questions q
  where q.tenant_id = :tenant_id and q.state = 'answered' and q.goes_to = w.goes_to
  order by q.closed_at desc limit 1) v on true
where greatest(o.asked_at, v.closed_at) < statement_timestamp() - make_interval(secs => :window_seconds);

-- name: stalls_open
select goes_to, since from questions.stalls where tenant_id = :tenant_id and ended_at is null order by goes_to;

-- name: stalls_begin
insert into questions.stalls (tenant_id, noticed_at, goes_to, since)
select :tenant_id, :at, * from unnest(:deciders::text[], :sinces::timestamptz[]);

-- name: stalls_end
update questions.stalls set ended_at = :at
where tenant_id = :tenant_id and goes_to = any (:deciders::text[]) and ended_at is null;
