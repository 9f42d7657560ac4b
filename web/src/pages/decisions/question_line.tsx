import { useState } from "react";
import { Button } from "../../ui/button.tsx";
import { TicketLink } from "../../ui/links.tsx";
import { QuestionDialog } from "./question_dialog.tsx";
import type { Line } from "./questions.ts";
import { WaitingLine } from "./waiting_line.tsx";

/** A question that waits, in one line; the dialog has the rest. */
export function QuestionLine({ id, age, text, note }: Line) {
  const [isOpen, setOpen] = useState(false);
  const { topic, question, ticket } = parts(text);
  return (
    <WaitingLine
      what="Question"
      tone="info"
      age={
        <span data-moves className="whitespace-nowrap">
          {age}
        </span>
      }
      about={
        <>
          <span className="text-ink-3">{topic.replaceAll("_", " ")}:</span> {question}{" "}
          {ticket !== undefined && <TicketLink id={ticket} />}
          {note !== undefined && <span className="block text-sm text-ink-3">{note}</span>}
        </>
      }
    >
      <Button onClick={() => setOpen(true)} aria-label={`Answer question ${id}`}>
        Answer
      </Button>
      {isOpen && <QuestionDialog id={id} onClose={() => setOpen(false)} />}
    </WaitingLine>
  );
}

/** `budget: May we? (Yes | No) [CMB-0004]`; the options are the dialog's. */
const LINE = /^(\w+): (.*?)(?: \([^()]* \| [^()]*\))?(?: \[([^[\]]+)\])?$/s;

function parts(text: string): { topic: string; question: string; ticket?: string | undefined } {
  const [, topic = "question", question = text, ticket] = LINE.exec(text) ?? [];
  return { topic, question, ticket };
}
