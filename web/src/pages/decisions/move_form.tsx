import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { asked, useCommand } from "../../api/queries.ts";
import { Button } from "../../ui/button.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import type { Question } from "./question_dialog.tsx";

const field = "mt-1 block w-full rounded-md border border-line-2 bg-paper px-3 py-2 font-normal";

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
        <select autoFocus required value={topic} onChange={({ target }) => setTopic(target.value)} className={field}>
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
      <label className="mt-3 block text-sm font-medium">
        Reason
        <textarea
          required
          rows={2}
          maxLength={2000}
          value={reason}
          onChange={({ target }) => setReason(target.value)}
          className={field}
        />
      </label>
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
