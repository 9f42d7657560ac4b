-- The statements of the landing room. :tenant_id is filled in by the transaction.

-- name: environment_insert
insert into landing.environments (tenant_id, name, topology) values (:tenant_id, :name, 1);

-- name: topology_insert
insert into landing.topologies (tenant_id, environment, version, branch, command, verify_command, rollback_command,
  health_url, release_pointer, production, lane, timeout_seconds, health_seconds, memory_mb, output_kb, reason,
  defined_by, defined_at)
values (:tenant_id, :environment, :version, :branch, :command, :verify_command, :rollback_command, :health_url,
  :release_pointer, :production, :lane, :timeout_seconds, :health_seconds, :memory_mb, :output_kb, :reason,
  :defined_by, :at);

-- name: environment_turn
update landing.environments set topology = :version where tenant_id = :tenant_id and name = :environment;

-- name: environments
-- Environments as they stand: topology, owner, last known good release, and the deploy whose end is not known.
select e.name, e.down_since, t.version, t.branch, t.command, t.verify_command, t.rollback_command, t.health_url,
  t.release_pointer, t.production, t.lane, t.timeout_seconds, t.health_seconds, t.memory_mb, t.output_kb, t.reason,
  t.defined_at, b.owner_id, b.since as bound_at, o.name as owner, g.id as good_deploy, g.sha as good_release,
  g.ended_at as good_at, d.id as unsettled, d.state as unsettled_state
from landing.environments e
cross join lateral (select * from landing.topologies t where t.tenant_id = :tenant_id and t.environment = e.name
  and t.version = e.topology limit 1) t
left join lateral (select * from landing.bindings b where b.tenant_id = :tenant_id and b.environment = e.name limit 1) b
  on true
left join lateral (select name from seats.principals p where p.tenant_id = :tenant_id and p.id = b.owner_id limit 1) o
  on true
left join lateral (select * from landing.deploys g where g.tenant_id = :tenant_id and g.id = e.good_deploy limit 1) g
  on true
left join lateral (select id, state from landing.deploys d where d.tenant_id = :tenant_id and d.environment = e.name
  and d.state in ('running', 'abandoned') limit 1) d on true
where e.tenant_id = :tenant_id and (:name::text is null or e.name = :name::text)
order by e.name;

-- name: topologies
select t.version, t.branch, t.command, t.health_url, t.reason, t.defined_at,
  (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = t.defined_by) as defined_by
from landing.topologies t where t.tenant_id = :tenant_id and t.environment = :environment
order by t.version desc limit 100;

-- name: recorded
-- What words about a deploy are held against.
select e.name as environment, t.lane, t.production, t.branch, t.command, t.verify_command, t.rollback_command
from landing.environments e
cross join lateral (select * from landing.topologies t where t.tenant_id = :tenant_id and t.environment = e.name
  and t.version = e.topology limit 1) t
where e.tenant_id = :tenant_id;

-- name: lanes
-- The lanes of tickets and of namespaces.
select w.ref, coalesce(
  (select t.lane from tickets.tickets t where t.tenant_id = :tenant_id and t.id = w.ref),
  (select n.lane from tickets.namespaces n where n.tenant_id = :tenant_id and n.prefix = w.ref)) as lane
from unnest(:refs::text[]) w (ref);

-- name: binding_insert
insert into landing.bindings (tenant_id, environment, owner_id, since)
values (:tenant_id, :environment, :owner_id, :at);

-- name: binding_turn
update landing.bindings set owner_id = :owner_id, since = :at
where tenant_id = :tenant_id and environment = :environment and owner_id = :from_id
returning environment;

-- name: binding_delete
delete from landing.bindings where tenant_id = :tenant_id and environment = :environment and owner_id = :owner_id
returning environment;

-- name: seat_now
select p.incarnation, p.adopted_at, p.retired_at, p.status, p.heard_at, p.output_at
from seats.principals p where p.tenant_id = :tenant_id and p.id = :id;

