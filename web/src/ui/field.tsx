import {
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from "react";

const box = "mt-1 block w-full rounded-md border border-line-2 bg-paper px-3 py-1.5 text-sm aria-invalid:border-bad";

/** What a field is called, what helps to fill it in, and what was wrong with what stands there. */
type Labelled = { label: string; hint?: ReactNode; fault?: string | undefined };

/** A line of a form to type into. */
export function Field({ label, hint, fault, ...rest }: Labelled & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <Labels label={label} hint={hint} fault={fault}>
      {(told) => <input className={box} {...told} {...rest} />}
    </Labels>
  );
}

/** A line of a form to choose from. */
export function Choice({ label, hint, fault, children, ...rest }: Labelled & SelectHTMLAttributes<HTMLSelectElement>) {
  return (
    <Labels label={label} hint={hint} fault={fault}>
      {(told) => (
        <select className={box} {...told} {...rest}>
          {children}
        </select>
      )}
    </Labels>
  );
}

type WordsProps = Labelled & { isCode?: boolean } & TextareaHTMLAttributes<HTMLTextAreaElement>;

/** Lines of a form to write in; they grow with what stands there. */
export function Words({ label, hint, fault, isCode = false, ...rest }: WordsProps) {
  const look = `${box} field-sizing-content ${isCode ? "font-mono leading-relaxed" : ""}`;
  return (
    <Labels label={label} hint={hint} fault={fault}>
      {(told) => <textarea rows={2} spellCheck={!isCode} className={look} {...told} {...rest} />}
    </Labels>
  );
}

type Told = { id: string; "aria-describedby": string | undefined; "aria-invalid": true | undefined };

function Labels({ label, hint, fault, children }: Labelled & { children: (told: Told) => ReactNode }) {
  const id = useId();
  const said = [fault !== undefined && `${id}fault`, hint !== undefined && `${id}hint`].filter(Boolean).join(" ");
  return (
    <div className="min-w-0 text-sm">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      {children({ id, "aria-describedby": said || undefined, "aria-invalid": fault === undefined ? undefined : true })}
      {fault !== undefined && (
        <p id={`${id}fault`} className="mt-1 break-words text-bad">
          {fault}
        </p>
      )}
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
