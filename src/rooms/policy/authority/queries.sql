-- The statements of the policy room's authority. :tenant_id is filled in by the transaction.

-- name: rungs
select action, production, rung from policy.rungs
where tenant_id = :tenant_id and action = any (:actions::text[]);

-- name: rungs_all
select action, production, rung, reason, set_at from policy.rungs where tenant_id = :tenant_id;

-- name: rungs_set
insert into policy.rungs (tenant_id, action, production, rung, reason, set_by)
select :tenant_id, :action, w.production, :rung, :reason, :set_by from unnest(:productions::boolean[]) w (production)
on conflict (tenant_id, action, production) do update
set rung = excluded.rung, reason = excluded.reason, set_by = excluded.set_by, set_at = statement_timestamp();

-- name: approvals_follow
-- What waits stands where its act stands now, and keeps its age.
update policy.approvals
set rung = case when :rung::text = 'L0' then rung else :rung end,
  state = case when :rung = 'L0' then 'released' else state end,
  decided_at = case when :rung = 'L0' then statement_timestamp() end,
  reason = case when :rung = 'L0' then :reason end
where tenant_id = :tenant_id and state = 'pending' and action = :action and production = any (:productions::boolean[])
  and rung <> :rung
returning id, subject;

-- name: approvals_standing
-- What was said of each ask and still counts, by the database's clock. What was rejected stays so in other words; a
-- grant is for these alone.
with w as materialized (
  select w.*, md5(w.resource_id) as resource_key
  from unnest(:subjects::text[], :actions::text[], :resource_types::text[], :resource_ids::text[],
      :productions::boolean[], :wordings::text[])
    with ordinality w (subject, action, resource_type, resource_id, production, wording, place)
)
select w.place - 1 as place, a.id, a.state, a.rung, a.reason
from w
cross join lateral (
  select a.id, a.state, a.rung, a.reason from policy.approvals a
  where a.tenant_id = :tenant_id and a.subject = w.subject and a.action = w.action
    and a.resource_type = w.resource_type and a.resource_key = w.resource_key
    and a.resource_id = w.resource_id and a.production = w.production
    and (a.state = 'rejected' or a.wording is not distinct from w.wording)
    and (a.state = 'pending'
      or a.state = 'granted' and a.expires_at > statement_timestamp() and not exists (
        select from policy.uses u where u.tenant_id = :tenant_id and u.approval = a.id)
      or a.state = 'rejected' and a.decided_at > statement_timestamp() - make_interval(secs => :rejection_seconds))
) a
order by w.place, a.id;

-- name: consents_standing
-- The live consents for each ask's exact scope; those that end sooner are used first.
with w as materialized (
  select w.*, md5(w.resource_id) as resource_key
  from unnest(:subjects::text[], :actions::text[], :resource_types::text[], :resource_ids::text[])
    with ordinality w (subject, action, resource_type, resource_id, place)
)
select w.place - 1 as place, c.id, c.words, c.single_use
from w
cross join lateral (
  select c.id, c.words, c.single_use, c.expires_at from policy.consents c
  where c.tenant_id = :tenant_id and c.subject = w.subject and c.action = w.action
    and c.resource_type = w.resource_type and c.resource_key = w.resource_key
    and c.resource_id = w.resource_id
    and c.revoked_at is null and c.expires_at > statement_timestamp()
    and not (c.single_use and exists (
      select from policy.uses u where u.tenant_id = :tenant_id and u.consent = c.id and u.single_use))
) c
order by w.place, c.expires_at, c.id;

-- name: consents_quoted
-- Consents in exactly these words, whatever they are for; the words that agents quote are few.
select words, subject, action, resource_type, resource_id from policy.consents
where tenant_id = :tenant_id and words = any (:words::text[]);

-- name: approvals_ask
-- Each ask that is not open yet; one that was rejected a moment ago is answered by that. Its asker is the seat whose
-- act waits, whoever asked in its name.
with w as materialized (
  select w.*, md5(w.resource_id) as resource_key
  from unnest(:subjects::text[], :actions::text[], :resource_types::text[], :resource_ids::text[],
      :productions::boolean[], :wordings::text[], :rungs::text[], :decisions::bigint[], :asked_bys::bigint[])
    with ordinality w (subject, action, resource_type, resource_id, production, wording, rung, decision, asked_by,
      place)
)
insert into policy.approvals (tenant_id, subject, action, resource_type, resource_id, production, wording, rung,
  decision, asked_by)
select :tenant_id, w.subject, w.action, w.resource_type, w.resource_id, w.production, w.wording, w.rung, w.decision,
  coalesce(p.id, w.asked_by)
from w
left join lateral (select s.id from seats.principals s
  where s.tenant_id = :tenant_id and s.name = w.subject limit 1) p on true
where not exists (
  select from policy.approvals a where a.tenant_id = :tenant_id and a.subject = w.subject and a.action = w.action
    and a.resource_type = w.resource_type and a.resource_key = w.resource_key
    and a.resource_id = w.resource_id and a.production = w.production
    and a.state = 'rejected' and a.decided_at > statement_timestamp() - make_interval(secs => :rejection_seconds))
order by w.place
on conflict (tenant_id, subject, action, resource_type, resource_key, production, md5(wording))
where state = 'pending' do nothing;

-- name: uses_write
insert into policy.uses (tenant_id, decision, approval, consent, single_use)
select :tenant_id, w.decision, w.approval, w.consent, c.single_use is not false
from unnest(:decisions::bigint[], :approvals::bigint[], :consents::bigint[]) w (decision, approval, consent)
left join policy.consents c on c.tenant_id = :tenant_id and c.id = w.consent;

