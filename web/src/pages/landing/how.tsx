import { Copyable } from "../../ui/copyable.tsx";

/** How something comes to stand here, for whoever asks: what is well has to be quiet. */
export function How({ asked, text }: { asked: string; text: string }) {
  return (
    <details className="mt-2 text-left">
      <summary className="cursor-pointer text-center text-accent">{asked}</summary>
      <div className="mt-2">
        <Copyable text={text} label="Copy the command" />
      </div>
    </details>
  );
}
