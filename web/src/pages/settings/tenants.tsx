import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { CommandOutput } from "../../api/client.ts";
import { useCommand } from "../../api/queries.ts";
import { Chip } from "../../ui/chip.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Disclosed, FormEnd } from "./disclosed.tsx";
import { Field, Fields } from "../../ui/field.tsx";
import { tenants } from "./held.ts";
import { Secret } from "./secret.tsx";

/** Whose ledgers this installation keeps. */
export function Tenants() {
  const { data, error } = useQuery(tenants);
  const [opened, setOpened] = useState<CommandOutput<"/v1/tenant/open"> | null>(null);
  return (
    <>
      <p className="mb-3 text-ink-2">
        A tenant has a ledger, seats and tickets of its own. None sees, names or guesses what another has.
      </p>
      {error && <ProblemNote isPart error={error} />}
      <ul className="flex flex-wrap gap-2">
        {data?.tenants.map(({ tenant, own }) => (
          <li key={tenant} className="flex items-baseline gap-2 rounded-md border border-line px-3 py-1.5">
            <span className="font-mono text-sm">{tenant}</span> {own && <Chip tone="accent">this one</Chip>}
          </li>
        ))}
      </ul>
      {data?.opens === true && (
        <Disclosed verb="Open a tenant">
          {(done) => (
            <Open
              done={done}
              onOpened={(one) => {
                done();
                setOpened(one);
              }}
            />
          )}
        </Disclosed>
      )}
      <Secret
        title={`The first token of ${opened?.tenant ?? ""}`}
        secret={opened?.token ?? null}
        onClose={() => setOpened(null)}
      >
        It is its operator’s. With it in LONGWATCH_TOKEN, longwatch sign-in makes that operator’s link.
      </Secret>
    </>
  );
}

type OpenProps = { done: () => void; onOpened: (opened: CommandOutput<"/v1/tenant/open">) => void };

function Open({ done, onOpened }: OpenProps) {
  const { mutate, isPending, error } = useCommand("/v1/tenant/open");
  const [name, setName] = useState("");
  return (
    <form
      aria-label="Open a tenant"
      onSubmit={(event) => {
        event.preventDefault();
        mutate({ name }, { onSuccess: onOpened });
      }}
    >
      <Fields>
        <Field
          label="Its name"
          required
          autoFocus
          pattern="[a-z][a-z0-9-]*"
          maxLength={40}
          placeholder="acme"
          value={name}
          onChange={({ target }) => setName(target.value)}
          hint="Lower-case letters, digits and hyphens; for ever."
        />
      </Fields>
      {error && (
        <div className="mt-3">
          <ProblemNote error={error} />
        </div>
      )}
      <FormEnd verb="Open" isBusy={isPending} onCancel={done} />
    </form>
  );
}
