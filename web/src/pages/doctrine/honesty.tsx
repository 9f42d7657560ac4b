import { Link } from "@tanstack/react-router";
import type { QueryOutput } from "../../api/client.ts";
import { ShareBar } from "../../ui/share_bar.tsx";
import { RecordLink } from "./record_page.tsx";

type Records = QueryOutput<"/v1/doctrine/list">["records"];

/** What is only said and what really holds, as shares of all; and what waits for a person to judge. */
export function Honesty({ records }: { records: Records }) {
  const heldBy = (by: Records[number]["held_by"]) => records.filter(({ held_by }) => held_by === by).length;
  const waiting = records.filter(({ proposed, superseded_by }) => proposed !== null && superseded_by === null);
  const missing = heldBy("a mechanism that is not there");
  return (
    <section
      aria-label="What really holds"
      className="mb-5 rounded-xl border border-line bg-card px-5 py-4 shadow-card"
    >
      <ShareBar
        shares={[
          { name: "held by a mechanism", count: heldBy("a running mechanism"), tone: "good" },
          { name: "text only", count: heldBy("text only"), tone: "quiet" },
          { name: "mechanism missing", count: missing, tone: "bad" },
        ]}
      />
      {missing > 0 && (
        <p className="mt-2 text-sm text-bad">
          {missing === 1 ? "One says" : `${missing} say`} that a mechanism holds it, which is not in this server:{" "}
          <Link to="/doctrine" search={{ held_by: "a mechanism that is not there" }}>
            see which
          </Link>
        </p>
      )}
      {waiting.length > 0 && (
        <p className="mt-2 flex flex-wrap gap-x-2 text-sm text-warn">
          Their gates hold, and they wait for your judgement:
          {waiting.map(({ id }) => (
            <RecordLink key={id} id={id} />
          ))}
        </p>
      )}
    </section>
  );
}
