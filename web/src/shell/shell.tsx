import { useQuery } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { ApiError } from "../api/client.ts";
import { asked } from "../api/queries.ts";
import { useLive } from "../live/stream.ts";
import { Command, Ellipsis } from "lucide-react";
import { useState } from "react";
import { Keys } from "./keys.tsx";
import { Letterhead } from "./letterhead.tsx";
import { AwayNote, LiveMark } from "./live_mark.tsx";
import { Palette } from "./palette.tsx";
import { places } from "./places.ts";
import { SignedOut } from "./signed_out.tsx";
import { useShortcuts } from "./shortcuts.ts";
import { ThemeMenu } from "./theme_menu.tsx";

/** What stands around every page: where one can go, who one is, and whether the page is live. */
export function Shell() {
  const who = useQuery(asked("/v1/seat/whoami"));
  if (who.error instanceof ApiError && who.error.problem.status === 401) return <SignedOut />;
  return <SignedIn name={who.data?.name} />;
}

function SignedIn({ name }: { name: string | undefined }) {
  const [isPaletteOpen, setPaletteOpen] = useState(false);
  const [areKeysOpen, setKeysOpen] = useState(false);
  useLive();
  useShortcuts({ openPalette: () => setPaletteOpen(true), openKeys: () => setKeysOpen(true) });
  return (
    <div className="min-h-dvh md:grid md:grid-cols-[13.5rem_1fr] print:block">
      <a
        href="#page"
        className="sr-only focus:not-sr-only focus:fixed focus:left-3 focus:top-3 focus:z-50 focus:bg-card focus:p-2"
      >
        Skip to the page
      </a>
      <Navigation onPalette={() => setPaletteOpen(true)} name={name} />
      <main id="page" tabIndex={-1} className="min-w-0 px-4 pb-24 pt-5 outline-none md:px-8 md:pb-12 md:pt-7">
        <div className="mx-auto max-w-[90rem]">
          <AwayNote />
          <Letterhead />
          <Outlet />
        </div>
      </main>
      <Palette isOpen={isPaletteOpen} onOpenChange={setPaletteOpen} />
      <Keys isOpen={areKeysOpen} onOpenChange={setKeysOpen} />
    </div>
  );
}

const linkStyle =
  "flex items-center gap-2.5 rounded-md px-2.5 py-1.5 text-ink-2 hover:bg-sunken hover:text-ink " +
  "aria-[current=page]:bg-accent-soft aria-[current=page]:font-medium aria-[current=page]:text-accent";

/** So many places have room at the foot of a phone; the palette has the others. */
const ON_PHONE = 5;
const phoneStyle = "max-md:flex-col max-md:gap-0.5 max-md:px-0 max-md:text-2xs";

function Navigation({ onPalette, name }: { onPalette: () => void; name: string | undefined }) {
  return (
    <nav
      aria-label="Pages"
      className={
        "max-md:fixed max-md:inset-x-0 max-md:bottom-0 max-md:z-20 max-md:border-t md:sticky md:top-0 " +
        "md:flex md:h-dvh md:flex-col md:border-r border-line bg-card md:px-3 md:py-5"
      }
    >
      <Link to="/" className="mb-5 flex items-center gap-2.5 px-2 font-semibold tracking-tight max-md:hidden">
        <img src="/icon.svg" alt="" className="size-7" />
        Longwatch
      </Link>
      <button
        type="button"
        onClick={onPalette}
        className={
          "mb-4 flex items-center justify-between rounded-md border border-line-2 bg-paper px-2.5 py-1.5 " +
          "text-sm text-ink-3 hover:border-ink-3 max-md:hidden"
        }
      >
        <span className="flex items-center gap-2">
          <Command aria-hidden className="size-3.5" /> Go or do…
        </span>
        <kbd className="font-mono text-2xs">Ctrl K</kbd>
      </button>
      <ul className="flex gap-0.5 max-md:grid max-md:grid-cols-6 max-md:p-1.5 md:flex-col">
        {places.map(({ to, name: label, icon: Icon }, index) => (
          <li key={to} className={index < ON_PHONE ? "min-w-0" : "max-md:hidden"}>
            <Link to={to} activeOptions={{ exact: to === "/" }} className={`${linkStyle} ${phoneStyle}`}>
              <Icon aria-hidden className="size-4.5 shrink-0" strokeWidth={1.75} />
              {label}
            </Link>
          </li>
        ))}
        <li className="md:hidden">
          <button type="button" onClick={onPalette} className={`${linkStyle} ${phoneStyle} w-full`}>
            <Ellipsis aria-hidden className="size-4.5 shrink-0" strokeWidth={1.75} />
            More
          </button>
        </li>
      </ul>
      <div className="mt-auto flex flex-col gap-3 px-2 text-sm text-ink-3 max-md:hidden">
        <LiveMark />
        <div className="flex items-center justify-between gap-2">
          <span className="truncate" title={name}>
            {name ?? " "}
          </span>
          <ThemeMenu />
        </div>
      </div>
    </nav>
  );
}