-- name: deploy_newest
select coalesce(max(id), 0)::bigint as newest from landing.deploys where tenant_id = :tenant_id;

-- name: deploy_insert
insert into landing.deploys (tenant_id, id, environment, topology, rollback, ticket_id, source, base, sha, commits,
  owner_id, decision_id, runner_id, runner_incarnation, fencing_token, lease_expires_at, began_at, log_bytes_max)
values (:tenant_id, :id, :environment, :topology, :rollback, :ticket_id, :source, :base, :sha, :commits, :owner_id,
  :decision_id, :runner_id, :runner_incarnation, :fencing_token, :lease_expires_at, :at, :log_bytes_max);

-- name: deploy_find
select d.*, (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = d.owner_id) as owner,
  (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = d.runner_id) as runner
from landing.deploys d where d.tenant_id = :tenant_id and d.id = :id;

-- name: deploys
-- The newest deploys first: all, or those of an environment, a ticket or a state.
select d.*, (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = d.owner_id) as owner,
  (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = d.runner_id) as runner
from landing.deploys d
where d.tenant_id = :tenant_id and (:environment::text is null or d.environment = :environment::text)
  and (:ticket_id::text is null or d.ticket_id = :ticket_id::text)
  and (:states::text[] is null or d.state = any (:states::text[]))
order by d.id desc limit :limit;

-- name: entries_of
-- What the ledger has of a deploy.
select e.seq, e.kind, e.at from ledger.entries e
where e.tenant_id = :tenant_id and e.subject = :subject order by e.seq limit 1000;

-- name: lapse
-- Deploys whose lease has ended, or that are cut off because their binding was taken away. Where nothing was touched
-- yet the deploy is over; otherwise nobody knows what is served until somebody looks.
update landing.deploys d set
  state = case when d.stage in ('claimed', 'closure', 'verify') then 'lapsed' else 'abandoned' end,
  ended_at = case when d.stage in ('claimed', 'closure', 'verify') then statement_timestamp() end,
  fencing_token = null, lease_expires_at = null,
  cause = case when d.id = :cut::bigint then :cause::text else 'the runner was not heard of any more' end
where d.tenant_id = :tenant_id and d.state = 'running'
  and (d.lease_expires_at <= statement_timestamp() or d.id = :cut::bigint)
returning d.id, d.environment, d.ticket_id, d.state, d.stage, d.cause,
  (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = d.runner_id) as runner;

-- name: in_doubt
select environment from landing.deploys where tenant_id = :tenant_id and state = 'abandoned' order by environment;

-- name: deploy_report
-- The fence is in the condition: a token of an earlier attempt changes nothing.
update landing.deploys set stage = :stage, lease_expires_at = :lease_expires_at, log_bytes = log_bytes + :bytes,
  log_bytes_lost = log_bytes_lost + :lost
where tenant_id = :tenant_id and id = :id and state = 'running' and fencing_token = :fencing_token;

-- name: log_insert
insert into landing.logs (tenant_id, deploy_id, number, stage, text, at)
select :tenant_id, :id, coalesce(max(l.number), 0) + 1, :stage, :text, :at
from landing.logs l where l.tenant_id = :tenant_id and l.deploy_id = :id
returning number;

-- name: log_read
select l.number, l.stage, l.text, l.at from landing.logs l
where l.tenant_id = :tenant_id and l.deploy_id = :id and l.number > :after::bigint order by l.number limit :limit;

-- name: closure_write
update landing.deploys set closure = :closure, missing = :missing, forced_by = :forced_by, state = :state,
  stage = 'closure', cause = :cause, ended_at = :ended_at,
  fencing_token = case when :state::text = 'running' then fencing_token end,
  lease_expires_at = case when :state::text = 'running' then :lease_expires_at::timestamptz end
where tenant_id = :tenant_id and id = :id and state = 'running' and fencing_token = :fencing_token;

-- name: deploy_settle
update landing.deploys set state = :state, ended_at = :at, fencing_token = null, lease_expires_at = null,
  served_release = :served_release, restored_deploy = :restored_deploy, down_from = :down_from,
  downtime_milliseconds = :downtime_milliseconds, cause = :cause
