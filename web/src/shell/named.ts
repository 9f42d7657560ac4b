import { Gavel, Link2, PenLine, Ticket, User } from "lucide-react";
import type { Place } from "./places.ts";

/** Where the palette can go. */
export type Choice = Pick<Place, "to" | "name" | "about" | "key" | "icon"> & { search?: object };

const TICKET_ID = /^[A-Za-z][A-Za-z0-9]{0,11}-[\w.~?-]+$/;
const CORRECT = /^correct(?: post)? #?([1-9]\d{0,14})$/i;
const NUMBER = /^#?([1-9]\d{0,14})$/;
/** More than these are found on the seats' own page. */
const SEATS_MAX = 6;

/** What somebody may mean who typed this: an entry or a decision by its number, a seat, a ticket, a correction. */
export function named(typed: string, seats: readonly string[]): Choice[] {
  if (typed === "") return [];
  const post = CORRECT.exec(typed)?.[1];
  if (post !== undefined)
    return [
      {
        ...choice(`/ledger/${post}`, `Correct post #${post}`, "By another post, which says so", PenLine),
        search: { correct: true },
      },
    ];
  const number = NUMBER.exec(typed)?.[1];
  const letters = typed.toUpperCase();
  const found = seats.filter((name) => name.toUpperCase().includes(letters)).slice(0, SEATS_MAX);
  const here = found.map((name) => choice(`/seats/${name}`, name, "Open this seat", User));
  // A seat's name has the form of a ticket's id; an id is seldom a part of a name.
  const ticket = TICKET_ID.test(typed) ? [choice(`/tickets/${letters}`, letters, "Open this ticket", Ticket)] : [];
  if (number === undefined) return [...here, ...ticket];
  const entry = choice(`/ledger/${number}`, `#${number}`, "Open this entry of the ledger", Link2);
  if (typed.startsWith("#")) return [entry];
  return [entry, choice(`/decisions/${number}`, `Decision ${number}`, "Open this decision", Gavel), ...here];
}

function choice(to: string, name: string, about: string, icon: Place["icon"]): Choice {
  return { to, name, about, icon, key: "" };
}
