import { useNavigate } from "@tanstack/react-router";
import { useEffect, useEffectEvent } from "react";
import { places } from "./places.ts";

/** How long after `g` the next key still names a page. */
const CHORD_MS = 1_200;

/** What the keys of every page open. */
type Opened = { openPalette: () => void; openKeys: () => void };

/**
 * Keys that work on every page: Ctrl K or / for the palette, g and a letter for a page, ? for the list of them all
 * (keys.tsx). Not while one types.
 */
export function useShortcuts({ openPalette, openKeys }: Opened): void {
  const navigate = useNavigate();
  const pressed = useEffectEvent((event: KeyboardEvent, isChord: boolean): boolean => {
    if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openPalette();
      return false;
    }
    if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return false;
    if (event.key === "/" || event.key === "?") {
      event.preventDefault();
      (event.key === "/" ? openPalette : openKeys)();
      return false;
    }
    const place = isChord && places.find(({ key }) => key === event.key);
    if (place) void navigate({ to: place.to });
    return event.key === "g";
  });
  useEffect(() => {
    let chord_until = 0;
    const heard = (event: KeyboardEvent) => {
      chord_until = pressed(event, event.timeStamp < chord_until) ? event.timeStamp + CHORD_MS : 0;
    };
    addEventListener("keydown", heard);
    return () => removeEventListener("keydown", heard);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}
