import {
  absolute,
  type Call,
  fileText,
  found,
  known,
  optionOf,
  positionals,
  type Reader,
  resource,
  type Scene,
} from "./call.ts";
import { environmentOf } from "./environments.ts";
import { migrations } from "./migrate_table.ts";
import { asksForHelp, match, tableOf } from "./patterns.ts";
import { isTemporary } from "./places.ts";
import type { Found } from "../vocabulary.ts";
import { either } from "./either.ts";

const table = tableOf(migrations.map((line) => [line, "migrate"] as const));

/** Clients of databases: what they read their statements from, and the words that change nothing. */
const clients = new Set(
  `psql pgcli usql mysql mariadb mycli mongosh mongo redis-cli valkey-cli sqlite3 sqlite litecli duckdb
  clickhouse-client clickhouse sqlcmd cqlsh snowsql bq trino presto cockroach sqlplus pg_restore mongorestore
  mysqladmin dropdb createdb mysqlimport vacuumdb reindexdb dropuser influx neo4j cypher-shell arangosh
  couchdb turso iredis usql isql db2 ysqlsh`.split(/\s+/),
);

export const databasePrograms = new Set([...table.keys(), ...clients]);

const loopback = /^(localhost|127(\.\d+){3}|::1|\[::1\]|0\.0\.0\.0|host\.docker\.internal|\/.*|\.)$/i;

