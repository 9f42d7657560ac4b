import {
  type ColumnDef,
  type RowData,
  createSortedRowModel,
  rowSortingFeature,
  sortFn_alphanumeric,
  sortFn_basic,
  type SortingState,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import {
  type CSSProperties,
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
  useLayoutEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { alphanumeric: sortFn_alphanumeric, basic: sortFn_basic },
});

/** A column: what it sorts by (nothing: it cannot be sorted), what it shows, and how wide it is as a grid track. */
export type Column<Row> = {
  id: string;
  header: string;
  width: string;
  sort?: (row: Row) => string | number | null;
  cell: (row: Row) => ReactNode;
  /** Left out on a phone. */
  isMinor?: boolean;
  /** Left out on a tablet, and on a phone. */
  isExtra?: boolean;
  /** How wide it is on a phone, where it is another width. */
  narrow?: string;
};

type Props<Row extends RowData> = {
  /** What the table lists, for a screen reader. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  idOf: (row: Row) => string;
  /** Enter or a click on a row. */
  onOpen?: (row: Row) => void;
  /** What stands where there is no row. */
  empty: ReactNode;
  /** Called when the last rows come into sight. */
  onEnd?: () => void;
};

const ROW_PX = 42;

const phone = matchMedia("(width < 48rem)");
const tablet = matchMedia("(width < 80rem)");

function onWidth(told: () => void): () => void {
  for (const one of [phone, tablet]) one.addEventListener("change", told);
  return () => {
    for (const one of [phone, tablet]) one.removeEventListener("change", told);
  };
}

/**
 * A list of any length: only the rows in sight are in the page. j and k or the arrows go from row to row, Enter opens
 * one.
 */
export function Table<Row extends RowData>({ label, columns: all, rows, idOf, onOpen, empty, onEnd }: Props<Row>) {
  const { columns, isNarrow } = useFitting(all);
  const [sorting, setSorting] = useState<SortingState>([]);
  const body = useRef<HTMLDivElement>(null);
  const table = useTable({
    features,
    columns: columns.map(({ id, sort }): ColumnDef<typeof features, Row> => ({
      id,
      accessorFn: (row) => sort?.(row) ?? null,
      enableSorting: sort !== undefined,
      sortFn: "basic",
    })),
    data: rows as Row[],
    getRowId: idOf,
    state: { sorting },
    onSortingChange: setSorting,
  });
  const sorted = table.getRowModel().rows;
  const offset = useTopOf(body, rows.length > 0);
  const virtual = useWindowVirtualizer({
    count: sorted.length,
    estimateSize: () => ROW_PX,
    overscan: 12,
    scrollMargin: offset,
    getItemKey: (index) => sorted[index]?.id ?? index,
  });
  const items = virtual.getVirtualItems();
  const lastSeen = items.at(-1)?.index ?? 0;
  useLayoutEffect(() => {
    if (onEnd && sorted.length > 0 && lastSeen >= sorted.length - 5) onEnd();
  }, [onEnd, lastSeen, sorted.length]);
  if (rows.length === 0) return <>{empty}</>;
  const grid = { gridTemplateColumns: columns.map(({ width, narrow }) => (isNarrow && narrow) || width).join(" ") };
  return (
    <div
      role="table"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      className="rounded-xl border border-line bg-card shadow-card"
    >
      <div role="rowgroup" className="sticky top-0 z-10 rounded-t-xl border-b border-line bg-card">
        <div role="row" aria-rowindex={1} className="grid gap-4 px-4 py-2 text-sm text-ink-3" style={grid}>
          {columns.map(({ id, header, sort }) => (
            <Head key={id} header={header} canSort={sort !== undefined} column={table.getColumn(id)!} />
          ))}
        </div>
      </div>
      <div
        ref={body}
        role="rowgroup"
        className="relative"
        style={{ height: virtual.getTotalSize() }}
        onKeyDown={(event) => move(event, (index) => virtual.scrollToIndex(index))}
      >
        {items.map(({ index, start, key }) => (
          <Line
            key={key}
            row={sorted[index]!.original}
            index={index}
            isFirst={index === items[0]!.index}
            columns={columns}
            onOpen={onOpen}
            style={{ ...grid, height: ROW_PX, transform: `translateY(${start - virtual.options.scrollMargin}px)` }}
          />
        ))}
      </div>
    </div>
  );
}

