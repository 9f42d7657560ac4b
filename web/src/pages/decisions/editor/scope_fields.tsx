import { Choice, Field, Words } from "../../../ui/field.tsx";
import { roles, things } from "./choices.ts";
import { isWhole, type Scope, type Who } from "./scope.ts";

type Props = {
  scope: Scope;
  /** The acts that can be chosen. */
  acts: readonly string[];
  /** What the server has against the conditions. */
  fault: string | undefined;
  onChange: (scope: Scope) => void;
};

/** Who, what and where; and what more has to hold, which is said in Cedar. */
export function ScopeFields({ scope, acts, fault, onChange }: Props) {
  const { who, what, when, unless } = scope;
  const change = (changed: Partial<Scope>) => onChange({ ...scope, ...changed });
  return (
    <div className="grid gap-x-6 gap-y-4 md:grid-cols-2 2xl:grid-cols-3">
      <div>
        <Choice
          label="Who"
          value={who.mode}
          onChange={({ target }) => change({ who: { ...who, mode: target.value as Who["mode"] } })}
        >
          <option value="all">everybody</option>
          <option value="only">only these roles</option>
          <option value="except">everybody but these roles</option>
        </Choice>
        {who.mode !== "all" && (
          <Ticks
            label="Roles"
            all={roles}
            ticked={who.roles}
            none={who.mode === "only" ? "None is ticked: nobody." : "None is ticked: everybody."}
            onChange={(ticked) => change({ who: { ...who, roles: ticked } })}
          />
        )}
      </div>
      <div>
        <Choice
          label="What"
          value={what === null ? "all" : "these"}
          onChange={({ target }) => change({ what: target.value === "all" ? null : [] })}
        >
          <option value="all">every act</option>
          <option value="these">these acts</option>
        </Choice>
        {what !== null && (
          <Ticks
            label="Acts"
            all={acts}
            ticked={what}
            none="None is ticked: no act."
            onChange={(ticked) => change({ what: ticked })}
          />
        )}
      </div>
      <Where scope={scope} onChange={change} />
      <div className="grid gap-x-6 gap-y-3 md:col-span-full md:grid-cols-2">
        <Condition
          label="Only when, in Cedar"
          value={when}
          fault={fault}
          onChange={(words) => change({ when: words })}
        />
        <Condition label="Unless, in Cedar" value={unless} onChange={(words) => change({ unless: words })} />
      </div>
    </div>
  );
}

type WhereProps = { scope: Scope; onChange: (changed: Partial<Scope>) => void };

function Where({ scope: { thing, isProduction }, onChange }: WhereProps) {
  return (
    <div className="flex flex-col gap-3 md:max-2xl:col-span-2">
      <Choice
        label="Where"
        value={thing.type}
        onChange={({ target }) => onChange({ thing: { ...thing, type: target.value } })}
      >
        <option value="">anything</option>
        {[...new Set([...Object.keys(things), thing.type])].filter(Boolean).map((type) => (
          <option key={type} value={type}>
            {things[type] ?? type}
          </option>
        ))}
      </Choice>
      {thing.type !== "" && (
        <Field
          label="Its name"
          hint="Left empty, it is each of them."
          value={thing.id}
          onChange={({ target }) => onChange({ thing: { ...thing, id: target.value } })}
        />
      )}
      <label className="flex items-baseline gap-2 text-sm">
        <input
          type="checkbox"
          checked={isProduction}
          onChange={({ target }) => onChange({ isProduction: target.checked })}
        />
        Only in production: whatever nobody said to be harmless
      </label>
    </div>
  );
}

type ConditionProps = { label: string; value: string; fault?: string | undefined; onChange: (value: string) => void };

function Condition({ label, value, fault, onChange }: ConditionProps) {
  return (
    <Words
      label={label}
      isCode
      rows={1}
      fault={
        isWhole(value) ? fault : "Close what it opens, and no more, without comments: it would change the whole rule."
      }
      placeholder="no further condition"
      value={value}
      onChange={({ target }) => onChange(target.value)}
    />
  );
}

type TicksProps = {
  label: string;
  all: readonly string[];
  ticked: readonly string[];
  /** What it means that none is. */
  none: string;
  onChange: (ticked: string[]) => void;
};

/** Some of a few words. */
function Ticks({ label, all, ticked, none, onChange }: TicksProps) {
  const choices = [...new Set([...all, ...ticked])];
  return (
    <fieldset className="mt-2 flex flex-wrap gap-1.5">
      <legend className="sr-only">{label}</legend>
      {choices.map((choice) => (
        <label
          key={choice}
          className={
            "flex cursor-pointer items-center gap-1.5 rounded-md border border-line-2 px-2 py-1 text-sm " +
            "hover:border-ink-3 has-checked:border-accent has-checked:bg-accent-soft"
          }
        >
          <input
            type="checkbox"
            checked={ticked.includes(choice)}
            onChange={({ target }) =>
              onChange(choices.filter((one) => (one === choice ? target.checked : ticked.includes(one))))
            }
          />
          {choice.replaceAll("_", " ")}
        </label>
      ))}
      {ticked.length === 0 && <p className="w-full text-sm text-warn">{none}</p>}
    </fieldset>
  );
}