/** Statements that change nothing. Everything else does, or may. */
const reading = either(
  /^\s*(select|show|explain|describe|desc|values|table|with|set|use|begin|commit|rollback)/i,
  /^\s*(start|pragma\s+\w+\s*(;|$|\())/i,
  /^\s*(\\(d\S*|l\S*|x|q|timing|conninfo|\?|h|pset|t|a|z|sf|sv|encoding|echo|e|g|gx|watch|c|connect)(\s|$))/i,
  /^\s*(\.(schema|tables|headers|mode|databases|indexes|quit|exit|help|show|width|dump|stats|timer|explain|eqp)\b)/i,
);
const changing = either(
  /\b(insert\s+into|update\s+[\w."]+(\s+\w+)?\s+set|delete\s+from|drop\s+|truncate|alter\s+)/i,
  /\b(create\s+(?!temp)|grant\s+|revoke\s+|merge\s+into|replace\s+into)/i,
  /\b(copy\s+[\w."]+(\s*\([^)]*\))?\s+from|lo_unlink|lo_import|pg_terminate_backend|dblink)/i,
  /\b(nextval|setval|do\s+\$|call\s+|execute\s+|vacuum\s+full|reindex)/i,
  /\b(into\s+(outfile|dumpfile)|load\s+data|attach|rename\s+|comment\s+on)/i,
);
const mongo_changing = either(
  /\.(drop\w*|delete\w*|remove|insert\w*|update\w*|replace\w*|bulkWrite|rename\w*)\s*\(/,
  /\.(create\w*|findAndModify|findOneAnd\w+|save|shutdownServer|runCommand|adminCommand)\s*\(/,
  /\.(aggregate\([^)]*\$(out|merge))\s*\(|\$(out|merge)/,
);
const redis_reading = either(
  /^(get|mget|info|ping|ttl|pttl|keys|scan|hget|hgetall|hmget|hlen|lrange|llen|smembers|scard)$/i,
  /^(sismember|zrange|zcard|zscore|exists|type|strlen|dbsize|monitor|memory|object|client)$/i,
  /^(config|slowlog|latency|xinfo|xrange|xlen|time|echo|command|role|lastsave|cluster|debug)$/i,
  /^(hello|auth|select|acl|--.*)$/i,
);

/** SQL without its strings and comments, so that a word in them is none of its own. */
const bare = (sql: string) =>
  sql
    .replace(/\/\*[\s\S]*?\*\//g, " ")
    .replace(/--[^\n]*/g, " ")
    .replace(/'(?:[^']|'')*'/g, "''");

/** Whether statements change rows or the schema. */
export function changes(sql: string): boolean {
  if (/\bdo\s+\$|\$\$/i.test(sql) && /\b(execute|perform|drop|delete|insert|update|alter|truncate)\b/i.test(sql))
    return true;
  const statements = bare(sql)
    .split(";")
    .map((statement) => statement.trim())
    .filter(Boolean);
  return statements.some((statement) => changing.test(statement) || !reading.test(statement));
}

export const readDatabases: Reader = (call, scene) => {
  if (asksForHelp(call)) return [];
  const founds: Found[] = [];
  const hit = (table.get(call.name) ?? []).map(({ pattern }) => match(pattern, call)).find((one) => one !== undefined);
  if (hit !== undefined && !isThrowaway(call, scene, true) && !(call.name === "supabase" && isLocalReset(call)))
    founds.push(migration(call, call.args.find((arg) => arg !== null && !arg.startsWith("-")) ?? "", hit.certain));
  if (clients.has(call.name)) founds.push(...client(call, scene));
  return founds;
};

const isLocalReset = (call: Call) =>
  known(call).includes("reset") && !known(call).some((arg) => /^--(linked|db-url)/.test(arg));

function migration(call: Call, what: string, certain = true, action: "migrate" | "delete" = "migrate"): Found {
  const environment = environmentOf(
    call.args,
    call.env,
    positionals(call).filter((arg) => arg !== null),
  );
  const target = resource(
    "database",
    hostOf(call) ?? (environment.production ? "unknown" : environment.id),
    environment.production,
  );
  return found(call, action, target, `${call.name} ${what}`.trim(), certain);
}

const urlVariables = either(
  /^(DATABASE_URL|DIRECT_URL|POSTGRES_URL|PG_URL|DB_URL|MYSQL_URL|MONGO(DB)?_UR[IL]|REDIS_URL)$/,
  /^(GOOSE_DBSTRING|SQLX_DATABASE_URL|FLYWAY_URL|SUPABASE_DB_URL)$/,
);
const hostVariables = /^(PGHOST|MYSQL_HOST|DB_HOST|DATABASE_HOST|POSTGRES_HOST|GOOSE_HOST)$/;

/** Where a call's database is, if its words or variables tell. */
function hostOf(call: Call): string | undefined {
  const words = known(call);
  for (const word of words) {
    const [, file] = /^(?:--[\w-]+=)?(?:jdbc:)?(?:sqlite3?|file|duckdb):(?:\/\/)?(.*)$/.exec(word) ?? [];
    if (file !== undefined) return `file:${file}`;
    const [, host] = /^(?:-?-[\w-]+=)?(?:jdbc:)?\w[\w+]*:\/\/(?:[^@/\s]*@)?(\[[^\]]*\]|[^:/?\s]*)/.exec(word) ?? [];
    if (host !== undefined && !/^https?:/.test(word)) return host === "" ? "localhost" : host;
    const [, key] = /(?:^|\s)host=(\S+)/.exec(word) ?? [];
    if (key !== undefined) return key;
    if (/(?:^|\s)service=/.test(word)) return word;
  }
  const option =
    call.name === "sqlcmd" ? optionOf(call, "-S") : optionOf(call, "-h", "--host", "--hostname", "--server");
  if (typeof option === "string" && option !== "") return option;
  for (const [name, value] of call.env) {
    if (value && hostVariables.test(name)) return value;
    if (value && urlVariables.test(name)) return hostOf({ ...call, args: [value], env: new Map() });
  }
  return undefined;
}

/** A database on this machine, or one that is a file of tests, is a throw-away one. */
function isThrowaway(call: Call, scene: Scene, is_migration: boolean): boolean {
  const host = hostOf(call);
  const environment = environmentOf(
    call.args,
    call.env,
    positionals(call).filter((arg) => arg !== null),
  );
  if (host !== undefined && host.startsWith("file:")) return isOwnFile(host.slice(5), call, scene);
  if (host !== undefined) return loopback.test(host);
  // Inside a container of this machine the usual place is the machine itself, too.
  if (is_migration) return /^(test|testing|local|localhost|ci)$/.test(environment.id);
  return false;
}

function isOwnFile(file: string, call: Call, scene: Scene): boolean {
  if (file === ":memory:" || file === "") return true;
  if (/prod|live/i.test(file)) return false;
  const path = absolute(file.replace(/^\.\//, ""), call, scene.around);
  return path !== null && (isTemporary(path, scene.around) || path.startsWith(`${scene.around.worktree}/`));
}

function client(call: Call, scene: Scene): Found[] {
  const { name } = call;
  const destroys = /^(dropdb|dropuser)$/.test(name);
  const restores = /^(pg_restore|mongorestore|mysqlimport|createdb)$/.test(name);
  if (known(call).some((arg) => /^(-l|--list|-V|--version)$/.test(arg)) && /^(psql|pg_restore)$/.test(name)) return [];
  const isFile = /^(sqlite3?|litecli|duckdb)$/.test(name);
  const file = isFile ? positionals(call, new Set(["-cmd", "-init", "-separator"]))[0] : undefined;
  if (isFile && file !== null && isOwnFile(file ?? ":memory:", call, scene)) return [];
  if (!isFile && isThrowaway(call, scene, false)) return [];
  const isLocal =
    hostOf(call) === undefined && call.cwd === null && call.via.some((via) => /docker|podman|compose/.test(via));
  if (isLocal && !changesAnything(call, scene)) return [];
  if (destroys) return [migration(call, "", true, "delete")];
  if (restores)
    return name === "pg_restore" && !known(call).some((arg) => /^(-d|--dbname)/.test(arg)) ? [] : [migration(call, "")];
  if (name === "mysqladmin")
    return known(call).some((arg) => /^(drop|create|shutdown|flush|password)/.test(arg))
      ? [migration(call, "drop")]
      : [];
  return changesAnything(call, scene) ? [migration(call, statementOf(call) ?? "", call.stdin !== null)] : [];
}

function statementOf(call: Call): string | undefined {
  const text = statements(call).find((one) => one !== null && one !== "");
  return text?.slice(0, 60);
}

/** The texts that a client is given to run. Null for one that is not known. */
function statements(call: Call): (string | null)[] {
  const taking = /^(-c|--command|-e|--execute|--eval|-q|--query|-Q|-cmd)$/;
  const texts: (string | null)[] = [];
  for (const [index, arg] of call.args.entries()) {
    if (arg === null) continue;
    const [, joined] = /^(?:--command|--execute|--eval|--query|-c|-e|-q|-Q)=?([^=].*)$/s.exec(arg) ?? [];
    if (taking.test(arg)) texts.push(call.args[index + 1] ?? null);
    else if (joined !== undefined && arg.startsWith("--")) texts.push(joined);
  }
  if (/^(sqlite3?|litecli|duckdb|turso)$/.test(call.name)) texts.push(...positionals(call, new Set(["-cmd"])).slice(1));
  if (call.name === "bq") texts.push(...positionals(call).slice(1));
  return texts;
}

function changesAnything(call: Call, scene: Scene): boolean {
  if (/^(redis-cli|valkey-cli|iredis)$/.test(call.name)) {
    const words = positionals(
      call,
      new Set(["-h", "-p", "-u", "-a", "-n", "--user", "--pass", "-s", "-i", "-r", "--cert", "--key", "--cacert"]),
    );
    const [verb] = words.length > 0 ? words : [call.stdin?.trim().split(/\s/)[0] ?? "get"];
    return verb === null || !redis_reading.test(verb!);
  }
  const files = optionOf(call, "-f", "--file", "-i");
  if (files !== undefined) {
    const text = fileText(files, call, scene);
    if (text === null || changes(text)) return true;
  }
  const texts = statements(call);
  if (texts.length === 0 && files === undefined && call.stdin !== undefined) texts.push(call.stdin);
  if (call.name === "bq")
    return positionals(call)[0] === "query" && texts.some((text) => text === null || changes(text));
  const isMongo = /^mongo/.test(call.name);
  return texts.some((text) => text === null || (isMongo ? mongo_changing.test(text) : changes(text)));
}
