import { Dialog } from "@base-ui/react/dialog";
import { useNavigate } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { Search } from "lucide-react";
import { useId, useState } from "react";
import { everySeat } from "../pages/seats/every_seat.ts";
import { type Choice, named } from "./named.ts";
import { places } from "./places.ts";

const popup =
  "fixed left-1/2 top-[14vh] z-40 w-[min(36rem,calc(100vw-2rem))] -translate-x-1/2 overflow-hidden rounded-xl " +
  "border border-line bg-card shadow-card outline-none";

/** Goes anywhere by a few letters: a page, a seat, a ticket by its id, an entry or a decision by its number. */
export function Palette({ isOpen, onOpenChange }: { isOpen: boolean; onOpenChange: (isOpen: boolean) => void }) {
  return (
    <Dialog.Root open={isOpen} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-30 bg-ink/25 dark:bg-sunken/70" />
        <Dialog.Popup className={popup}>
          <Dialog.Title className="sr-only">Go or do</Dialog.Title>
          <Choices done={() => onOpenChange(false)} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

const PROMPT = "A page, a seat, a ticket’s id, an entry’s number";

function Choices({ done }: { done: () => void }) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const list = useId();
  const navigate = useNavigate();
  const { data } = useQuery(everySeat());
  const choices: readonly Choice[] = [
    ...named(typed.trim(), data?.seats.map(({ name }) => name) ?? []),
    ...places.filter(({ name, about }) => `${name} ${about}`.toLowerCase().includes(typed.trim().toLowerCase())),
  ];
  const active = Math.min(at, choices.length - 1);
  const go = (index: number) => {
    const choice = choices[index];
    if (!choice) return;
    done();
    void navigate({ to: choice.to, search: choice.search ?? {} });
  };
  return (
    <>
      <div className="flex items-center gap-3 border-b border-line px-4">
        <Search aria-hidden className="size-4 text-ink-3" />
        <input
          autoFocus
          role="combobox"
          aria-expanded
          aria-controls={list}
          aria-activedescendant={active >= 0 ? `${list}-${active}` : undefined}
          aria-label={PROMPT}
          placeholder={PROMPT}
          value={typed}
          onChange={({ target }) => {
            setTyped(target.value);
            setAt(0);
          }}
          onKeyDown={(event) => {
            const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
            if (step !== undefined) {
              event.preventDefault();
              setAt((active + step + choices.length) % Math.max(1, choices.length));
            } else if (event.key === "Enter") go(active);
          }}
          className="w-full bg-transparent py-3.5 outline-none placeholder:text-ink-3"
        />
      </div>
      <List id={list} choices={choices} active={active} onPoint={setAt} onGo={go} />
      <p className="border-t border-line px-4 py-2 text-sm text-ink-3 max-md:hidden">
        <kbd className="font-mono text-2xs">?</kbd> on any page lists all keys.
      </p>
    </>
  );
}

type ListProps = {
  id: string;
  choices: readonly Choice[];
  active: number;
  onPoint: (index: number) => void;
  onGo: (index: number) => void;
};

function List({ id: list, choices, active, onPoint, onGo }: ListProps) {
  return (
    <ul id={list} role="listbox" aria-label="Places" className="max-h-80 overflow-y-auto p-1.5">
      {choices.map(({ to, name, about, icon: Icon, key }, index) => (
        <li
          key={to}
          id={`${list}-${index}`}
          role="option"
          aria-selected={index === active}
          onMouseMove={() => onPoint(index)}
          onClick={() => onGo(index)}
          className="flex cursor-pointer items-center gap-3 rounded-md px-3 py-2 aria-selected:bg-accent-soft"
        >
          <Icon aria-hidden className="size-4 text-ink-3" strokeWidth={1.75} />
          <span className="font-medium">{name}</span>
          <span className="truncate text-sm text-ink-3">{about}</span>
          {key && <kbd className="ml-auto font-mono text-2xs text-ink-3">g {key}</kbd>}
        </li>
      ))}
      {choices.length === 0 && <li className="px-3 py-6 text-center text-ink-3">Nothing is called that.</li>}
    </ul>
  );
}
