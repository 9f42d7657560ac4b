import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { CommandInput, CommandOutput } from "../../api/client.ts";
import { useCommand } from "../../api/queries.ts";
import { AskReason } from "../../ui/ask_reason.tsx";
import { Button } from "../../ui/button.tsx";
import { Chip } from "../../ui/chip.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Time } from "../../ui/time.tsx";
import type { Tone } from "../../ui/tone.ts";
import { Disclosed, FormEnd } from "./disclosed.tsx";
import { Choice, Field, Fields } from "../../ui/field.tsx";
import { type Holders, holders } from "./held.ts";
import { Secret } from "./secret.tsx";

type Holder = Holders["holders"][number];
type Scope = NonNullable<CommandInput<"/v1/token/issue">["scope"]>;
type Issued = CommandOutput<"/v1/token/issue">;

const scopes: Readonly<Record<string, { word: string; tone: Tone }>> = {
  full: { word: "full", tone: "accent" },
  read: { word: "reads only", tone: "quiet" },
  sign_in: { word: "sign-in link", tone: "info" },
};

/** People and services, what opens doors in their names, and how one takes it away. */
export function Tokens() {
  const { data, error } = useQuery(holders);
  const [issued, setIssued] = useState<Issued | null>(null);
  return (
    <>
      <p className="mb-3 text-ink-2">
        A token opens this server in somebody’s name. A seat’s belongs to its session and ends with it:{" "}
        <code className="font-mono text-sm">npx longwatch seat retire SEAT</code>
      </p>
      {error && <ProblemNote isPart error={error} />}
      <ul className="divide-y divide-line">
        {data?.holders.map((holder) => (
          <HolderLine key={holder.name} holder={holder} />
        ))}
      </ul>
      <Disclosed verb="Issue a token">
        {(done) => (
          <Issue
            names={data?.holders.map(({ name }) => name) ?? []}
            done={done}
            onIssued={(one) => {
              done();
              setIssued(one);
            }}
          />
        )}
      </Disclosed>
      <Secret
        title={issued?.scope === "sign_in" ? `A sign-in link for ${issued.name}` : `A token for ${issued?.name ?? ""}`}
        secret={issued && (issued.scope === "sign_in" ? linkOf(issued) : issued.token)}
        onClose={() => setIssued(null)}
      >
        {issued && (
          <>
            It ends <Time at={issued.expires_at} />
            {issued.scope === "sign_in" ? ", or when it is used." : ". A program gives it as LONGWATCH_TOKEN."}
          </>
        )}
      </Secret>
    </>
  );
}

const linkOf = ({ token }: Issued) => `${location.origin}/sign-in?code=${token}`;

function HolderLine({ holder: { name, kind, role, tokens } }: { holder: Holder }) {
  const [isOpen, setOpen] = useState(false);
  const { mutate, isPending, error, reset } = useCommand("/v1/token/revoke");
  const close = () => {
    setOpen(false);
    reset();
  };
  return (
    <li className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2 py-3">
      <div className="min-w-0">
        <p className="flex flex-wrap items-baseline gap-2">
          <span className="font-medium">{name}</span> <Chip>{kind}</Chip>
          {role !== name && role !== kind && <Chip>{role}</Chip>}
        </p>
        {tokens.length === 0 && <p className="text-sm text-ink-3">No token holds.</p>}
        <Held tokens={tokens.slice(0, TOKENS_SHOWN)} />
        {tokens.length > TOKENS_SHOWN && (
          <details className="mt-1 text-sm">
            <summary className="cursor-pointer text-ink-2">and {tokens.length - TOKENS_SHOWN} older</summary>
            <Held tokens={tokens.slice(TOKENS_SHOWN)} />
          </details>
        )}
      </div>
      {tokens.length > 0 && (
        <Button look="danger" onClick={() => setOpen(true)} aria-label={`Revoke all tokens of ${name}`}>
          Revoke all
        </Button>
      )}
      <AskReason
        title={`Revoke all tokens of ${name}`}
        about={
          kind === "person"
            ? "Every session and program that speaks as this person ends at once. If that is you, you are signed out."
            : "Every program that speaks as this service ends at once."
        }
        verb="Revoke"
        isOpen={isOpen}
        isBusy={isPending}
        error={error}
        onClose={close}
        onSay={(reason) => mutate({ name, reason }, { onSuccess: close })}
      />
    </li>
  );
}

/** A person has one for each browser that they signed in with. */
const TOKENS_SHOWN = 3;

function Held({ tokens }: Pick<Holder, "tokens">) {
  return (
    <ul className="mt-1 flex flex-col gap-1 text-sm text-ink-2">
      {tokens.map(({ scope, issued_at, expires_at }) => {
        const { word, tone } = scopes[scope] ?? { word: scope, tone: "quiet" as const };
        return (
          <li key={`${scope} ${issued_at}`} className="flex flex-wrap items-baseline gap-x-2">
            <Chip tone={tone}>{word}</Chip>
            <span>
              issued <Time at={issued_at} />, ends <Time at={expires_at} />
            </span>
          </li>
        );
      })}
    </ul>
  );
}

const DAYS_MAX = 366;
const DAYS = "30";

type IssueProps = { names: readonly string[]; done: () => void; onIssued: (issued: Issued) => void };

function Issue({ names, done, onIssued }: IssueProps) {
  const { mutate, isPending, error } = useCommand("/v1/token/issue");
  const [name, setName] = useState("operator");
  const [scope, setScope] = useState<Scope>("read");
  const [days, setDays] = useState(DAYS);
  return (
    <form
      aria-label="Issue a token"
      onSubmit={(event) => {
        event.preventDefault();
        // A link has its own time; what stood in the field that is hidden then is not said.
        mutate({ name, scope, ...(scope === "sign_in" ? {} : { token_days: Number(days) }) }, { onSuccess: onIssued });
      }}
    >
      <Fields>
        <Choice label="For" value={name} onChange={({ target }) => setName(target.value)}>
          {names.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </Choice>
        <Choice label="What it opens" value={scope} onChange={({ target }) => setScope(target.value as Scope)}>
          <option value="read">reads only</option>
          <option value="full">everything that its holder may do</option>
          <option value="sign_in">one sign-in in a browser</option>
        </Choice>
        {scope === "sign_in" ? (
          <p className="self-end pb-1.5 text-sm text-ink-3">The link works once, for 15 minutes.</p>
        ) : (
          <Field
            label="For so many days"
            type="number"
            required
            min={1}
            max={DAYS_MAX}
            value={days}
            onChange={({ target }) => setDays(target.value)}
          />
        )}
      </Fields>
      {error && (
        <div className="mt-3">
          <ProblemNote error={error} />
        </div>
      )}
      <FormEnd verb="Issue" isBusy={isPending} onCancel={done} />
    </form>
  );
}
