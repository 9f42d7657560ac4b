import { useQuery } from "@tanstack/react-query";
import { everySeat } from "../seats/every_seat.ts";
import { Empty } from "../../ui/empty.tsx";
import { ShareBar } from "../../ui/share_bar.tsx";
import { toneOf } from "../../ui/tone.ts";

const order = ["stuck", "dead", "blocked", "busy", "idle", "dormant", "unadopted"];

/** How many seats are in which state, what is wrong first. */
export function Seats() {
  const { data } = useQuery(everySeat());
  if (!data) return <div className="h-16" />;
  if (data.seats.length === 0)
    return (
      <Empty title="No seat yet">
        An agent takes one when you connect it: npx longwatch connect claude --project DIR.
      </Empty>
    );
  if (data.seats.every(({ state }) => state === "retired"))
    return (
      <Empty title="Every seat is retired">
        {data.seats.length} {data.seats.length === 1 ? "has" : "have"} worked here. Another takes a seat when you
        connect it: npx longwatch connect claude --project DIR.
      </Empty>
    );
  const counts = Map.groupBy(data.seats, ({ state }): string => state);
  const shares = order.map((state) => ({
    name: state,
    count: counts.get(state)?.length ?? 0,
    tone: toneOf(state),
  }));
  return <ShareBar shares={shares} />;
}
