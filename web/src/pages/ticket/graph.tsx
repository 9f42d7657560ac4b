import { useNavigate } from "@tanstack/react-router";
import { TicketLink } from "../../ui/links.tsx";
import { toneOf } from "../../ui/tone.ts";
import type { Ticket } from "./ticket_page.tsx";

type Node = { id: string; state: string | null; title: string | null; type: string };

const ROW = 46;
const WIDTH = 340;
const BOX = { width: 150, height: 32 };
/** More than this is a list to read, not a picture. */
const SIDE_MAX = 12;

const strokes = {
  good: "var(--good)",
  warn: "var(--warn)",
  bad: "var(--bad)",
  info: "var(--info)",
  accent: "var(--accent)",
  quiet: "var(--line-2)",
};

/** What the ticket waits for and belongs to stands above it, what waits for it and is part of it below. */
export function Graph({ ticket: { links, linked_from, id, state } }: { ticket: Ticket }) {
  const above = links.slice(0, SIDE_MAX).map(({ type, target, ...rest }): Node => ({ ...rest, id: target, type }));
  const below = linked_from.slice(0, SIDE_MAX).map((node): Node => node);
  const rows = [...chunks(above, 2), [{ id, state, title: null, type: "this" }], ...chunks(below, 2)];
  const own = Math.ceil(above.length / 2);
  const height = rows.length * ROW + 8;
  const centre = { x: WIDTH / 2, y: own * ROW + 4 + BOX.height / 2 };
  return (
    <>
      <svg
        viewBox={`0 0 ${WIDTH} ${height}`}
        className="w-full print:max-w-sm"
        role="group"
        aria-label="Links of the ticket"
      >
        {rows.map((nodes, row) =>
          nodes.map((node, column) => {
            const at = placeOf(row, column, nodes.length);
            return row === own ? null : (
              <line
                key={`${node.type} ${node.id}`}
                x1={at.x}
                y1={at.y}
                x2={centre.x}
                y2={centre.y}
                stroke="var(--line-2)"
              />
            );
          }),
        )}
        {rows.map((nodes, row) =>
          nodes.map((node, column) => (
            <Box
              key={`${node.type} ${node.id}`}
              node={node}
              {...placeOf(row, column, nodes.length)}
              isOwn={row === own}
            />
          )),
        )}
      </svg>
      {links.length + linked_from.length > above.length + below.length && (
        <details className="mt-2 text-sm">
          <summary className="cursor-pointer text-ink-2">All {links.length + linked_from.length} as a list</summary>
          <ul className="mt-2 flex flex-col gap-1">
            {[...links.map(({ target, ...rest }) => ({ ...rest, id: target })), ...linked_from].map((node) => (
              <li key={`${node.type} ${node.id}`} className="wrap-anywhere">
                <span className="text-ink-3">{node.type}</span> <TicketLink id={node.id} />{" "}
                <span className="text-ink-3">{said(node.state)}</span> {node.title}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function Box({ node: { id, state, title, type }, x, y, isOwn }: { node: Node; x: number; y: number; isOwn: boolean }) {
  const navigate = useNavigate();
  const open = () => void navigate({ to: "/tickets/$id", params: { id } });
  const told = isOwn ? said(state) : `${type} · ${said(state)}`;
  // What is read aloud begins with what is seen.
  const name = `${id} ${told}${title ? `: ${title}` : ""}`;
  return (
    <g
      {...(isOwn
        ? {}
        : {
            role: "link",
            tabIndex: 0,
            onClick: open,
            onKeyDown: (event: React.KeyboardEvent) => event.key === "Enter" && open(),
          })}
      aria-label={name}
      className={isOwn ? "" : "cursor-pointer"}
    >
      <title>{name}</title>
      <rect
        x={x - BOX.width / 2}
        y={y - BOX.height / 2}
        {...BOX}
        rx={7}
        fill={isOwn ? "var(--accent-soft)" : "var(--card)"}
        stroke={strokes[toneOf(state ?? "")]}
        strokeWidth={1.5}
      />
      <text x={x} y={y - 1} textAnchor="middle" fontSize={11.5} fontFamily="var(--font-mono)" fill="var(--ink)">
        {`${id} `}
      </text>
      <text x={x} y={y + 11} textAnchor="middle" fontSize={8.5} fill="var(--ink-3)">
        {told}
      </text>
    </g>
  );
}

const said = (state: string | null): string => state?.replaceAll("_", " ") ?? "not here";

function placeOf(row: number, column: number, of: number): { x: number; y: number } {
  return {
    x: (WIDTH / (of + 1)) * (column + 1) + (of === 2 ? (column === 0 ? -30 : 30) : 0),
    y: row * ROW + 4 + BOX.height / 2,
  };
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
