import type pg from "pg";

/**
 * Tells PostgreSQL of every table that all its rows are one tenant's: the least that it must know. Else a table with a
 * few rows, or none, makes an index by the tenant alone look as good as one by the whole key; the plan is kept, and
 * reads the whole table once that has grown (docs/decisions, 0007). Where there are more tenants it is not so, and the
 * plan is right all the more. Said twice: for each ANALYZE that comes, and for the time before the first.
 */
export async function tellTenants(client: pg.Client): Promise<void> {
  await client.query(`
    do $$ declare walled record; begin
      for walled in
        select c.oid::regclass as name, c.relnamespace::regnamespace::text as schema, c.relname::text as relation
        from pg_attribute a join pg_class c on c.oid = a.attrelid
        where a.attname = 'tenant_id' and c.relkind = 'r' and c.relowner = 'longwatch_owner'::regrole
          and a.attoptions is null
      loop
        execute format('alter table %s alter column tenant_id set (n_distinct = 1)', walled.name);
        perform pg_restore_attribute_stats('schemaname', walled.schema, 'relname', walled.relation,
          'attname', 'tenant_id', 'inherited', false, 'version', current_setting('server_version_num')::integer,
          'null_frac', 0::real, 'avg_width', 4, 'n_distinct', 1::real);
      end loop;
    end $$`);
}
