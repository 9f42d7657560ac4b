import { useQuery } from "@tanstack/react-query";
import { asked } from "../../api/queries.ts";
import { Empty } from "../../ui/empty.tsx";
import { ShareBar } from "../../ui/share_bar.tsx";
import { toneOf } from "../../ui/tone.ts";

const order = ["awaiting_claim", "in_progress", "blocked", "conditional", "parked", "reserved"];

/** What is open, by state. */
export function Queue() {
  const { data } = useQuery(asked("/v1/ticket/counts"));
  if (!data) return <div className="h-16" />;
  const counts = new Map(data.counts.map(({ state, count }) => [state, count]));
  const shares = order.map((state) => ({
    name: state.replaceAll("_", " "),
    count: counts.get(state) ?? 0,
    tone: toneOf(state),
  }));
  if (shares.every(({ count }) => count === 0))
    return (
      <Empty title="No open work">
        A ticket is filed by an agent’s tool ticket_file, or: npx longwatch ticket file.
      </Empty>
    );
  return <ShareBar shares={shares} />;
}