where tenant_id = :tenant_id and id = :id and state = 'running' and fencing_token = :fencing_token;

-- name: deploy_recover
update landing.deploys set state = 'running', stage = 'recover', attempt = attempt + 1, runner_id = :runner_id,
  runner_incarnation = :runner_incarnation, fencing_token = :fencing_token, lease_expires_at = :lease_expires_at
where tenant_id = :tenant_id and id = :id and state = 'abandoned';

-- name: environment_settle
-- Only a deploy that landed moves the last known good release; the key refuses any other.
update landing.environments set good_deploy = case when :landed::boolean then :id::bigint else good_deploy end,
  down_since = :down_since
where tenant_id = :tenant_id and name = :environment;

-- name: releases_withdraw
-- A rollback takes out of service what landed after the release that it goes back to.
update landing.deploys d set withdrawn_by = :id
where d.tenant_id = :tenant_id and d.environment = :environment and d.state = 'landed' and d.id < :id
  and d.withdrawn_by is null and d.sha <> :sha
  and d.id > (select max(g.id) from landing.deploys g where g.tenant_id = :tenant_id
    and g.environment = :environment and g.state = 'landed' and g.id < :id and g.sha = :sha)
returning d.id, d.sha, d.ticket_id;

-- name: still_deployed
-- Tickets with a release that production has, by any deploy that nobody took back.
select w.id as ticket_id from unnest(:tickets::text[]) w (id)
where exists (select from landing.deploys d
  join landing.environments e on e.tenant_id = :tenant_id and e.name = d.environment
  join landing.topologies t on t.tenant_id = :tenant_id and t.environment = e.name and t.version = e.topology
  where d.tenant_id = :tenant_id and d.ticket_id = w.id and d.state = 'landed' and not d.rollback
    and d.withdrawn_by is null and t.production);

-- name: failure_open
insert into landing.failures (tenant_id, deploy_id, environment, opened_at)
values (:tenant_id, :id, :environment, :at);

-- name: failures_mend
update landing.failures set mended_at = :at, mended_by = :id
where tenant_id = :tenant_id and environment = :environment and mended_at is null
returning deploy_id;

-- name: failures
select f.deploy_id, f.opened_at, f.mended_at, f.mended_by, d.environment, d.ticket_id, d.sha, d.state, d.cause,
  d.served_release, d.restored_deploy, d.down_from, d.downtime_milliseconds,
  (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = d.owner_id) as owner,
  array(select e.seq from ledger.entries e where e.tenant_id = :tenant_id and e.subject = 'deploy-' || f.deploy_id
    order by e.seq limit 200) as entries
from landing.failures f
join landing.deploys d on d.tenant_id = :tenant_id and d.id = f.deploy_id
where f.tenant_id = :tenant_id and (:environment::text is null or f.environment = :environment::text)
  and (:all::boolean or f.mended_at is null)
order by f.deploy_id desc limit :limit;

-- name: tickets_done
select t.id from tickets.tickets t
where t.tenant_id = :tenant_id and t.id = any (:ids::text[]) and t.state = 'done' order by t.id;

-- name: debts
select d.repository, d.branch, d.base, d.head, d.ahead, d.tickets, d.since, d.seen_at from landing.debts d
where d.tenant_id = :tenant_id and (:repository::text is null or d.repository = :repository::text)
order by d.ahead desc, d.repository, d.branch;

-- name: debts_write
insert into landing.debts (tenant_id, repository, base, seen_at, since, branch, head, ahead, tickets)
select :tenant_id, :repository, :base, :at, :at, w.branch, w.head, w.ahead, string_to_array(w.tickets, chr(31))
from unnest(:branches::text[], :heads::text[], :aheads::integer[], :tickets::text[]) w (branch, head, ahead, tickets)
on conflict (tenant_id, repository, branch) do update set base = excluded.base, head = excluded.head,
  ahead = excluded.ahead, tickets = excluded.tickets, seen_at = excluded.seen_at;

