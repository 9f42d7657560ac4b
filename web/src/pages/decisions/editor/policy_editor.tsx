import { Plus } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button } from "../../../ui/button.tsx";
import { Words } from "../../../ui/field.tsx";
import type { Policy, Rule } from "../policy_text.ts";
import { acts } from "./choices.ts";
import { type Fault, faultAt, within } from "./fault.ts";
import { InsteadFields } from "./instead_fields.tsx";
import { Fold, type Row, RuleRow } from "./rule_row.tsx";
import { written } from "./scope.ts";

type Props = { policy: Policy; fault: Fault | null; onChange: (policy: Policy) => void };

/** A policy, rule by rule: each can be changed, moved and removed, and others come beside them. */
export function PolicyEditor({ policy, fault, onChange }: Props) {
  const { rows, newest, change, add, move, remove, restore } = useRows(policy.rules, (rules) =>
    onChange({ ...policy, rules }),
  );
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (fault) root.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [fault]);
  const known = [...new Set([...acts, ...policy.rules.flatMap(({ cedar }) => actsNamed(cedar))])];
  const standing = rows.filter(({ isRemoved }) => !isRemoved);
  const lines = rows.map((row) => {
    if (row.isRemoved) return <Removed key={row.key} name={row.rule.name} onBack={() => restore(row)} />;
    const place = standing.indexOf(row);
    return (
      <RuleRow
        key={row.key}
        row={row}
        acts={known}
        fault={within(fault, `rules.${place}`)}
        isFirst={place === 0}
        isLast={place === standing.length - 1}
        isNew={row.key === newest}
        onChange={change}
        onMove={(by) => move(row, standing[place + by]!)}
        onRemove={() => remove(row)}
      />
    );
  });
  return (
    <div ref={root}>
      <ol aria-label="Rules" className="divide-y divide-line border-y border-line">
        {lines}
      </ol>
      <div className="my-3 flex flex-wrap gap-2">
        <Button onClick={() => add("forbid")}>
          <Plus aria-hidden className="size-4" /> Add a boundary
        </Button>
        <Button onClick={() => add("permit")}>
          <Plus aria-hidden className="size-4" /> Add a permission
        </Button>
      </div>
      <Unmatched
        unmatched={policy.unmatched}
        fault={within(fault, "unmatched")}
        onChange={(unmatched) => onChange({ ...policy, unmatched })}
      />
      <p className="text-sm text-ink-3">
        What it knows of subjects and resources by itself, its entities ({policy.entities?.length || "none"}), is
        changed as JSON, above.
      </p>
      {fault?.at.startsWith("entities") && <p className="text-sm text-bad">{fault.message}</p>}
    </div>
  );
}

function actsNamed(cedar: string): string[] {
  return [...cedar.matchAll(/\bAction::"([^"\\]+)"/g)].map(([, name]) => name!);
}

/** The rules with what tells them apart while their names and places change. */
function useRows(rules: readonly Rule[], onChange: (rules: Rule[]) => void) {
  const [rows, setRows] = useState(() =>
    rules.map((rule, key): Row => ({ key, rule, isOpen: false, isRemoved: false })),
  );
  const [newest, setNewest] = useState<number | null>(null);
  const keys = useRef(rules.length);
  const become = (fresh: Row[]) => {
    setRows(fresh);
    onChange(fresh.filter(({ isRemoved }) => !isRemoved).map(({ rule }) => rule));
  };
  const change = (row: Row) => become(rows.map((one) => (one.key === row.key ? row : one)));
  return {
    ...{ rows, newest, change },
    add(effect: Rule["effect"]) {
      const key = keys.current++;
      setNewest(key);
      become([...rows, { key, rule: fresh(effect), isOpen: true, isRemoved: false }]);
    },
    /** Past its neighbour, whatever was removed between the two. */
    move(row: Row, neighbour: Row) {
      become(rows.toSpliced(rows.indexOf(row), 1).toSpliced(rows.indexOf(neighbour), 0, row));
    },
    remove: (row: Row) => change({ ...row, isRemoved: true }),
    restore(row: Row) {
      setNewest(row.key);
      change({ ...row, isRemoved: false });
    },
  };
}

/** A rule that says nothing yet: of no act, so that it does nothing before somebody has chosen. */
function fresh(effect: Rule["effect"]): Rule {
  const nothing = { thing: { type: "", id: "" }, isProduction: false, when: "", unless: "" };
  const cedar = written(effect, { who: { mode: "all", roles: [] }, what: [], ...nothing });
  const protocol = effect === "forbid" ? { do: "", via: "escalate", command: "" } : null;
  return { name: "", effect, cedar, reason: "", protocol };
}

function Removed({ name, onBack }: { name: string; onBack: () => void }) {
  return (
    <li className="flex flex-wrap items-baseline gap-3 py-2.5 text-ink-2">
      <span role="status">
        <code className="font-mono text-[0.85em]">{name || "The new rule"}</code> is removed.
      </span>
      <button type="button" autoFocus onClick={onBack} className="text-sm text-accent hover:underline">
        Put it back
      </button>
    </li>
  );
}

type UnmatchedProps = {
  unmatched: Policy["unmatched"];
  fault: Fault | null;
  onChange: (unmatched: Policy["unmatched"]) => void;
};

/** What is said when no rule permits. */
function Unmatched({ unmatched, fault, onChange }: UnmatchedProps) {
  const [isOpen, setOpen] = useState(false);
  const shown = isOpen || fault !== null;
  return (
    <section aria-label="When nothing permits it">
      <div className="flex">
        <Fold isOpen={shown} onToggle={() => setOpen(!shown)}>
          <span className="block text-sm text-ink-3">When nothing permits it</span>
          <span className="block break-words">{unmatched.reason}</span>
        </Fold>
      </div>
      {shown && (
        <div className="flex flex-col gap-4 pb-4 pt-2 sm:pl-6">
          <Words
            label="Why, as whoever asks is told"
            required
            maxLength={1000}
            fault={faultAt(fault, "reason")}
            value={unmatched.reason}
            onChange={({ target }) => {
              setOpen(true);
              onChange({ ...unmatched, reason: target.value });
            }}
          />
          <InsteadFields
            instead={unmatched.protocol}
            fault={within(fault, "protocol")}
            onChange={(protocol) => {
              setOpen(true);
              onChange({ ...unmatched, protocol });
            }}
          />
        </div>
      )}
    </section>
  );
}
