import { useQuery } from "@tanstack/react-query";
import { asked } from "../../api/queries.ts";
import { Chip } from "../../ui/chip.tsx";
import type { Tone } from "../../ui/tone.ts";
import { difference, type Policy, readPolicy, type Rule } from "./policy_text.ts";

type Props = { version: number; against: number; isShort?: boolean };

/** What a version has otherwise than another one: each rule, and what it said before. `isShort` names them only. */
export function Differences({ version, against, isShort = false }: Props) {
  const after = useQuery(asked("/v1/policy/show", { version }));
  const before = useQuery(asked("/v1/policy/show", { version: against }));
  if (!after.data || !before.data)
    return <div className="h-6 animate-pulse rounded bg-sunken" role="status" aria-label="Loading" />;
  const lines = linesOf(readPolicy(before.data.text), readPolicy(after.data.text));
  return (
    <ul aria-label={`Otherwise than version ${against}`} className="flex flex-col gap-2">
      {lines.map((line) => (
        <li key={`${line.what} ${line.name}`} className="flex items-baseline gap-3">
          <span className="w-18 shrink-0">
            <Chip tone={line.tone}>{line.what}</Chip>
          </span>
          <div className="min-w-0 flex-1 break-words">
            {line.isRule ? <code className="font-mono text-[0.9em]">{line.name}</code> : line.name}
            {!isShort && line.said !== undefined && <> {line.said}</>}
            {!isShort && line.fields?.map((field) => <Field key={field.name} {...field} />)}
          </div>
        </li>
      ))}
    </ul>
  );
}

type Change = { name: string; was: string; is: string };
type Line = { what: string; tone: Tone; name: string; isRule: boolean; said?: string; fields?: Change[] };

function linesOf(before: Policy, after: Policy): Line[] {
  const { added, removed, changed, isReordered, rest } = difference(before, after);
  const rule = (policy: Policy, name: string) => policy.rules.find((one) => one.name === name)!;
  const of = (what: string, tone: Tone, name: string) => ({ what, tone, name, isRule: true });
  return [
    ...removed.map((name) => ({ ...of("removed", "bad", name), said: rule(before, name).reason })),
    ...added.map((name) => ({ ...of("added", "good", name), said: rule(after, name).reason })),
    ...changed.map((name) => ({
      ...of("changed", "warn", name),
      fields: changesOf(rule(before, name), rule(after, name)),
    })),
    ...rest.map((name) => ({ ...of("changed", "warn", name), isRule: false })),
    ...(isReordered ? [{ ...of("order", "quiet", "The reasons are told in another order."), isRule: false }] : []),
  ];
}

/** What of a rule is otherwise, as it was and as it would be. */
function changesOf(was: Rule, is: Rule): Change[] {
  const said = ({ effect, reason, cedar, protocol }: Rule) => ({
    ...{ effect, reason, cedar },
    ...{ instead: protocol === null ? "nothing" : `${protocol.via}: ${protocol.do} ${protocol.command}` },
  });
  const [old, fresh] = [said(was), said(is)];
  const names = ["effect", "reason", "cedar", "instead"] as const;
  return names.flatMap((name) => (old[name] === fresh[name] ? [] : [{ name, was: old[name], is: fresh[name] }]));
}

function Field({ name, was, is }: Change) {
  const look = `block whitespace-pre-wrap ${name === "cedar" ? "font-mono text-sm" : ""}`;
  return (
    <div className="mt-1">
      <del className={`${look} text-ink-3`}>{was}</del>
      <ins className={`${look} no-underline`}>{is}</ins>
    </div>
  );
}
