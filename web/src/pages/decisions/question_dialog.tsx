import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { QueryOutput } from "../../api/client.ts";
import { asked } from "../../api/queries.ts";
import { SeatLink, TicketLink } from "../../ui/links.tsx";
import { Modal } from "../../ui/modal.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Time } from "../../ui/time.tsx";
import { AnswerForm } from "./answer_form.tsx";
import { MoveForm } from "./move_form.tsx";

/** A question as it is told whole. */
export type Question = QueryOutput<"/v1/question/show">;

/** One question with all that its asker said, to be answered, or moved to those who have to. */
export function QuestionDialog({ id, onClose }: { id: number; onClose: () => void }) {
  const { data, error } = useQuery(asked("/v1/question/show", { id }));
  const [isMoving, setMoving] = useState(false);
  return (
    <Modal title={data?.question ?? `Question ${id}`} isOpen onClose={onClose}>
      {error && <ProblemNote error={error} />}
      {data && <Told question={data} />}
      {data?.state === "open" &&
        (isMoving ? (
          <MoveForm question={data} onBack={() => setMoving(false)} onDone={onClose} />
        ) : (
          <AnswerForm question={data} onMove={() => setMoving(true)} onClose={onClose} />
        ))}
    </Modal>
  );
}

function Told({
  question: { asker, asked_at, ticket, blocks, topic, details, state, ...rest },
}: {
  question: Question;
}) {
  return (
    <>
      <p className="mt-1 break-words text-sm text-ink-2">
        <SeatLink name={asker} /> asks about {topic.replaceAll("_", " ")}, <Time at={asked_at} />.
        {ticket !== null && (
          <>
            {" "}
            <TicketLink id={ticket} /> {blocks ? "waits for the answer." : "goes on meanwhile."}
          </>
        )}
        {rest.relabels > 0 && ` It was moved ${rest.relabels === 1 ? "once" : `${rest.relabels} times`} already.`}
      </p>
      {details !== "" && <p className="mt-3 whitespace-pre-wrap break-words">{details}</p>}
      {rest.probe !== null && (
        <p className="mt-3 break-words text-sm text-ink-2">
          It closes by itself when this is so: <code className="font-mono">{rest.probe}</code>
        </p>
      )}
      {state !== "open" && (
        <p className="mt-3 rounded-md bg-warn-soft p-3">
          It is {state} already: {rest.answer ?? rest.reason}
        </p>
      )}
    </>
  );
}
