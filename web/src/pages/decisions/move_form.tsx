import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { asked, useCommand } from "../../api/queries.ts";
import { Button } from "../../ui/button.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { fill, ReasonArea } from "../../ui/text_area.tsx";
import type { Question } from "./question_dialog.tsx";

type Props = { question: Question; onBack: () => void; onDone: () => void };

/** Says that a question is about something else, and so for others to decide. */
export function MoveForm({ question: { id, topic: own }, onBack, onDone }: Props) {
  const routes = useQuery(asked("/v1/route/list"));
  const [topic, setTopic] = useState("");
  const [reason, setReason] = useState("");
  const { mutate, isPending, error } = useCommand("/v1/question/reroute");
  const others = routes.data?.routes.filter((one) => one.goes_to !== "fleet" && one.topic !== own) ?? [];
  const chosen = others.find((one) => one.topic === topic);
  const send = (event: FormEvent) => {
    event.preventDefault();
    mutate({ id, topic, reason: reason.trim() }, { onSuccess: onDone });
  };
  return (
    <form className="mt-4" onSubmit={send}>
      <label className="block text-sm font-medium">
        What it is about
        <select autoFocus required value={topic} onChange={({ target }) => setTopic(target.value)} className={fill}>
          <option value="">Choose a topic</option>
          {(["strategist", "operator"] as const).map((whom) => (
            <optgroup key={whom} label={whom === "operator" ? "The operator decides" : "A strategist decides"}>
              {others
                .filter(({ goes_to }) => goes_to === whom)
                .map((one) => (
                  <option key={one.topic} value={one.topic}>
                    {one.topic.replaceAll("_", " ")}
                  </option>
                ))}
            </optgroup>
          ))}
        </select>
      </label>
      <p className="mt-1 text-sm text-ink-3">{chosen?.about ?? "It keeps its age, and its ticket goes on waiting."}</p>
      <ReasonArea value={reason} onChange={setReason} />
      {error && <ProblemNote error={error} />}
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={onBack}>Back</Button>
        <Button look="main" type="submit" disabled={isPending || topic === "" || reason.trim() === ""}>
          Move it
        </Button>
      </div>
    </form>
  );
}
