import { ArrowDown, ArrowUp, ChevronRight, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { Chip } from "../../../ui/chip.tsx";
import type { Rule } from "../policy_text.ts";
import { things } from "./choices.ts";
import type { Fault } from "./fault.ts";
import { RuleFields } from "./rule_fields.tsx";
import { read } from "./scope.ts";

/** A rule of the list, whether its fields are shown, and whether it is removed: then it can be put back. */
export type Row = { key: number; rule: Rule; isOpen: boolean; isRemoved: boolean };

type Props = {
  row: Row;
  acts: readonly string[];
  fault: Fault | null;
  isFirst: boolean;
  isLast: boolean;
  /** Just added, or put back: whoever used the keyboard goes on here. */
  isNew: boolean;
  onChange: (row: Row) => void;
  onMove: (by: -1 | 1) => void;
  onRemove: () => void;
};

/** A rule in a line: what it says, and where it stands; opened, its fields. */
export function RuleRow({ row, acts, fault, isFirst, isLast, isNew, onChange, onMove, onRemove }: Props) {
  const { rule, isOpen } = row;
  const name = rule.name || "the new rule";
  const shown = isOpen || fault !== null;
  return (
    <li aria-label={name}>
      <div className="flex items-start gap-1">
        <Fold isOpen={shown} isFocused={isNew && !shown} onToggle={() => onChange({ ...row, isOpen: !shown })}>
          <span className="block break-words">{rule.reason || "A rule that gives no reason yet"}</span>
          <span className="flex flex-wrap items-center gap-x-2 text-sm">
            <Chip tone={rule.effect === "forbid" ? "bad" : "good"}>
              {rule.effect === "forbid" ? "forbidden" : "permitted"}
            </Chip>
            <code className="min-w-0 break-words font-mono text-[0.95em] text-ink-3">{rule.name}</code>
            <span className="min-w-0 break-words text-ink-2">{covered(rule.cedar)}</span>
          </span>
        </Fold>
        <span className="flex shrink-0 py-2">
          <Icon label={`Move ${name} up`} isOff={isFirst} onClick={() => onMove(-1)}>
            <ArrowUp aria-hidden className="size-4" />
          </Icon>
          <Icon label={`Move ${name} down`} isOff={isLast} onClick={() => onMove(1)}>
            <ArrowDown aria-hidden className="size-4" />
          </Icon>
          <Icon label={`Remove ${name}`} onClick={onRemove}>
            <Trash2 aria-hidden className="size-4" />
          </Icon>
        </span>
      </div>
      {shown && (
        <RuleFields
          rule={rule}
          acts={acts}
          fault={fault}
          isNew={isNew}
          onChange={(changed) => onChange({ ...row, rule: changed, isOpen: true })}
        />
      )}
    </li>
  );
}

/** `strategist: deploy, push, on production` */
function covered(cedar: string): string {
  const scope = read(cedar);
  if (scope === null) return "written in Cedar";
  const { who, what, thing, isProduction, when, unless } = scope;
  const names = who.roles.join(", ");
  const whom = { all: "everybody", only: names || "nobody", except: `everybody but ${names}` }[who.mode];
  const acts = what === null ? "every act" : what.map((act) => act.replaceAll("_", " ")).join(", ") || "no act";
  const where = [
    thing.type !== "" && `on ${thing.id || (things[thing.type] ?? thing.type)}`,
    isProduction && "in production",
    (when || unless) && "under conditions",
  ];
  return `${whom}: ${[acts, ...where.filter(Boolean)].join(", ")}`;
}

type FoldProps = { isOpen: boolean; isFocused?: boolean; onToggle: () => void; children: ReactNode };

/** What opens and closes the fields of a part. */
export function Fold({ isOpen, isFocused = false, onToggle, children }: FoldProps) {
  return (
    <button
      type="button"
      aria-expanded={isOpen}
      autoFocus={isFocused}
      onClick={onToggle}
      className="-ml-2 flex min-w-0 flex-1 items-start gap-2 rounded-md px-2 py-2.5 text-left hover:bg-paper"
    >
      <ChevronRight aria-hidden className={`mt-1 size-4 shrink-0 text-ink-3 ${isOpen ? "rotate-90" : ""}`} />
      <span className="min-w-0">{children}</span>
    </button>
  );
}

type IconProps = { label: string; isOff?: boolean; onClick: () => void; children: ReactNode };

function Icon({ label, isOff = false, onClick, children }: IconProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      // Not `disabled`: who moves a rule to the end by the keyboard keeps their place.
      aria-disabled={isOff}
      onClick={isOff ? undefined : onClick}
      className="rounded-md p-1.5 text-ink-2 hover:bg-sunken hover:text-ink aria-disabled:opacity-40"
    >
      {children}
    </button>
  );
}
