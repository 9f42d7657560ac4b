-- The statements of the policy room. :tenant_id is filled in by the transaction.

-- name: active
select v.version, v.digest from policy.activations a
join policy.versions v on v.tenant_id = a.tenant_id and v.version = a.version
where a.tenant_id = :tenant_id and upper_inf(a.active);

-- name: version_insert
insert into policy.versions (tenant_id, version, digest, source, note, proposed_by)
values (:tenant_id, :version, :digest, :source::bytea, :note, :proposed_by);

-- name: versions_list
select v.version, v.digest, v.note, v.proposed_at, p.name as proposed_by, a.active_since, a.active_until
from policy.versions v
left join seats.principals p on p.tenant_id = v.tenant_id and p.id = v.proposed_by
left join lateral (
  select lower(a.active) as active_since, upper(a.active) as active_until from policy.activations a
  where a.tenant_id = v.tenant_id and a.version = v.version order by lower(a.active) desc limit 1
) a on true
where v.tenant_id = :tenant_id order by v.version desc limit :limit;

-- name: version_show
select version, digest, source from policy.versions
where tenant_id = :tenant_id and (version = :version::bigint or digest = :digest::text);

-- name: version_newest
select coalesce(max(version), 0) as version from policy.versions where tenant_id = :tenant_id;

-- name: activation_end
-- Not the transaction's instant: two activations may share one, and none may be empty.
update policy.activations set active = tstzrange(lower(active), clock_timestamp())
where tenant_id = :tenant_id and upper_inf(active);

-- name: activation_open
insert into policy.activations (tenant_id, version, active, activated_by)
select :tenant_id, :version, tstzrange(
  (select coalesce(max(upper(a.active)), clock_timestamp()) from policy.activations a where a.tenant_id = :tenant_id),
  null), :activated_by;

-- name: instant
select statement_timestamp() as at;

-- name: names_of_kind
select name from seats.principals where tenant_id = :tenant_id and kind = :kind and retired_at is null;

-- name: resources_decided
-- What was decided about lately; all decisions would be too many to look through.
select distinct d.resource_id as id from (
  select resource_type, resource_id from policy.decisions where tenant_id = :tenant_id order by id desc limit :newest
) d
where d.resource_type = :type;

-- name: principals
-- Who asks and who is asked about, with what their present sessions hold: found by what they claimed, whatever
-- statistics there are: not by the state, whose index has every lease (docs/decisions, 0007). O(those named + what they
-- hold), once the seats have been counted.
with deputies as materialized (
  select d.deputy_id, array_agg(d.role order by d.role) as roles
  from seats.dormancies o
  join seats.deputies d on d.tenant_id = :tenant_id and d.role = o.role
  where o.tenant_id = :tenant_id and o.ended_at is null
  group by d.deputy_id
)
select p.id, p.name, p.kind, p.role, p.lane, p.scope, p.incarnation, p.adopted_at, p.retired_at, p.status, p.heard_at,
  p.output_at, h.claims, coalesce(d.roles, '{}') as stands_in_for
from seats.principals p
cross join lateral (select array(
  select t.id from tickets.tickets t
  where t.tenant_id = :tenant_id and t.claimed_by = p.id
    and t.claimed_incarnation is not distinct from p.incarnation and t.lease_expires_at > statement_timestamp()
  order by t.id) as claims) h
left join deputies d on d.deputy_id = p.id
where p.tenant_id = :tenant_id and p.name = any (:names::text[]);

-- name: roster
-- Every seat that may be idle, with the work that it holds or was given, and who holds it or did. The last word on
-- idleness is presenceOf's, and on the holds the instant's; this may travel with the statement that reads the instant.
-- O(seats + the work of those who are idle).
with deputies as materialized (
  select d.deputy_id, array_agg(d.role order by d.role) as roles
  from seats.dormancies o
  join seats.deputies d on d.tenant_id = :tenant_id and d.role = o.role
  where o.tenant_id = :tenant_id and o.ended_at is null
  group by d.deputy_id
)
select p.id, p.name, p.kind, p.role, p.lane, p.scope, p.incarnation, p.adopted_at, p.retired_at, p.status, p.heard_at,
  p.output_at, h.claims, coalesce(d.roles, '{}') as stands_in_for, g.given, o.asker_id as held_by, o.held_until
