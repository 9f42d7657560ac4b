import type { ButtonHTMLAttributes } from "react";

const looks = {
  main: "bg-accent text-on-accent hover:opacity-90",
  plain: "border border-line-2 bg-card hover:border-ink-3",
  danger: "border border-bad/40 bg-card text-bad hover:bg-bad-soft",
} as const;

const shape = "inline-flex items-center gap-2 rounded-md px-3 py-1.5 text-sm font-medium disabled:opacity-50";

/** What is pressed to do something. */
export function Button({
  look = "plain",
  className = "",
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { look?: keyof typeof looks }) {
  return <button type="button" className={`${shape} ${looks[look]} ${className}`} {...rest} />;
}