/** The columns that the window has room for. */
function useFitting<Row>(all: readonly Column<Row>[]): { columns: readonly Column<Row>[]; isNarrow: boolean } {
  const isNarrow = useSyncExternalStore(onWidth, () => phone.matches);
  const isShort = useSyncExternalStore(onWidth, () => tablet.matches);
  return { columns: all.filter(({ isMinor, isExtra }) => !(isNarrow && isMinor) && !(isShort && isExtra)), isNarrow };
}

/** How far down the page something begins; what stands above it may come, grow and go at any time. */
function useTopOf(element: RefObject<HTMLElement | null>, isThere: boolean): number {
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const measure = () => element.current && setTop(element.current.getBoundingClientRect().top + scrollY);
    measure();
    const watcher = new ResizeObserver(measure);
    watcher.observe(document.body);
    return () => watcher.disconnect();
  }, [element, isThere]);
  return top;
}

const line = "absolute inset-x-0 grid items-center gap-4 border-b border-line px-4 last:border-0";
const openable = "cursor-pointer hover:bg-paper focus-visible:bg-accent-soft focus-visible:outline-none";

type LineProps<Row> = {
  row: Row;
  index: number;
  /** The one that the Tab key reaches; the others are reached from it. */
  isFirst: boolean;
  columns: readonly Column<Row>[];
  onOpen: ((row: Row) => void) | undefined;
  style: CSSProperties;
};

function Line<Row>({ row, index, isFirst, columns, onOpen, style }: LineProps<Row>) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      data-index={index}
      tabIndex={onOpen ? (isFirst ? 0 : -1) : undefined}
      onClick={(event) => {
        if (!(event.target as Element).closest("a, button, input")) onOpen?.(row);
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter" && event.target === event.currentTarget) onOpen?.(row);
      }}
      className={`${line} ${onOpen ? openable : ""}`}
      style={style}
    >
      {columns.map(({ id, cell }) => (
        <div key={id} role="cell" className="min-w-0 truncate">
          {cell(row)}
        </div>
      ))}
    </div>
  );
}

type Sortable = {
  getIsSorted(): false | "asc" | "desc";
  toggleSorting(): void;
};

function Head({ header, canSort, column }: { header: string; canSort: boolean; column: Sortable }) {
  const order = column.getIsSorted();
  const Mark = order === "desc" ? ArrowDown : ArrowUp;
  const aria = order === "asc" ? "ascending" : order === "desc" ? "descending" : "none";
  return (
    <div
      role="columnheader"
      aria-sort={canSort ? aria : undefined}
      className={canSort ? "min-w-0" : "min-w-0 truncate"}
    >
      {canSort ? (
        <button
          type="button"
          onClick={() => column.toggleSorting()}
          className="inline-flex max-w-full items-center gap-1 hover:text-ink"
        >
          <span className="truncate">{header}</span>
          {order && <Mark aria-hidden className="size-3" />}
        </button>
      ) : (
        header
      )}
    </div>
  );
}

const steps: Readonly<Record<string, number>> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

function move(event: KeyboardEvent<HTMLElement>, show: (index: number) => void): void {
  const step = steps[event.key];
  const row = (event.target as HTMLElement).closest<HTMLElement>("[data-index]");
  if (step === undefined || !row) return;
  event.preventDefault();
  const index = Number(row.dataset.index) + step;
  const next = event.currentTarget.querySelector<HTMLElement>(`[data-index="${index}"]`);
  if (next) next.focus();
  show(Math.max(0, index));
}
