-- The statements of the runtime room. :tenant_id is filled in by the transaction.

-- name: schedules
-- Schedules with the cadence that stands and what of them is under way, by name.
select s.*, p.name as seat, c.number as cadence, c.pattern, c.timezone, c.begun_at,
  w.number as waiting, w.missed as waiting_missed, t.number as running, a.name as arms
from runtime.schedules s
cross join lateral (select * from seats.principals x where x.tenant_id = :tenant_id and x.id = s.seat_id limit 1) p
cross join lateral (select * from runtime.cadences x
  where x.tenant_id = :tenant_id and x.schedule = s.name and x.ended_at is null limit 1) c
left join lateral (select * from seats.principals x
  where x.tenant_id = :tenant_id and x.id = s.armed_by limit 1) a on true
left join lateral (select * from runtime.runs x
  where x.tenant_id = :tenant_id and x.schedule = s.name and x.taken_at is null limit 1) w on true
left join lateral (select * from runtime.runs x
  where x.tenant_id = :tenant_id and x.seat_id = s.seat_id and x.taken_at is not null and x.settled_at is null
    and x.schedule = s.name limit 1) t on true
where s.tenant_id = :tenant_id and (:name::text is null or s.name = :name) and s.name > :after
order by s.name limit :limit;

-- name: schedule_insert
insert into runtime.schedules (tenant_id, name, prompt, seat_id, git_writes, paces, defined_at, cadences)
values (:tenant_id, :name, :prompt, :seat_id, :git_writes, :paces::text[], :at, 1);

-- name: cadence_begin
insert into runtime.cadences (tenant_id, schedule, number, pattern, timezone, replaces, reason, begun_by, begun_at)
values (:tenant_id, :name, :number, :pattern, :timezone, :replaces, :reason, :begun_by, :at);

-- name: cadence_end
update runtime.cadences set ended_at = :at
where tenant_id = :tenant_id and schedule = :name and number = :number and ended_at is null;

-- name: cadence_counted
update runtime.schedules set cadences = :number, next_at = :next_at where tenant_id = :tenant_id and name = :name;

-- name: cadences
select c.*, p.name as by from runtime.cadences c
cross join lateral (select * from seats.principals x where x.tenant_id = :tenant_id and x.id = c.begun_by limit 1) p
where c.tenant_id = :tenant_id and c.schedule = :name and c.number < :before order by c.number desc limit :limit;

-- name: arm
update runtime.schedules
set armed_at = :at, armed_by = :armed_by, next_at = :next_at, machine = :machine, worktree = :worktree
where tenant_id = :tenant_id and name = :name and armed_at is null;

-- name: armed_there
-- Another schedule that writes there.
select s.name from runtime.schedules s
where s.tenant_id = :tenant_id and s.machine = :machine and s.worktree = :worktree and s.armed_at is not null
  and s.git_writes limit 1;

-- name: disarm
update runtime.schedules set armed_at = null, armed_by = null, next_at = null
where tenant_id = :tenant_id and name = :name;

-- name: due
select s.name, s.seat_id, p.name as seat, s.runs, s.next_at, c.number as cadence, c.pattern, c.timezone,
  w.number as waiting
from runtime.schedules s
cross join lateral (select * from seats.principals x where x.tenant_id = :tenant_id and x.id = s.seat_id limit 1) p
cross join lateral (select * from runtime.cadences x
  where x.tenant_id = :tenant_id and x.schedule = s.name and x.ended_at is null limit 1) c
left join lateral (select * from runtime.runs x
  where x.tenant_id = :tenant_id and x.schedule = s.name and x.taken_at is null limit 1) w on true
where s.tenant_id = :tenant_id and s.next_at <= :at
order by s.next_at, s.name limit :limit;

-- name: fire
insert into runtime.runs (tenant_id, schedule, number, cadence, due_at, fired_at, missed, seat_id)
select :tenant_id, f.name, f.number, f.cadence, f.due_at, :at, f.missed, f.seat_id
from unnest(:names::text[], :numbers::integer[], :cadences::integer[], :dues::timestamptz[], :misseds::integer[],
  :seat_ids::bigint[]) f (name, number, cadence, due_at, missed, seat_id);

