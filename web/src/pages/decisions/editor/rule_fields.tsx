import { useState } from "react";
import { Choice, Field, Words } from "../../../ui/field.tsx";
import type { Instead, Rule } from "../policy_text.ts";
import { type Fault, faultAt, within } from "./fault.ts";
import { InsteadFields } from "./instead_fields.tsx";
import { read, type Scope, written } from "./scope.ts";
import { ScopeFields } from "./scope_fields.tsx";

const blank: Instead = { do: "", via: "escalate", command: "" };

type Props = {
  rule: Rule;
  acts: readonly string[];
  fault: Fault | null;
  isNew: boolean;
  onChange: (rule: Rule) => void;
};

/** One rule, in fields. */
export function RuleFields({ rule, acts, fault, isNew, onChange }: Props) {
  const { name, effect, cedar, reason, protocol } = rule;
  // Kept beside the Cedar: what somebody is just writing may say nothing yet that could be read back.
  const [scope, setScope] = useState(() => read(cedar));
  const [instead, setInstead] = useState(protocol ?? blank);
  const change = (changed: Partial<Rule>) => onChange({ ...rule, ...changed });
  const cover = (wanted: Scope) => {
    setScope(wanted);
    change({ cedar: written(effect, wanted) });
  };
  const decide = (wanted: Rule["effect"]) =>
    change({
      effect: wanted,
      cedar: scope ? written(wanted, scope) : cedar.replace(/^\s*(permit|forbid)\b/, wanted),
      protocol: wanted === "forbid" ? instead : null,
    });
  return (
    <div className="flex flex-col gap-4 pb-4 pt-2 sm:pl-6">
      <div className="grid gap-x-4 gap-y-3 sm:grid-cols-[10rem_minmax(0,1fr)]">
        <Choice
          label="Decision"
          fault={faultAt(fault, "effect")}
          value={effect}
          onChange={({ target }) => decide(target.value as Rule["effect"])}
        >
          <option value="forbid">forbidden</option>
          <option value="permit">permitted</option>
        </Choice>
        <Field
          label="Name"
          required
          autoFocus={isNew}
          maxLength={60}
          pattern="[a-z][a-z0-9\-]*"
          title="lower-case letters, digits and hyphens"
          fault={faultAt(fault, "name")}
          hint="Lower-case letters, digits and hyphens. Decisions name the rule by it."
          value={name}
          onChange={({ target }) => change({ name: target.value })}
        />
        <div className="sm:col-span-2">
          <Words
            label="Why, as whoever asks is told"
            required
            maxLength={1000}
            fault={faultAt(fault, "reason")}
            value={reason}
            onChange={({ target }) => change({ reason: target.value })}
          />
        </div>
      </div>
      {scope && <ScopeFields scope={scope} acts={acts} fault={faultAt(fault, "cedar")} onChange={cover} />}
      <InCedar rule={rule} scope={scope} fault={faultAt(fault, "cedar")} onScope={setScope} onChange={change} />
      {effect === "forbid" && (
        <InsteadFields
          instead={protocol ?? instead}
          fault={within(fault, "protocol")}
          onChange={(wanted) => {
            setInstead(wanted);
            change({ protocol: wanted });
          }}
        />
      )}
    </div>
  );
}

type InCedarProps = {
  rule: Rule;
  scope: Scope | null;
  fault: string | undefined;
  onScope: (scope: Scope | null) => void;
  onChange: (changed: Partial<Rule>) => void;
};

/** The rule as the server reads it: told by the fields, or written by hand. */
function InCedar({ rule: { cedar }, scope, fault, onScope, onChange }: InCedarProps) {
  const other = scope ? null : read(cedar);
  if (scope)
    return (
      <details>
        <summary className="w-fit cursor-pointer text-sm text-accent">The rule in Cedar</summary>
        <pre className="mt-1 whitespace-pre-wrap break-words rounded-md bg-sunken p-3 font-mono text-sm">{cedar}</pre>
        <Switch onClick={() => onScope(null)}>Write it in Cedar</Switch>
      </details>
    );
  return (
    <div>
      <Words
        label="The rule in Cedar"
        isCode
        required
        maxLength={4000}
        fault={fault}
        value={cedar}
        onChange={({ target }) => onChange({ cedar: target.value })}
        {...(other ? {} : { hint: "It says more than the fields for who, what and where can." })}
      />
      {other && <Switch onClick={() => onScope(other)}>Choose who, what and where</Switch>}
    </div>
  );
}

function Switch({ onClick, children }: { onClick: () => void; children: string }) {
  return (
    <button type="button" onClick={onClick} className="mt-1 text-sm text-accent hover:underline">
      {children}
    </button>
  );
}
