import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, useId } from "react";

const box = "mt-1 block w-full rounded-md border border-line-2 bg-paper px-3 py-1.5 text-sm";

type Labelled = { label: string; hint?: ReactNode };

/** A line of a form to type into. */
export function Field({ label, hint, ...rest }: Labelled & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  return (
    <Labels id={id} label={label} hint={hint}>
      <input id={id} aria-describedby={hint === undefined ? undefined : `${id}hint`} className={box} {...rest} />
    </Labels>
  );
}

/** A line of a form to choose from. */
export function Choice({ label, hint, children, ...rest }: Labelled & SelectHTMLAttributes<HTMLSelectElement>) {
  const id = useId();
  return (
    <Labels id={id} label={label} hint={hint}>
      <select id={id} aria-describedby={hint === undefined ? undefined : `${id}hint`} className={box} {...rest}>
        {children}
      </select>
    </Labels>
  );
}

function Labels({ id, label, hint, children }: Labelled & { id: string; children: ReactNode }) {
  return (
    <div className="min-w-0 text-sm">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      {children}
      {hint !== undefined && (
        <p id={`${id}hint`} className="mt-1 text-ink-3">
          {hint}
        </p>
      )}
    </div>
  );
}

/** What a form asks, in lines that stand beside each other where there is room. */
export function Fields({ children }: { children: ReactNode }) {
  return <div className="grid gap-x-4 gap-y-3 sm:grid-cols-2 lg:grid-cols-3">{children}</div>;
}
