import { ArrowDownToLine } from "lucide-react";
import { useLayoutEffect, useRef, useState } from "react";
import { Button } from "../../ui/button.tsx";
import { Panel } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { useLog } from "./following.ts";

/** Nearer to the end than this, somebody follows it: the text goes on by itself. */
const FOLLOWING_PX = 40;

/** The stage stays in sight while its lines go by. */
const stageStyle =
  "sticky -top-3 -mx-3 mb-1 mt-2 bg-sunken px-3 py-1 font-sans text-2xs font-medium uppercase tracking-wide " +
  "text-ink-3 first:mt-0";

/** What a deploy says while it runs: it goes on by itself as long as one reads at its end. */
export function Log({ id, isRunning }: { id: number; isRunning: boolean }) {
  return <Lines key={id} id={id} isRunning={isRunning} />;
}

function Lines({ id, isRunning }: { id: number; isRunning: boolean }) {
  const { pieces, lost, error, isRead } = useLog(id);
  const box = useRef<HTMLDivElement>(null);
  const [isFollowed, setFollowed] = useState(true);
  useLayoutEffect(() => {
    const { current } = box;
    if (current && isFollowed) current.scrollTop = current.scrollHeight;
  }, [pieces, isFollowed]);
  return (
    <Panel
      title="Log"
      aside={isRunning ? <span className="text-accent">running; it goes on by itself</span> : "it has ended"}
    >
      {error && <ProblemNote isPart error={error} />}
      {isRead && pieces.length === 0 ? (
        <p className="text-ink-2">{isRunning ? "It has said nothing yet." : "It said nothing."}</p>
      ) : (
        <div
          ref={box}
          role="log"
          aria-label={`Log of deploy ${id}`}
          tabIndex={0}
          onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
            setFollowed(scrollHeight - scrollTop - clientHeight < FOLLOWING_PX);
          }}
          className="max-h-[70vh] overflow-auto rounded-md border border-line bg-sunken p-3 font-mono text-xs leading-5"
        >
          {pieces.map(({ number, stage, text }, index) => (
            <div key={number}>
              {stage !== pieces[index - 1]?.stage && <p className={stageStyle}>{stage}</p>}
              <pre className="whitespace-pre-wrap break-words">{text}</pre>
            </div>
          ))}
        </div>
      )}
      {!isFollowed && (
        <div className="mt-2">
          <Button onClick={() => setFollowed(true)}>
            <ArrowDownToLine aria-hidden className="size-4" /> {isRunning ? "Follow its end" : "Go to its end"}
          </Button>
        </div>
      )}
      {lost > 0 && (
        <p className="mt-2 text-sm text-warn">
          {lost.toLocaleString("en")} bytes were more than this environment keeps, and are not here.
        </p>
      )}
    </Panel>
  );
}
