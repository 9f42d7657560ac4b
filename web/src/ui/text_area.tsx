import type { TextareaHTMLAttributes } from "react";

type Props = { label: string; value: string; onChange: (value: string) => void } & Omit<
  TextareaHTMLAttributes<HTMLTextAreaElement>,
  "value" | "onChange"
>;

/** How whatever is filled in looks, in a form of a window. */
export const fill = "mt-1 block w-full rounded-md border border-line-2 bg-paper px-3 py-2 font-normal";

/** A few lines to write, with what they are. */
export function TextArea({ label, value, onChange, rows = 2, ...rest }: Props) {
  return (
    <label className="mt-3 block text-sm font-medium first:mt-0">
      {label}
      <textarea
        rows={rows}
        value={value}
        onChange={({ target }) => onChange(target.value)}
        className={fill}
        {...rest}
      />
    </label>
  );
}

/** Why: the server takes so many characters. */
export function ReasonArea(props: Omit<Props, "label" | "required" | "maxLength">) {
  return <TextArea label="Reason" required maxLength={2000} {...props} />;
}
