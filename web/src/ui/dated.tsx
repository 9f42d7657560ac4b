import { utcOf } from "./time.tsx";

const INSTANT = /(\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/;
const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Words of the server, with the instants in them as the reader's clock says them; UTC on hover and on paper. */
export function Dated({ text }: { text: string }) {
  // What is split by a group has the words at even places, and what the group found between them.
  return text.split(INSTANT).map((part, place) => {
    if (place % 2 === 0) return part;
    const instant = new Date(part);
    return (
      <time key={place} dateTime={part} data-utc={utcOf(instant)} title={utcOf(instant)}>
        {local.format(instant)}
      </time>
    );
  });
}