-- name: debts_settle
delete from landing.debts where tenant_id = :tenant_id and repository = :repository
  and branch = any (:branches::text[]);

-- name: guard_proof_write
insert into landing.guard_proofs (tenant_id, environment, deploy_id, guard, served, seen_by, seen_at)
values (:tenant_id, :environment, :deploy_id, :guard, :served, :seen_by, :at)
on conflict (tenant_id, environment, guard, deploy_id) do update set served = excluded.served,
  seen_by = excluded.seen_by, seen_at = excluded.seen_at;

-- name: guard_proof
select g.served from landing.guard_proofs g where g.tenant_id = :tenant_id and g.environment = :environment
  and g.deploy_id = :deploy_id and g.guard = :guard;

-- name: credentials_flip
update landing.credentials set guarded = :served
where tenant_id = :tenant_id and environment = :environment and guard = :guard and retired_at is null
  and guarded <> :served
returning name;

-- name: credential_insert
insert into landing.credentials (tenant_id, name, environment, guard, guarded_by, registered_by, registered_at)
values (:tenant_id, :name, :environment, :guard, :guarded_by, :registered_by, :at)
on conflict do nothing returning name;

-- name: credential_retire
update landing.credentials set retired_at = :at where tenant_id = :tenant_id and name = :name and retired_at is null
returning environment, guard;

-- name: credentials
select c.name, c.environment, c.guard, c.registered_at,
  (select p.name from seats.principals p where p.tenant_id = :tenant_id and p.id = c.registered_by) as registered_by,
  (select g.served from landing.guard_proofs g where g.tenant_id = :tenant_id and g.environment = c.environment
    and g.guard = c.guard and g.deploy_id = e.good_deploy) as served
from landing.credentials c
join landing.environments e on e.tenant_id = :tenant_id and e.name = c.environment
where c.tenant_id = :tenant_id and c.retired_at is null order by c.name;

-- name: standing_of_deploys
select d.id, 'deploy ' || d.id as thing, jsonb_build_object('state', d.state, 'stage', d.stage, 'environment',
  d.environment, 'ticket', d.ticket_id, 'sha', d.sha, 'attempt', d.attempt::text, 'withdrawn_by', d.withdrawn_by::text)
  as fields
from landing.deploys d where d.tenant_id = :tenant_id and d.id > :after order by d.id limit :limit;

-- name: standing_of_merges
select m.ticket_id, m.repository, m.branch, m.commit, '{}'::jsonb as fields,
  'merge ' || m.repository || ' ' || m.branch || ' ' || m.commit || ' ' || m.ticket_id as thing
from landing.merges m
where m.tenant_id = :tenant_id and m.lost_at is null
  and (m.ticket_id, m.repository, m.branch, m.commit) > (:ticket, :repository, :branch, :commit)
order by m.ticket_id, m.repository, m.branch, m.commit limit :limit;

-- name: standing_of_the_rest
select 'environment ' || e.name as thing, jsonb_build_object('version', e.topology::text, 'owner', o.name,
  'good_deploy', e.good_deploy::text) as fields
from landing.environments e
left join landing.bindings b on b.tenant_id = :tenant_id and b.environment = e.name
left join seats.principals o on o.tenant_id = :tenant_id and o.id = b.owner_id
where e.tenant_id = :tenant_id
union all
select 'failure ' || f.deploy_id, jsonb_build_object('mended_by', f.mended_by::text)
from landing.failures f where f.tenant_id = :tenant_id
union all
select 'debt ' || d.repository || ' ' || d.branch, '{}'::jsonb from landing.debts d where d.tenant_id = :tenant_id
union all
select 'credential ' || c.name, jsonb_build_object('guarded', c.guarded::text)
from landing.credentials c where c.tenant_id = :tenant_id and c.retired_at is null
union all
select 'webhook ' || h.name, jsonb_build_object('round', h.round::text, 'open', (h.closed_at is null)::text)
from landing.hooks h where h.tenant_id = :tenant_id;
