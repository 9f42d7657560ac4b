import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { CommandInput, QueryOutput } from "../../api/client.ts";
import { asked, useCommand } from "../../api/queries.ts";
import { Chip, State } from "../../ui/chip.tsx";
import { SeatLink } from "../../ui/links.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Time } from "../../ui/time.tsx";
import { Disclosed, FormEnd } from "./disclosed.tsx";
import { Choice, Fields } from "../../ui/field.tsx";

type Role = QueryOutput<"/v1/role/list">["roles"][number];
type RoleName = CommandInput<"/v1/role/deputize">["role"];

/** Who has which authority, and who stands in for whom. */
export function Roles() {
  const { data, error } = useQuery(asked("/v1/role/list"));
  return (
    <>
      <p className="mb-3 text-ink-2">
        These roles are waited for. When nobody who has one was heard for 30 minutes, its deputy acts; the operator
        stands in for every role.
      </p>
      {error && <ProblemNote isPart error={error} />}
      <ul className="divide-y divide-line">
        {data?.roles.map((one) => (
          <RoleLine key={one.role} role={one} />
        ))}
      </ul>
      <Disclosed verb="Name a deputy">{(done) => <Deputize done={done} />}</Disclosed>
    </>
  );
}

const acting = {
  holders: { word: "its holders act", tone: "good" },
  deputies: { word: "a deputy acts", tone: "warn" },
  operator: { word: "the operator acts", tone: "quiet" },
} as const;

function RoleLine({ role: { role, holders, deputies, dormant_since, acts } }: { role: Role }) {
  const { word, tone } = acting[acts];
  return (
    <li className="grid gap-x-4 gap-y-1 py-2.5 sm:grid-cols-[8rem_minmax(0,1fr)_auto]">
      <p className="font-medium">{role}</p>
      <div className="min-w-0">
        {holders.length === 0 && (
          <p className="text-ink-3">
            Nobody has it:{" "}
            <code className="font-mono text-sm">npx longwatch connect claude --project DIR --role {role}</code>
          </p>
        )}
        {holders.map(({ seat, state, heard_at }) => (
          <p key={seat} className="flex flex-wrap items-baseline gap-x-2">
            <SeatLink name={seat} /> <State state={state} />
            <span className="text-sm text-ink-3">
              heard <Time at={heard_at} />
            </span>
          </p>
        ))}
        {deputies.map(({ seat }) => (
          <Deputy key={seat} role={role as RoleName} seat={seat} />
        ))}
        {dormant_since !== null && (
          <p className="text-sm text-bad">
            Fell silent <Time at={dormant_since} />.
          </p>
        )}
      </div>
      <p>
        <Chip tone={tone}>{word}</Chip>
      </p>
    </li>
  );
}

function Deputy({ role, seat }: { role: RoleName; seat: string }) {
  const { mutate, isPending, error } = useCommand("/v1/role/deputize");
  return (
    <>
      <p className="flex flex-wrap items-baseline gap-x-2">
        <span className="text-ink-3">deputy</span> <SeatLink name={seat} />
        <button
          type="button"
          disabled={isPending}
          onClick={() => mutate({ role, seat, end: true })}
          className="text-sm text-bad hover:underline disabled:opacity-50"
          aria-label={`End: ${seat} stands in for ${role} no longer`}
        >
          End
        </button>
      </p>
      {error && <ProblemNote error={error} />}
    </>
  );
}

const SEATS_MAX = 1000;

function Deputize({ done }: { done: () => void }) {
  const { data } = useQuery(asked("/v1/role/list"));
  const seats = useQuery(asked("/v1/seat/list", { limit: SEATS_MAX }));
  const { mutate, isPending, error } = useCommand("/v1/role/deputize");
  const [role, setRole] = useState("");
  const [seat, setSeat] = useState("");
  return (
    <form
      aria-label="Name a deputy"
      onSubmit={(event) => {
        event.preventDefault();
        mutate({ role: role as RoleName, seat }, { onSuccess: done });
      }}
    >
      <Fields>
        <Choice label="Role" required value={role} onChange={({ target }) => setRole(target.value)}>
          <option value="">choose</option>
          {data?.roles.map((one) => (
            <option key={one.role}>{one.role}</option>
          ))}
        </Choice>
        <Choice label="Deputy" required value={seat} onChange={({ target }) => setSeat(target.value)}>
          <option value="">choose</option>
          {seats.data?.seats
            .filter((one) => one.role !== role && one.state !== "retired")
            .map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
        </Choice>
      </Fields>
      {error && (
        <div className="mt-3">
          <ProblemNote error={error} />
        </div>
      )}
      <FormEnd verb="Name the deputy" isBusy={isPending} onCancel={done} />
    </form>
  );
}
