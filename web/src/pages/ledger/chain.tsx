import { Link } from "@tanstack/react-router";
import type { QueryOutput } from "../../api/client.ts";
import { Time } from "../../ui/time.tsx";
import { fully, type Tone } from "../../ui/tone.ts";
import type { CheckpointPage } from "./checkpoint_list.ts";

type Coverage = QueryOutput<"/v1/ledger/coverage">;
type Checkpoints = CheckpointPage["checkpoints"];

/** Who holds the ledger fast, and how far: a bar from the first entry to the last that it covers. */
type Anchor = { name: string; about: string; size: number | null; tone: Tone; word: string };

/** So many checkpoints are a picture; more are the list beneath. */
export const SHOWN_MAX = 6;

type Props = { checkpoints: Checkpoints; coverage: Coverage; seen: number | null };

/** The chain from its first entry to its newest, the checkpoints on it, and what stands outside and holds it fast. */
export function Chain({ checkpoints, coverage, seen }: Props) {
  const shown = checkpoints.slice(0, SHOWN_MAX).toReversed();
  const unsigned = coverage.anchored.lag_entries;
  const grid = { gridTemplateColumns: `5rem repeat(${shown.length}, minmax(6rem, 1fr)) 6rem` };
  return (
    <div ref={toEnd} className="overflow-x-auto pb-1" tabIndex={0} role="group" aria-label="The chain and its anchors">
      <div className="min-w-max">
        <ol className="grid" style={grid}>
          <Block seq={1} line="the first entry" tone="border-line-2" isFirst />
          {shown.map(({ size, root, at, cosigned_by }, index) => (
            <Block
              key={size}
              seq={size}
              line={<Time at={at} />}
              mark={root.slice(0, 8)}
              hasGap={index === 0 && checkpoints.length > SHOWN_MAX}
              grown={index === 0 ? undefined : size - shown[index - 1]!.size}
              tone={cosigned_by.length > 0 ? "border-good" : "border-accent"}
            />
          ))}
          <Block
            seq={coverage.entries}
            line={unsigned === 0 ? "the newest, signed" : `${unsigned} not signed yet`}
            tone={unsigned === 0 ? "border-line-2" : "border-warn border-dashed"}
          />
        </ol>
        <ul className="mt-4 flex flex-col gap-1.5">
          {anchorsOf(coverage, seen).map((anchor) => (
            <Reach key={anchor.name} anchor={anchor} sizes={shown.map(({ size }) => size)} grid={grid} />
          ))}
        </ul>
      </div>
    </div>
  );
}

/** What one looks for is the newest, which stands at the end. */
function toEnd(box: HTMLDivElement | null): void {
  if (box) box.scrollLeft = box.scrollWidth;
}

type BlockProps = {
  seq: number;
  line: React.ReactNode;
  tone: string;
  mark?: string;
  /** How many entries came since the block before. */
  grown?: number | undefined;
  isFirst?: boolean;
  /** Checkpoints between it and the one before are not shown. */
  hasGap?: boolean;
};

function Block({ seq, line, tone, mark, grown, isFirst = false, hasGap = false }: BlockProps) {
  return (
    <li className="relative pr-3">
      {!isFirst && (
        <span
          aria-hidden
          className={`absolute -left-3 top-6 w-3 border-t-2 border-line-2 ${hasGap ? "border-dotted" : ""}`}
        />
      )}
      <div className={`h-full rounded-lg border-2 bg-paper px-2.5 py-1.5 ${tone}`}>
        <Link
          to="/ledger/$seq"
          params={{ seq: String(Math.max(1, seq)) }}
          className="font-mono text-sm font-medium tabular-nums hover:underline"
        >
          {seq.toLocaleString("en")}
        </Link>
        <p className="text-2xs text-ink-3">{line}</p>
        {mark && <p className="font-mono text-2xs text-ink-3">{mark}…</p>}
        {grown !== undefined && <p className="text-2xs text-ink-3">+{grown.toLocaleString("en")}</p>}
      </div>
    </li>
  );
}

function Reach({ anchor, sizes, grid }: { anchor: Anchor; sizes: readonly number[]; grid: React.CSSProperties }) {
  const { name, about, size, tone, word } = anchor;
  // The first column is the first entry's; a bar ends with the last checkpoint that it covers.
  const reached = size === null ? 0 : 1 + sizes.filter((one) => one <= size).length;
  return (
    <li className="grid items-center" style={grid}>
      <span
        aria-hidden
        className={`col-start-1 row-start-1 h-6 rounded ${reached === 0 ? "bg-sunken" : `${fully[tone]} opacity-20`}`}
        style={{ gridColumnEnd: Math.max(2, reached + 1) }}
      />
      <span className="sticky left-0 col-span-full row-start-1 justify-self-start px-2 text-sm">
        <span className="font-medium">{name}</span> <span className="text-ink-2">{word}</span>
        <span className="text-ink-2"> · {about}</span>
      </span>
    </li>
  );
}

function anchorsOf({ anchored, signer }: Coverage, seen: number | null): Anchor[] {
  const upTo = (size: number) => `up to entry ${size.toLocaleString("en")}`;
  const anchors: Anchor[] = [
    {
      name: "Signed notes",
      about: "in a directory outside the database",
      size: anchored.size,
      tone: signer?.state === "refused" ? "bad" : "accent",
      word: signer?.refused ? `refused to sign: ${signer.refused.reason}` : upTo(anchored.size),
    },
  ];
  for (const { name, size, reason } of signer?.witnesses ?? [])
    anchors.push({
      name: `Witness ${name}`,
      about: "cosigns only what continues what it saw",
      size,
      tone: reason === null ? "good" : "bad",
      word: reason ?? (size === null ? "has cosigned nothing yet" : upTo(size)),
    });
  if (signer?.s3)
    anchors.push({
      name: "Bucket",
      about: "a copy of the notes",
      size: anchored.size,
      tone: signer.s3.behind === 0 ? "good" : "warn",
      word: signer.s3.reason ?? (signer.s3.behind === 0 ? "has every note" : `lacks ${signer.s3.behind} notes`),
    });
  anchors.push({
    name: "This browser",
    about: "remembers what it verified",
    size: seen,
    tone: "info",
    word: seen === null ? "has seen nothing yet" : `saw ${upTo(seen)}`,
  });
  return anchors;
}
