/** What a colour means. It never stands alone: a word stands beside it. */
export type Tone = "good" | "warn" | "bad" | "info" | "accent" | "quiet";

export const softly: Readonly<Record<Tone, string>> = {
  good: "bg-good-soft text-good",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
  info: "bg-info-soft text-info",
  accent: "bg-accent-soft text-accent",
  quiet: "bg-sunken text-ink-2",
};

export const fully: Readonly<Record<Tone, string>> = {
  good: "bg-good",
  warn: "bg-warn",
  bad: "bg-bad",
  info: "bg-info",
  accent: "bg-accent",
  quiet: "bg-line-2",
};

/** States of seats, tickets, decisions and deploys, wherever they are shown. */
const tones: Readonly<Record<string, Tone>> = {
  busy: "accent",
  idle: "good",
  stuck: "bad",
  blocked: "warn",
  dormant: "quiet",
  dead: "bad",
  awaiting_claim: "info",
  in_progress: "accent",
  done: "good",
  allow: "good",
  deny: "bad",
  pending: "warn",
  granted: "good",
  rejected: "bad",
  settled: "good",
  deploying: "accent",
  in_doubt: "bad",
  running: "accent",
  landed: "good",
  rolled_back: "warn",
  failed: "bad",
  refused: "warn",
  lapsed: "warn",
  abandoned: "bad",
};

export function toneOf(state: string): Tone {
  return tones[state] ?? "quiet";
}