from seats.principals p
cross join lateral (select array(
  select t.id from tickets.tickets t
  where t.tenant_id = :tenant_id and t.claimed_by = p.id
    and t.claimed_incarnation is not distinct from p.incarnation and t.lease_expires_at > statement_timestamp()
  order by t.id) as claims) h
cross join lateral (
  select count(*)::integer as given from tickets.tickets t
  where t.tenant_id = :tenant_id and t.owner_id = p.id and t.state = 'awaiting_claim' and t.open_blockers = 0) g
left join deputies d on d.deputy_id = p.id
left join policy.holds o on o.tenant_id = :tenant_id and o.seat_id = p.id
where p.tenant_id = :tenant_id and p.kind = 'seat' and p.status = 'idle' and p.retired_at is null
  and p.incarnation is not null and p.heard_at >= statement_timestamp() - make_interval(secs => :heard_seconds);

-- name: decisions_head
-- Under the head's lock: what the ledger had when it was taken, and the number of the newest decision.
select h.seq, (select d.id from policy.decisions d where d.tenant_id = :tenant_id order by d.id desc limit 1) as newest
from ledger.heads h where h.tenant_id = :tenant_id;

-- name: decisions_insert
insert into policy.decisions (tenant_id, at, policy_digest, state_version, id, asked_by, subject_id, subject, action,
  resource_type, resource_id, effect, rung, rules, errors, reasons, protocol, input)
select :tenant_id, :at, :policy_digest, :state_version, w.id, w.asked_by, w.subject_id, w.subject, w.action,
  w.resource_type, w.resource_id, w.effect, w.rung, string_to_array(w.rules, chr(31)),
  string_to_array(w.errors, chr(31)), string_to_array(w.reasons, chr(31)), w.protocol::jsonb,
  convert_to(w.input, 'UTF8')
from unnest(:ids::bigint[], :asked_bys::bigint[], :subject_ids::bigint[], :subjects::text[], :actions::text[],
  :resource_types::text[], :resource_ids::text[], :effects::text[], :rungs::text[], :rules::text[], :errors::text[],
  :reasons::text[], :protocols::text[], :inputs::text[]) w (id, asked_by, subject_id, subject, action, resource_type,
  resource_id, effect, rung, rules, errors, reasons, protocol, input);

-- name: holds_take
-- A hold that stands for another asker is not taken: the trigger hold_is_its_askers fails the whole batch.
insert into policy.holds as hold (tenant_id, seat_id, asker_id, decision_id, held_at, held_until)
select :tenant_id, w.seat_id, w.asker_id, w.decision_id, :at, :at::timestamptz + make_interval(secs => :hold_seconds)
from unnest(:seat_ids::bigint[], :asker_ids::bigint[], :decision_ids::bigint[]) w (seat_id, asker_id, decision_id)
order by w.seat_id
on conflict (tenant_id, seat_id) do update
set asker_id = excluded.asker_id, decision_id = excluded.decision_id, held_at = excluded.held_at,
  held_until = excluded.held_until;

-- name: holds_on
select h.seat_id, h.asker_id, p.name as asker, h.held_until as until
from policy.holds h
cross join lateral (select name from seats.principals p
  where p.tenant_id = :tenant_id and p.id = h.asker_id limit 1) p
where h.tenant_id = :tenant_id and h.seat_id = any (:seat_ids::bigint[]) and h.held_until > :at;

-- name: holds_release
-- Ends holds of one asker. The row stays: the next hold of the seat takes it. Decisions tell time in milliseconds: what
-- ended within one would look free to them, and not be.
update policy.holds set held_until = greatest(:at::timestamptz, held_at + interval '1 millisecond')
where tenant_id = :tenant_id and seat_id = any (:seat_ids::bigint[]) and asker_id = :asker_id and held_until > :at;

-- name: decisions_find
-- With its input, which is long.
select d.id, d.at, p.name as asked_by, d.subject, d.action, d.resource_type, d.resource_id, d.effect, d.rung, d.rules,
  d.errors, d.reasons, d.protocol, convert_from(d.input, 'UTF8') as input, d.policy_digest, d.state_version
from policy.decisions d
cross join lateral (select name from seats.principals p where p.tenant_id = :tenant_id and p.id = d.asked_by limit 1) p
where d.tenant_id = :tenant_id and d.id = :id;