-- name: approvals_list
select a.*, p.name as asker, u.decision as used_by, statement_timestamp() as now,
  s.retired_at is not null as subject_retired
from policy.approvals a
join seats.principals p on p.tenant_id = :tenant_id and p.id = a.asked_by
left join seats.principals s on s.tenant_id = :tenant_id and s.name = a.subject
left join policy.uses u on u.tenant_id = :tenant_id and u.approval = a.id
where a.tenant_id = :tenant_id and (:state::text is null or a.state = :state)
  and (:rung::text is null or a.rung = :rung)
  and (:ids::bigint[] is null or a.id = any (:ids::bigint[])) and (:manifest::bigint is null or a.manifest = :manifest)
order by a.asked_at, a.id limit :limit;

-- name: approvals_pace
-- How fast decisions are made, and how long the oldest waits (J32).
select count(*) filter (where state = 'pending')::integer as pending,
  extract(epoch from statement_timestamp() - min(asked_at) filter (where state = 'pending'))::integer as oldest_seconds,
  count(*) filter (where state in ('granted', 'rejected')
    and decided_at > statement_timestamp() - interval '1 hour')::integer as decided_in_an_hour
from policy.approvals
where tenant_id = :tenant_id and (state = 'pending' or decided_at > statement_timestamp() - interval '1 hour');

-- name: approvals_decide
-- Who decides is what the seats' own row says: its role, or for an implementer who stands in for silent strategists
-- that one. A second verdict finds nothing pending.
update policy.approvals a
set state = :verdict, reason = :reason, decided_by = p.id, decider = p.name, decided_role = case
    when p.role not in ('strategist', 'operator') and exists (
      select from seats.deputies d
      join seats.dormancies o on o.tenant_id = :tenant_id and o.role = d.role and o.ended_at is null
      where d.tenant_id = :tenant_id and d.deputy_id = p.id and d.role = 'strategist') then 'strategist'
    else p.role end,
  decided_kind = p.kind, decided_at = :at,
  expires_at = case when :verdict::text = 'granted' then :at::timestamptz + make_interval(secs => :seconds) end
from seats.principals p
where a.tenant_id = :tenant_id and a.id = any (:ids::bigint[]) and a.state = 'pending'
  and p.tenant_id = :tenant_id and p.id = :decided_by
returning a.id;

-- name: approvals_settle
-- What needs no verdict any more settles by itself.
update policy.approvals a set state = w.state, reason = w.reason, decided_at = statement_timestamp()
from unnest(:ids::bigint[], :states::text[], :reasons::text[]) w (id, state, reason)
where a.tenant_id = :tenant_id and a.id = w.id and a.state = 'pending';

-- name: manifests_open
insert into policy.manifests (tenant_id, opened_by) values (:tenant_id, :opened_by) returning id;

-- name: approvals_bundle
update policy.approvals set manifest = :manifest
where tenant_id = :tenant_id and id = any (:ids::bigint[]) and state = 'pending' and manifest is null;

-- name: manifests_list
-- The newest first, with how their items stand. O(limit and their items).
select m.id, m.opened_at, p.name as opened_by, i.items, i.waiting, i.granted, i.rejected
from (select m.id, m.opened_at, m.opened_by from policy.manifests m
  where m.tenant_id = :tenant_id and m.id < :before order by m.id desc limit :limit) m
cross join lateral (select name from seats.principals p
  where p.tenant_id = :tenant_id and p.id = m.opened_by limit 1) p
cross join lateral (
  select count(*)::integer as items, count(*) filter (where a.state = 'pending')::integer as waiting,
    count(*) filter (where a.state = 'granted')::integer as granted,
    count(*) filter (where a.state = 'rejected')::integer as rejected
  from policy.approvals a where a.tenant_id = :tenant_id and a.manifest = m.id
) i
order by m.id desc;

-- name: manifests_find
select id from policy.manifests where tenant_id = :tenant_id and id = :id;

-- name: consents_give
insert into policy.consents (tenant_id, words, subject, action, resource_type, resource_id, single_use, given_by,
  given_role, given_kind, given_at, expires_at)
select :tenant_id, :words, :subject, :action, :resource_type, :resource_id, :single_use, p.id, p.role, p.kind, :at,
  :at::timestamptz + make_interval(secs => :seconds)
from seats.principals p where p.tenant_id = :tenant_id and p.id = :given_by
returning id, expires_at;

-- name: consents_list
select c.*, p.name as giver, statement_timestamp() as now, u.decisions as used_by
from policy.consents c
join seats.principals p on p.tenant_id = :tenant_id and p.id = c.given_by
cross join lateral (select json_agg(u.decision order by u.decision) as decisions from policy.uses u
  where u.tenant_id = :tenant_id and u.consent = c.id) u
where c.tenant_id = :tenant_id and (:id::bigint is null or c.id = :id)
  and (:subject::text is null or c.subject = :subject)
order by c.id desc limit :limit;

-- name: consents_revoke
update policy.consents set revoked_by = :revoked_by, revoked_at = statement_timestamp(), revoked_because = :reason
where tenant_id = :tenant_id and id = :id and revoked_at is null
returning id;

-- name: routes_all
select topic, goes_to, about from policy.routes where tenant_id = :tenant_id order by topic collate "C";

-- name: routes_set
insert into policy.routes (tenant_id, topic, goes_to, about, set_by)
values (:tenant_id, :topic, :goes_to, :about, :set_by)
on conflict (tenant_id, topic) do update
set goes_to = excluded.goes_to, about = excluded.about, set_by = excluded.set_by, set_at = statement_timestamp();
