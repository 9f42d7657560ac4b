import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Facts } from "../../ui/facts.tsx";
import { EntryLink } from "../../ui/links.tsx";
import type { Decision } from "./recorded.ts";

const parts = [
  { name: "subject", title: "Who" },
  { name: "action", title: "Does what" },
  { name: "resource", title: "On what" },
  { name: "context", title: "How things stood" },
] as const;

/** Everything that the decision depends on, as it is kept: nothing else was looked at. */
export function Input({ decision: { input, policy_digest, state_version } }: { decision: Decision }) {
  return (
    <div className="flex flex-col gap-4">
      {parts.map(({ name, title }) => (
        <section key={name} aria-label={title}>
          <h3 className="mb-1 text-sm font-medium text-ink-3">{title}</h3>
          <Said value={input?.[name]} />
        </section>
      ))}
      <p className="break-words border-t border-line pt-3 text-sm text-ink-2">
        By the{" "}
        <Link to="/decisions/policy" search={{ digest: policy_digest }} className="text-accent hover:underline">
          policy <code className="font-mono">{policy_digest.slice(0, 10)}</code>
        </Link>
        , when the ledger’s newest entry was <EntryLink seq={state_version} />.
      </p>
    </div>
  );
}

/** An object as its names and values; what lies deeper stands flat, by a longer name. */
function Said({ value }: { value: unknown }): ReactNode {
  const rows = flat(value);
  if (rows.length === 0) return <p className="text-ink-2">Nothing was said.</p>;
  return <Facts facts={rows.map(([name, said]) => [name.replaceAll("_", " "), said])} />;
}

/** Names of what only holds others together. */
const UNSAID: ReadonlySet<string> = new Set(["properties", "standing"]);

function flat(value: unknown, before = ""): [string, string][] {
  if (typeof value !== "object" || value === null)
    return [[before, value === true ? "yes" : value === false ? "no" : String(value)]];
  if (Array.isArray(value)) return [[before, value.length === 0 ? "none" : value.map(textOf).join(", ")]];
  return Object.entries(value).flatMap(([name, one]) =>
    flat(one, UNSAID.has(name) ? before : before === "" ? name : `${before}, ${name}`),
  );
}

const textOf = (one: unknown) => (typeof one === "string" ? one : JSON.stringify(one));
