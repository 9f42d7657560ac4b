/** What one file says of others, independent of where it lies. Readers make it; nothing in it is resolved yet. */

export type How = "module" | "type" | "require" | "asset" | "python" | "template";

/** Something that a file wants: a module, a name of it, or a file. */
export type Reference = { line: number; specifier: string; name: string | null; how: How };

export type Reexport = {
  /** The name here; null for a star. */
  name: string | null;
  specifier: string;
  /** The name there; null for the whole module. */
  imported: string | null;
};

type Exported = {
  names: Set<string>;
  from: Reexport[];
  /** It may export more than can be read from its text. */
  open: boolean;
  /** CommonJS: a default import gets all of it. */
  commonjs: boolean;
  /** Python's `__all__`, which a star obeys. */
  starred: Set<string> | null;
};

/** A path that is asked for over HTTP: segments, of which `*` is anything. */
export type Asked = { line: number; method: string | null; path: string };

/** `object.method(path, handler)`. */
type Registration = { line: number; object: string; method: string | null; path: string };

/** `object.use(prefix, target)`: everything of the target lies below the prefix. */
type Mount = { object: string; prefix: string; target: string; specifier: string | null };

export type Facts = {
  references: Reference[];
  exported: Exported;
  asked: Asked[];
  registrations: Registration[];
  mounts: Mount[];
  /** Prefixes that a router was made with. */
  prefixes: Map<string, string>;
  /** Names bound by imports. */
  bindings: Map<string, { specifier: string; name: string | null }>;
  /** Literals that may hold SQL. */
  sql: { line: number; text: string }[];
  /** Tables named to a query builder or an ORM. */
  tables: { line: number; name: string }[];
  /** What a migration makes; a column where it is one. */
  makes: { table: string; column: string | null }[];
  /** Why it could not be read; null when it was. */
  unreadable: string | null;
};

export function noFacts(unreadable: string | null = null): Facts {
  return {
    references: [],
    exported: { names: new Set(), from: [], open: unreadable !== null, commonjs: false, starred: null },
    asked: [],
    registrations: [],
    mounts: [],
    prefixes: new Map(),
    bindings: new Map(),
    sql: [],
    tables: [],
    makes: [],
    unreadable,
  };
}
