import { Link } from "@tanstack/react-router";
import { Anchor as AnchorMark, BadgeCheck } from "lucide-react";
import type { ReactNode } from "react";
import { Time } from "../../ui/time.tsx";
import { fully, softly } from "../../ui/tone.ts";
import { type Anchor, anchorsOf, type Coverage } from "./anchors.ts";
import type { CheckpointPage } from "./checkpoint_list.ts";

/** So many checkpoints are a picture; more are the list beneath. */
const SHOWN_MAX = 6;
/** So many have room on a phone. */
const SHOWN_NARROW = 3;
/** A stretch of the chain is drawn with so many links, however many entries it has. */
const LINKS = 7;

/** A stretch of the chain: from the entry after one checkpoint to the last that the next one covers. */
type Stretch = {
  /** The last entry in it. */
  to: number;
  count: number;
  /** The checkpoint that ends it; null for what is not signed yet. */
  checkpoint: CheckpointPage["checkpoints"][number] | null;
  /** Checkpoints before it are not drawn: it stands for them too. */
  isCut: boolean;
};

type Props = {
  checkpoints: CheckpointPage["checkpoints"];
  coverage: Coverage;
  seen: number | null;
  chosen: number | undefined;
};

/** The chain from its first entry to its newest, sealed by its checkpoints, and what holds those fast outside. */
export function Chain({ checkpoints, coverage, seen, chosen }: Props) {
  const stretches = stretchesOf(checkpoints, coverage.entries);
  return (
    <div role="group" aria-label="The chain and its anchors">
      <Line
        label={<Words name="The chain" about={`${coverage.entries.toLocaleString("en")} entries, one after another`} />}
      >
        <ol className="flex h-23">
          {stretches.map((one, index) => (
            <Links key={one.to} stretch={one} isMinor={isMinor(index, stretches)} isChosen={one.to === chosen} />
          ))}
        </ol>
      </Line>
      <ul>
        {anchorsOf(coverage, seen).map((anchor) => (
          <Reach key={anchor.name} anchor={anchor} stretches={stretches} />
        ))}
      </ul>
      {coverage.signer?.witnesses.length === 0 && (
        <p className="mt-3 border-t border-line pt-3 text-sm text-ink-2">
          <span className="font-medium text-ink">No witness holds it yet.</span> One on somebody else’s machine would
          notice a server that shows two readers two histories. Any other Longwatch is one:{" "}
          <code className="font-mono">LONGWATCH_WITNESSES</code> names it (docs/operating.md).
        </p>
      )}
    </div>
  );
}

function stretchesOf(checkpoints: CheckpointPage["checkpoints"], entries: number): Stretch[] {
  const shown = checkpoints.slice(0, SHOWN_MAX).toReversed();
  const stretches = shown.map((checkpoint, index): Stretch => {
    const before = shown[index - 1]?.size ?? 0;
    const isCut = index === 0 && checkpoints.length > shown.length;
    return { to: checkpoint.size, count: checkpoint.size - before, checkpoint, isCut };
  });
  const signed = shown.at(-1)?.size ?? 0;
  if (entries > signed) stretches.push({ to: entries, count: entries - signed, checkpoint: null, isCut: false });
  return stretches;
}

/** Whether a phone has no room for it. */
const isMinor = (index: number, { length }: readonly Stretch[]) => index < length - 1 - SHOWN_NARROW;

/** A line of the picture: what it is, and beside it, or on a phone beneath it, how it stands along the chain. */
function Line({ label, children }: { label: ReactNode; children: ReactNode }) {
  return (
    <div className="gap-x-5 md:grid md:grid-cols-[13rem_minmax(0,1fr)] md:items-center">
      {label}
      <div className="pr-7">{children}</div>
    </div>
  );
}

function Words({ name, word, about }: { name: string; word?: string; about: string }) {
  return (
    <p className="text-sm">
      <span className="font-medium">{name}</span> {word && <span className="text-ink-2 wrap-anywhere">{word}</span>}
      <span className="block text-xs text-ink-3">{about}</span>
    </p>
  );
}

