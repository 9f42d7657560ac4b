import { type FormEvent, useState } from "react";
import { useCommand } from "../../api/queries.ts";
import { Button } from "../../ui/button.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { ReasonArea, TextArea } from "../../ui/text_area.tsx";
import type { Question } from "./question_dialog.tsx";

const choice = "flex cursor-pointer items-baseline gap-2.5 rounded-md px-2 py-1.5";

type Props = { question: Question; onMove: () => void; onClose: () => void };

/** The answer, as one of the asker's or in other words, and why. */
export function AnswerForm({ question: { id, options, ticket, blocks }, onMove, onClose }: Props) {
  const [chosen, setChosen] = useState<string | null>(options.length > 0 ? null : "");
  const [words, setWords] = useState("");
  const [reason, setReason] = useState("");
  const { mutate, isPending, error } = useCommand("/v1/question/answer");
  const answer = chosen === "" ? words.trim() : chosen;
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (answer) mutate({ id, answer, reason: reason.trim() }, { onSuccess: onClose });
  };
  return (
    <form className="mt-4" onSubmit={send}>
      {options.length > 0 && <Choices options={options} chosen={chosen} onChoose={setChosen} />}
      {chosen === "" && (
        <TextArea label="Your answer" autoFocus required maxLength={1000} value={words} onChange={setWords} />
      )}
      <ReasonArea value={reason} onChange={setReason} />
      <p className="mb-4 mt-1 text-sm text-ink-3">
        It is posted with your name; whoever meets the same question next reads it.
        {ticket !== null && blocks && ` ${ticket} goes back into the queue.`}
      </p>
      {error && <ProblemNote error={error} />}
      <div className="mt-4 flex flex-wrap justify-end gap-2">
        <Button className="mr-auto" onClick={onMove}>
          It is for others…
        </Button>
        <Button onClick={onClose}>Cancel</Button>
        <Button look="main" type="submit" disabled={isPending || !answer || reason.trim() === ""}>
          Answer
        </Button>
      </div>
    </form>
  );
}

type ChoicesProps = { options: readonly string[]; chosen: string | null; onChoose: (option: string) => void };

/** The asker's options, and that it is none of them. */
function Choices({ options, chosen, onChoose }: ChoicesProps) {
  return (
    <fieldset className="mb-3">
      <legend className="mb-1 text-sm font-medium">Your answer</legend>
      {[...options, ""].map((option, index) => (
        <label key={option} className={`${choice} hover:bg-paper has-checked:bg-accent-soft`}>
          <input
            type="radio"
            name="answer"
            autoFocus={index === 0}
            checked={chosen === option}
            onChange={() => onChoose(option)}
          />
          <span className="min-w-0 break-words">{option === "" ? "Something else" : option}</span>
        </label>
      ))}
    </fieldset>
  );
}
