import type { ReactNode } from "react";

type Row = { id: string; cells: readonly ReactNode[] };

/** A short table; what does not fit a phone can be scrolled to. */
export function Grid({ label, heads, rows }: { label: string; heads: readonly string[]; rows: readonly Row[] }) {
  return (
    <div className="-mx-5 overflow-x-auto px-5">
      <table aria-label={label} className="w-full border-collapse text-left">
        <thead>
          <tr className="border-b border-line text-sm text-ink-3">
            {heads.map((head) => (
              <th key={head} scope="col" className="py-1.5 pr-4 font-normal">
                {head === "" ? <span className="sr-only">What one can do</span> : head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ id, cells }) => (
            <tr key={id} className="border-b border-line align-baseline last:border-0">
              {cells.map((cell, at) => (
                <td key={heads[at]} className="py-2 pr-4 last:pr-0">
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