function Links({ stretch, isMinor: isLeft, isChosen }: { stretch: Stretch; isMinor: boolean; isChosen: boolean }) {
  const { to, count, checkpoint, isCut } = stretch;
  const style =
    checkpoint === null ? "border-warn border-dashed" : isCut ? "border-accent border-dotted" : "border-accent";
  return (
    <li className={`relative min-w-0 flex-1 ${isLeft ? "max-md:hidden" : ""}`}>
      <p className={`truncate px-2 pt-1 text-center text-2xs ${checkpoint ? "text-ink-3" : "font-medium text-warn"}`}>
        {isCut ? `1 – ${to.toLocaleString("en")}` : `+${count.toLocaleString("en")}`}
      </p>
      <span aria-hidden className="mt-2 flex">
        {Array.from({ length: LINKS }, (_, link) => (
          <span key={link} className={`-mx-0.5 h-3 flex-1 rounded-full border-2 ${style}`} />
        ))}
      </span>
      {checkpoint ? (
        <Seal checkpoint={checkpoint} isChosen={isChosen} />
      ) : (
        <span className="absolute right-0 top-12 translate-x-1/2 text-center text-2xs text-warn">
          <Link
            to="/ledger/$seq"
            params={{ seq: String(to) }}
            className="font-mono text-sm tabular-nums hover:underline"
          >
            {to.toLocaleString("en")}
          </Link>
          <span className="block whitespace-nowrap">not signed</span>
        </span>
      )}
    </li>
  );
}

/** A checkpoint on the chain. Pressed, it is checked here. */
function Seal({ checkpoint, isChosen }: { checkpoint: NonNullable<Stretch["checkpoint"]>; isChosen: boolean }) {
  const { size, at, cosigned_by } = checkpoint;
  const tone = cosigned_by.length > 0 ? "border-good text-good" : "border-accent text-accent";
  return (
    <Link
      to="/ledger"
      search={isChosen ? {} : { checkpoint: size }}
      resetScroll={false}
      aria-current={isChosen ? "true" : undefined}
      className="group absolute right-0 top-5 z-10 flex translate-x-1/2 flex-col items-center"
    >
      <span
        className={`grid size-8 place-items-center rounded-full border-2 group-hover:bg-accent-soft ${tone} ${
          isChosen ? "bg-accent-soft ring-2 ring-accent" : "bg-card"
        }`}
      >
        <BadgeCheck aria-hidden className="size-4.5" />
      </span>
      <span className="font-mono text-sm font-medium tabular-nums group-hover:underline">
        <span className="sr-only">Checkpoint </span>
        {size.toLocaleString("en")}
      </span>
      <Time at={at} className="text-2xs text-ink-3" />
    </Link>
  );
}

const cellStyle = "relative flex-1 border-r border-dashed border-line";
const barStyle = "absolute inset-x-0 inset-y-2.5";
const anchorStyle = "absolute right-0 top-0 grid size-7 translate-x-1/2 place-items-center rounded-full";

/** How far one of those outside reaches: up to its anchor, nothing can be changed without contradicting it. */
function Reach({ anchor, stretches }: { anchor: Anchor; stretches: readonly Stretch[] }) {
  const { name, about, size, tone, word } = anchor;
  const last = stretches.findLastIndex(({ to, checkpoint }) => checkpoint !== null && to <= (size ?? 0));
  return (
    <li className="border-t border-line py-2.5">
      <Line label={<Words name={name} word={word} about={about} />}>
        <div aria-hidden className="flex h-7 max-md:mt-1">
          {stretches.map(({ to }, index) => (
            <span key={to} className={`${cellStyle} ${isMinor(index, stretches) ? "max-md:hidden" : ""}`}>
              <span className={`${barStyle} ${index <= last ? `${fully[tone]} opacity-40` : "bg-sunken"}`} />
              {index === last && (
                <span className={`${anchorStyle} ${softly[tone]}`}>
                  <AnchorMark className="size-4" />
                </span>
              )}
            </span>
          ))}
        </div>
      </Line>
    </li>
  );
}
