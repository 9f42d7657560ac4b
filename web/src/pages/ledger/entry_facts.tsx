import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Entry } from "../../live/stream.ts";
import { Chip } from "../../ui/chip.tsx";
import { Copyable } from "../../ui/copyable.tsx";
import { SeatLink, TicketLink } from "../../ui/links.tsx";
import { Moment } from "./moment.tsx";

type Props = {
  /** The entry as the feed tells it: with its personal words. */
  entry: Entry | undefined;
  /** What its bytes say: what was proven. */
  leaf: Record<string, unknown> | null;
};

/** All of an entry, readable. What its bytes say comes first; what lies beside them is marked. */
export function EntryFacts({ entry, leaf }: Props) {
  const said = (leaf ?? entry) as Entry | null | undefined;
  if (!said) return <p className="text-ink-2">The server shows nothing of this entry.</p>;
  const { actor, at, kind, command, subject, incarnation } = said;
  const rows: [string, ReactNode][] = [
    ["Who", <SeatLink name={actor} />],
    ["When", <Moment at={at} />],
    ["What", <code className="font-mono text-sm">{kind}</code>],
    ["Said by", <code className="font-mono text-sm">{command}</code>],
    [
      "About",
      subject === null ? (
        <span className="text-ink-3">nothing of its own</span>
      ) : (
        <Subject text={subject} kind={kind} />
      ),
    ],
    ...(incarnation === null
      ? []
      : [["Session", <code className="font-mono text-sm">{incarnation}</code>] as [string, ReactNode]]),
  ];
  const own = new Set(Object.keys(said.data ?? {}));
  const isErased = entry?.data.erased === true && !own.has("erased");
  const beside = Object.entries(entry?.data ?? {}).filter(
    ([name]) => !own.has(name) && !(isErased && name === "erased"),
  );
  return (
    <>
      <Rows rows={rows} />
      <h3 className="mb-2 mt-5 text-sm font-medium text-ink-3">Its facts</h3>
      <Rows rows={Object.entries(said.data ?? {}).map(([name, value]) => [spaced(name), <Value value={value} />])} />
      {own.size === 0 && <p className="text-ink-3">None.</p>}
      {beside.length > 0 && leaf !== null && (
        <>
          <h3 className="mb-2 mt-5 flex items-center gap-2 text-sm font-medium text-ink-3">
            Kept beside it <Chip tone="info">can be erased</Chip>
          </h3>
          <Rows rows={beside.map(([name, value]) => [spaced(name), <Value value={value} />])} />
        </>
      )}
      {isErased && <p className="mt-4 text-sm text-ink-2">Its personal words were erased for good.</p>}
      {own.has("personal") && !isErased && (
        <div className="mt-4 text-sm text-ink-2">
          <p className="mb-1">To erase its personal words for good:</p>
          <Copyable text={`npx longwatch ledger erase --seq ${said.seq} --reason "…"`} />
        </div>
      )}
    </>
  );
}

function Rows({ rows }: { rows: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-[minmax(6rem,9rem)_minmax(0,1fr)] gap-x-4 gap-y-1.5">
      {rows.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="break-words text-ink-3">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Everything that anybody said about the same thing. */
function Subject({ text, kind }: { text: string; kind: string }) {
  return (
    <>
      {kind.startsWith("ticket.") ? (
        <TicketLink id={text} />
      ) : (
        <span className="break-all font-mono text-[0.92em]">{text}</span>
      )}{" "}
      <Link to="/feed" search={{ about: text }} className="text-sm text-accent hover:underline">
        all about it
      </Link>
    </>
  );
}

function Value({ value }: { value: unknown }) {
  if (value === null) return <span className="text-ink-3">none</span>;
  if (typeof value === "string") return <span className="whitespace-pre-wrap">{value}</span>;
  if (typeof value === "number" || typeof value === "boolean") return <span>{String(value)}</span>;
  return <pre className="whitespace-pre-wrap break-all font-mono text-xs">{JSON.stringify(value, null, 2)}</pre>;
}

const spaced = (name: string) => name.replaceAll("_", " ");