-- name: decisions_list
-- The newest first. Each way of looking has its index; one of the four runs, once for each wanted outcome. O(limit),
-- however much was decided and however rare it is.
with found as materialized (
  select f.id from unnest(:effects::text[]) e (effect)
  cross join lateral (
    (select d.id from policy.decisions d
      where :action::text is null and :subject_id::bigint is null
        and d.tenant_id = :tenant_id and d.effect = e.effect and d.id < :before
      order by d.id desc limit :limit)
    union all
    (select d.id from policy.decisions d
      where :subject_id::bigint is null
        and d.tenant_id = :tenant_id and d.action = :action and d.effect = e.effect and d.id < :before
      order by d.id desc limit :limit)
    union all
    (select d.id from policy.decisions d
      where :action::text is null
        and d.tenant_id = :tenant_id and d.subject_id = :subject_id and d.effect = e.effect and d.id < :before
      order by d.id desc limit :limit)
    union all
    (select d.id from policy.decisions d
      where d.tenant_id = :tenant_id and d.subject_id = :subject_id and d.action = :action and d.effect = e.effect
        and d.id < :before
      order by d.id desc limit :limit)
  ) f
  order by f.id desc limit :limit
)
select d.* from found f
cross join lateral (
  select d.id, d.at, p.name as asked_by, d.subject, d.action, d.resource_type, d.resource_id, d.effect, d.rung, d.rules,
    d.errors, d.reasons, d.protocol, null as input, d.policy_digest, d.state_version
  from policy.decisions d
  cross join lateral (select name from seats.principals p
    where p.tenant_id = :tenant_id and p.id = d.asked_by limit 1) p
  where d.tenant_id = :tenant_id and d.id = f.id limit 1
) d
order by d.id desc;

-- name: decisions_stored
-- Decisions as they were made, in order, to be made again.
select id, effect, rules, errors, reasons, input, policy_digest from policy.decisions
where tenant_id = :tenant_id and id between :first and :last order by id limit :limit;

-- name: decisions_newest
-- The newest decisions, for a dry run of another policy.
select id, subject, action, resource_type, resource_id, effect, reasons, input from policy.decisions
where tenant_id = :tenant_id order by id desc limit :limit;

-- name: escalations_open
-- What is open of exactly these acts, and the number of the newest there is.
with w as materialized (
  select w.*, md5(w.resource_id) as resource_key
  from unnest(:asker_ids::bigint[], :actions::text[], :resource_types::text[], :resource_ids::text[])
    w (asker_id, action, resource_type, resource_id)
)
select e.id, e.asker_id, e.action, e.resource_type, e.resource_id,
  (select n.id from policy.escalations n where n.tenant_id = :tenant_id order by n.id desc limit 1) as newest
from (select) one
left join (
  select e.id, w.asker_id, w.action, w.resource_type, w.resource_id
  from w
  cross join lateral (
    select e.id from policy.escalations e
    where e.tenant_id = :tenant_id and e.asker_id = w.asker_id and e.action = w.action
      and e.resource_type = w.resource_type and e.resource_key = w.resource_key
      and e.resource_id = w.resource_id and e.closed_at is null limit 1
  ) e
) e on true;

-- name: escalations_insert
insert into policy.escalations (tenant_id, opened_at, id, asker_id, action, resource_type, resource_id, reason,
  decision_id)
select :tenant_id, :at, * from unnest(:ids::bigint[], :asker_ids::bigint[], :actions::text[], :resource_types::text[],
  :resource_ids::text[], :reasons::text[], :decision_ids::bigint[]);

-- name: escalations_list
select e.id, a.name as asker, e.action, e.resource_type, e.resource_id, e.reason, e.decision_id, e.opened_at,
  e.closed_at, c.name as closed_by, e.note
from policy.escalations e
join seats.principals a on a.tenant_id = :tenant_id and a.id = e.asker_id
left join seats.principals c on c.tenant_id = :tenant_id and c.id = e.closed_by
where e.tenant_id = :tenant_id and (:id::bigint is null or e.id = :id)
  and (:closed::boolean or :id::bigint is not null or e.closed_at is null)
order by e.id desc limit :limit;

-- name: escalations_find
select id, closed_at from policy.escalations where tenant_id = :tenant_id and id = :id;

-- name: escalations_close
update policy.escalations set closed_at = :at, closed_by = :closed_by, note = :note
where tenant_id = :tenant_id and id = :id and closed_at is null;