-- name: fired
update runtime.schedules s set runs = f.runs, next_at = f.next_at
from unnest(:names::text[], :runs::integer[], :nexts::timestamptz[]) f (name, runs, next_at)
where s.tenant_id = :tenant_id and s.name = f.name and s.name = any (:names::text[]);

-- name: missed
update runtime.runs r set missed = r.missed + f.missed
from unnest(:names::text[], :misseds::integer[]) f (name, missed)
where r.tenant_id = :tenant_id and r.schedule = f.name and r.schedule = any (:names::text[]) and r.taken_at is null;

-- name: run_of
-- What a seat's session is at.
select r.*, s.prompt from runtime.runs r
cross join lateral (select * from runtime.schedules x
  where x.tenant_id = :tenant_id and x.name = r.schedule limit 1) s
where r.tenant_id = :tenant_id and r.seat_id = :seat_id and r.taken_at is not null and r.settled_at is null;

-- name: runs_waiting
-- What waits for a seat, the oldest first. What was disarmed waits until it is armed again.
select r.*, s.prompt, c.pattern from runtime.runs r
cross join lateral (select * from runtime.schedules x
  where x.tenant_id = :tenant_id and x.name = r.schedule limit 1) s
cross join lateral (select * from runtime.cadences x
  where x.tenant_id = :tenant_id and x.schedule = r.schedule and x.number = r.cadence limit 1) c
where r.tenant_id = :tenant_id and r.seat_id = :seat_id and r.taken_at is null and s.armed_at is not null
order by r.due_at, r.schedule limit 100;

-- name: run_take
update runtime.runs set taken_by = :taken_by, taken_at = :at
where tenant_id = :tenant_id and schedule = :name and number = :number and taken_at is null;

-- name: run_settle
update runtime.runs set settled_at = :at, outcome = :outcome, note = :note
where tenant_id = :tenant_id and schedule = :name and number = :number and settled_at is null;

-- name: run_outcomes
-- How the newest settled runs of a cadence ended.
select r.outcome from runtime.runs r
where r.tenant_id = :tenant_id and r.schedule = :name and r.cadence = :cadence and r.settled_at is not null
  and r.outcome <> 'lost'
order by r.number desc limit :limit;

-- name: runs
select r.*, p.name as seat from runtime.runs r
cross join lateral (select * from seats.principals x where x.tenant_id = :tenant_id and x.id = r.seat_id limit 1) p
where r.tenant_id = :tenant_id and r.schedule = :name and r.number < :before order by r.number desc limit :limit;

-- name: ticks
select * from runtime.ticks where tenant_id = :tenant_id and principal_id = any (:principal_ids::bigint[]);

-- name: tick_set
insert into runtime.ticks (tenant_id, principal_id, began_at, posts)
select :tenant_id, * from unnest(:principal_ids::bigint[], :begans::timestamptz[], :posts::integer[])
on conflict (tenant_id, principal_id) do update set began_at = excluded.began_at, posts = excluded.posts;

-- name: tick_end
delete from runtime.ticks where tenant_id = :tenant_id and principal_id = :principal_id;

-- name: hold
insert into runtime.held_posts (tenant_id, principal_id, number, held_at, item, subject, body)
select :tenant_id, h.principal_id, h.number, :at, h.item, h.subject, h.body
from unnest(:principal_ids::bigint[], :numbers::integer[], :items::text[], :subjects::text[], :bodies::text[])
  h (principal_id, number, item, subject, body);

-- name: held_over
-- Whose tick is over although posts of it are held.
select t.principal_id, p.name, p.role, p.incarnation from runtime.ticks t
cross join lateral (select * from seats.principals x where x.tenant_id = :tenant_id and x.id = t.principal_id limit 1) p
where t.tenant_id = :tenant_id and t.began_at <= :at::timestamptz - make_interval(secs => :tick_seconds)
  and exists (select from runtime.held_posts h where h.tenant_id = :tenant_id and h.principal_id = t.principal_id)
order by t.principal_id;

-- name: held_take
delete from runtime.held_posts where tenant_id = :tenant_id and principal_id = :principal_id
returning number, held_at, item, subject, body;
