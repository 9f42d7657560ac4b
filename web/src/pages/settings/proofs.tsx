import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { CommandInput, QueryOutput } from "../../api/client.ts";
import { asked, useCommand } from "../../api/queries.ts";
import { Chip } from "../../ui/chip.tsx";
import { Empty } from "../../ui/empty.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Disclosed, FormEnd } from "./disclosed.tsx";
import { Choice, Field, Fields } from "../../ui/field.tsx";
import { Grid } from "./grid.tsx";

type Input = CommandInput<"/v1/proof/require">;
type Proof = NonNullable<Input["proofs"]>[number];

const proofs: Readonly<Record<Proof, string>> = {
  deliverable: "a path, a branch, a commit, and a command that is run in a clean clone",
  merge: "the commit that merged it",
  work_proof: "a file, commit, query, screenshot, decision or experiment",
  user_value: "who has what of it, where, and by when",
  follow_ons: "what follows from it, claimed or waiting",
  activation: "how what landed is brought into use",
  design_review: "the intent, a screenshot, and whether they match",
};
const names = Object.keys(proofs) as Proof[];

type Requirement = QueryOutput<"/v1/proof/list">["requirements"][number];

/** What holds everywhere, then the namespaces that have it otherwise, then the kinds that need more. */
function widestFirst(one: Requirement, other: Requirement): number {
  const rank = ({ name, scope }: Requirement) => (name === "" ? 0 : scope === "type" ? 2 : 1);
  return rank(one) - rank(other) || one.name.localeCompare(other.name);
}

/** What a ticket needs before it is done. */
export function Proofs() {
  const { data, error } = useQuery(asked("/v1/proof/list"));
  return (
    <>
      <p className="mb-3 text-ink-2">A ticket is done when its proofs are there. Here stands which ones it needs.</p>
      {error && <ProblemNote isPart error={error} />}
      {data?.requirements.length === 0 && (
        <Empty title="No proof is required">Any finish is taken at its word. Require one below.</Empty>
      )}
      {data && data.requirements.length > 0 && (
        <Grid
          label="Proofs required"
          heads={["Where", "A finish needs"]}
          rows={data.requirements.toSorted(widestFirst).map(({ scope, name, proofs: needed }) => ({
            id: `${scope} ${name}`,
            cells: [
              <span className="whitespace-nowrap">
                {name === "" ? "everywhere" : scope === "type" ? `kind ${name}, in addition` : `in ${name}, instead`}
              </span>,
              needed.length === 0 ? (
                <span className="text-ink-3">nothing</span>
              ) : (
                <span className="flex flex-wrap gap-1.5">
                  {needed.map((one) => (
                    <Chip key={one} tone="info">
                      {one.replaceAll("_", " ")}
                    </Chip>
                  ))}
                </span>
              ),
            ],
          }))}
        />
      )}
      <Disclosed verb="Require proofs">{(done) => <Require done={done} />}</Disclosed>
    </>
  );
}

function Require({ done }: { done: () => void }) {
  const { data } = useQuery(asked("/v1/namespace/list"));
  const { mutate, isPending, error } = useCommand("/v1/proof/require");
  const [scope, setScope] = useState<"everywhere" | "namespace" | "type">("everywhere");
  const [name, setName] = useState("");
  const [needed, setNeeded] = useState<readonly Proof[]>([]);
  const where = scope === "everywhere" ? {} : scope === "namespace" ? { namespace: name } : { type: name };
  return (
    <form
      aria-label="Require proofs"
      onSubmit={(event) => {
        event.preventDefault();
        mutate({ ...where, proofs: [...needed] }, { onSuccess: done });
      }}
    >
      <Fields>
        <Choice
          label="Where"
          value={scope}
          onChange={({ target }) => {
            setScope(target.value as typeof scope);
            setName("");
          }}
        >
          <option value="everywhere">everywhere</option>
          <option value="namespace">in one namespace, instead</option>
          <option value="type">for one kind of ticket, in addition</option>
        </Choice>
        {scope === "namespace" && (
          <Choice label="Namespace" required value={name} onChange={({ target }) => setName(target.value)}>
            <option value="">choose</option>
            {data?.namespaces.map(({ prefix }) => (
              <option key={prefix}>{prefix}</option>
            ))}
          </Choice>
        )}
        {scope === "type" && (
          <Field
            label="Kind of ticket"
            required
            pattern="[a-z][a-z0-9-]*"
            placeholder="bug"
            value={name}
            onChange={({ target }) => setName(target.value)}
          />
        )}
      </Fields>
      <Needed needed={needed} onChange={setNeeded} />
      {error && (
        <div className="mt-3">
          <ProblemNote error={error} />
        </div>
      )}
      <FormEnd verb="Require" isBusy={isPending} onCancel={done} />
    </form>
  );
}

type NeededProps = { needed: readonly Proof[]; onChange: (needed: readonly Proof[]) => void };

function Needed({ needed, onChange }: NeededProps) {
  return (
    <fieldset className="mt-4">
      <legend className="mb-1.5 text-sm font-medium">A finish needs</legend>
      {names.map((one) => (
        <label key={one} className="flex items-baseline gap-2.5 py-1">
          <input
            type="checkbox"
            checked={needed.includes(one)}
            onChange={({ target }) =>
              onChange(target.checked ? [...needed, one] : needed.filter((other) => other !== one))
            }
            className="size-4 translate-y-0.5 accent-accent"
          />
          <span>
            <span className="font-medium">{one.replaceAll("_", " ")}</span>{" "}
            <span className="text-sm text-ink-2">{proofs[one]}</span>
          </span>
        </label>
      ))}
      {needed.length === 0 && <p className="mt-1 text-sm text-ink-3">With none chosen, nothing is needed.</p>}
    </fieldset>
  );
}
