import { useLocation } from "@tanstack/react-router";
import { useEffect } from "react";
import { Panel } from "../../ui/panel.tsx";
import type { Instead, Policy, Rule as PolicyRule } from "./policy_text.ts";
import { ways } from "./words.ts";

/** A policy as one reads it: its boundaries in their order, what it permits, and what is said when nothing does. */
export function Rules({ policy: { rules, unmatched, entities = [] } }: { policy: Policy }) {
  const { hash } = useLocation();
  useEffect(() => {
    if (hash !== "") document.getElementById(hash)?.scrollIntoView({ block: "center" });
  }, [hash]);
  const of = (effect: PolicyRule["effect"]) => rules.filter((rule) => rule.effect === effect);
  return (
    <div className="flex min-w-0 flex-col gap-5">
      <Panel title="Boundaries" aside="the first that holds is told">
        <List rules={of("forbid")} marked={hash} />
      </Panel>
      <Panel title="Permitted">
        <List rules={of("permit")} marked={hash} />
      </Panel>
      <Panel title="When nothing permits it">
        <p>{unmatched.reason}</p>
        <Way protocol={unmatched.protocol} />
      </Panel>
      {entities.length > 0 && (
        <Panel title="Known by the policy itself">
          <ul className="flex flex-col gap-1">
            {entities.map(({ type, id, properties }) => (
              <li key={`${type} ${id}`} className="break-words">
                {type} <span className="font-mono text-sm">{id}</span>{" "}
                <span className="text-sm text-ink-2">{JSON.stringify(properties ?? {})}</span>
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </div>
  );
}

function List({ rules, marked }: { rules: readonly PolicyRule[]; marked: string }) {
  if (rules.length === 0) return <p className="text-ink-2">None.</p>;
  return (
    <ol className="divide-y divide-line">
      {rules.map((rule) => (
        <Rule key={rule.name} rule={rule} isMarked={rule.name === marked} />
      ))}
    </ol>
  );
}

function Rule({ rule: { name, reason, protocol, cedar }, isMarked }: { rule: PolicyRule; isMarked: boolean }) {
  return (
    <li id={name} className={`-mx-2 rounded-md px-2 py-3 ${isMarked ? "bg-accent-soft" : ""}`}>
      <p className="break-words">
        {reason} <code className="whitespace-nowrap font-mono text-[0.85em] text-ink-3">{name}</code>
      </p>
      {protocol && <Way protocol={protocol} />}
      <details className="mt-1.5">
        <summary className="w-fit cursor-pointer text-sm text-accent">The rule in Cedar</summary>
        <pre className="mt-1 whitespace-pre-wrap break-words rounded-md bg-sunken p-3 font-mono text-sm">{cedar}</pre>
      </details>
    </li>
  );
}

function Way({ protocol: { do: sentence, via } }: { protocol: Instead }) {
  return (
    <p className="mt-1 break-words text-sm text-ink-2">
      <span className="font-medium text-ink">Instead: {ways[via] ?? via}.</span> {sentence}
    </p>
  );
}
