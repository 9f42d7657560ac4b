import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { asked, useCommand } from "../../api/queries.ts";
import { Copyable } from "../../ui/copyable.tsx";
import { Empty } from "../../ui/empty.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Disclosed, FormEnd } from "./disclosed.tsx";
import { Field, Fields } from "../../ui/field.tsx";
import { Grid } from "./grid.tsx";

/** Where tickets get their numbers from. */
export function Namespaces() {
  const { data, error } = useQuery(asked("/v1/namespace/list"));
  return (
    <>
      <p className="mb-3 text-ink-2">Tickets get their numbers from a namespace, and no number is given twice.</p>
      {error && <ProblemNote isPart error={error} />}
      {data?.namespaces.length === 0 && (
        <Empty title="No namespace yet">
          <p className="mb-3">Define the first one below, or say:</p>
          <div className="text-left">
            <Copyable text="npx longwatch namespace define --prefix CMB --format CMB-NNNN" label="Copy the command" />
          </div>
        </Empty>
      )}
      {data && data.namespaces.length > 0 && (
        <Grid
          label="Namespaces"
          heads={["Prefix", "Form of the ids", "Lane", "Counted so far"]}
          rows={data.namespaces.map(({ prefix, format, lane, numbers_given }) => ({
            id: prefix,
            cells: [
              <code className="font-mono">{prefix}</code>,
              <code className="font-mono text-sm">{format}</code>,
              lane,
              <span className="tabular-nums">{numbers_given.toLocaleString("en")}</span>,
            ],
          }))}
        />
      )}
      <Disclosed verb="Define a namespace">{(done) => <Define done={done} />}</Disclosed>
    </>
  );
}

function Define({ done }: { done: () => void }) {
  const { mutate, isPending, error } = useCommand("/v1/namespace/define");
  const [prefix, setPrefix] = useState("");
  const [format, setFormat] = useState<string | null>(null);
  const [lane, setLane] = useState("");
  const [first, setFirst] = useState("");
  const form = format ?? (prefix === "" ? "" : `${prefix}-NNNN`);
  return (
    <form
      aria-label="Define a namespace"
      onSubmit={(event) => {
        event.preventDefault();
        const more = {
          ...(lane.trim() === "" ? {} : { lane: lane.trim() }),
          ...(first === "" ? {} : { first: Number(first) }),
        };
        mutate({ prefix, format: form, ...more }, { onSuccess: done });
      }}
    >
      <Fields>
        <Field
          label="Prefix"
          required
          autoFocus
          pattern="[A-Z][A-Z0-9]*"
          maxLength={12}
          placeholder="CMB"
          value={prefix}
          onChange={({ target }) => setPrefix(target.value.toUpperCase())}
          hint="Capital letters and digits."
        />
        <Field
          label="Form of the ids"
          required
          maxLength={40}
          value={form}
          onChange={({ target }) => setFormat(target.value)}
          hint="CMB-NNNN, or with a day: FLT-YYYYMMDDNN"
        />
        <Field
          label="Lane"
          maxLength={60}
          value={lane}
          placeholder={prefix}
          onChange={({ target }) => setLane(target.value)}
          hint="Of its tickets; without it the prefix."
        />
        <Field
          label="First number"
          type="number"
          min={1}
          value={first}
          placeholder="1"
          onChange={({ target }) => setFirst(target.value)}
          hint="Where another tracker gave those before it."
        />
      </Fields>
      {error && (
        <div className="mt-3">
          <ProblemNote error={error} />
        </div>
      )}
      <FormEnd verb="Define" isBusy={isPending} onCancel={done} />
    </form>
  );
}
