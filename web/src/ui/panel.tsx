import type { ReactNode } from "react";

/** A part of a page with a heading; `aside` stands at the heading's end. */
export function Panel({
  title,
  aside,
  children,
  className = "",
}: {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  return (
    <section aria-label={title} className={`rounded-xl border border-line bg-card shadow-card ${className}`}>
      <header className="flex items-baseline justify-between gap-4 px-5 pt-4">
        <h2 className="font-semibold tracking-tight">{title}</h2>
        {aside !== undefined && <div className="text-sm text-ink-3">{aside}</div>}
      </header>
      <div className="px-5 pb-5 pt-3">{children}</div>
    </section>
  );
}

/** A page's heading, with what it is about. */
export function PageHead({ title, about, children }: { title: string; about?: ReactNode; children?: ReactNode }) {
  return (
    <header className="mb-6 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        <h1 className="text-2xl font-semibold tracking-tight wrap-anywhere">{title}</h1>
        {about !== undefined && <p className="mt-0.5 text-ink-2">{about}</p>}
      </div>
      {children}
    </header>
  );
}
