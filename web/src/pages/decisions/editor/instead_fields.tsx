import { Choice, Field, Words } from "../../../ui/field.tsx";
import type { Instead } from "../policy_text.ts";
import { ways } from "../words.ts";
import { commands } from "./choices.ts";
import { type Fault, faultAt } from "./fault.ts";

type Props = { instead: Instead; fault: Fault | null; onChange: (instead: Instead) => void };

/** What to do instead of what is denied: by which way, in a sentence, and as a command. */
export function InsteadFields({ instead, fault, onChange }: Props) {
  const { do: sentence, via, command } = instead;
  // A command that nobody wrote goes along with the way.
  const isOurs = command === "" || command === commands[via];
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1.5 font-medium">What to do instead</legend>
      <div className="grid gap-x-4 gap-y-3 lg:grid-cols-[14rem_minmax(0,1fr)]">
        <Choice
          label="The way"
          fault={faultAt(fault, "via")}
          value={via}
          onChange={({ target: { value } }) =>
            onChange({ ...instead, via: value, ...(isOurs ? { command: commands[value] ?? "" } : {}) })
          }
        >
          {Object.entries(ways).map(([way, words]) => (
            <option key={way} value={way}>
              {words}
            </option>
          ))}
        </Choice>
        <Words
          label="In a sentence, for people and models"
          required
          maxLength={1000}
          fault={faultAt(fault, "do") ?? faultAt(fault, "")}
          value={sentence}
          onChange={({ target }) => onChange({ ...instead, do: target.value })}
        />
        <div className="lg:col-span-2">
          <Field
            label="The next command"
            required
            maxLength={1000}
            fault={faultAt(fault, "command")}
            value={command}
            onChange={({ target }) => onChange({ ...instead, command: target.value })}
            hint="{decision}, {seat}, {lane}, {approval} and {escalation} are filled in."
          />
        </div>
      </div>
    </fieldset>
  );
}
