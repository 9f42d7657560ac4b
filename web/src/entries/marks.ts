import {
  Ban,
  CircleCheck,
  CircleDot,
  CircleHelp,
  CirclePause,
  CirclePlus,
  Gavel,
  type LucideIcon,
  MessageSquare,
  Rocket,
  ShieldCheck,
  User,
} from "lucide-react";
import type { Entry } from "../live/stream.ts";

type Mark = { icon: LucideIcon; tone: string };

const exact: Readonly<Record<string, Mark>> = {
  "ticket.filed": { icon: CirclePlus, tone: "text-info" },
  "ticket.claimed": { icon: CircleDot, tone: "text-accent" },
  "ticket.finished": { icon: CircleCheck, tone: "text-good" },
  "ticket.blocked": { icon: CirclePause, tone: "text-warn" },
  "ticket.refuted": { icon: Ban, tone: "text-bad" },
  "approval.granted": { icon: Gavel, tone: "text-good" },
  "approval.rejected": { icon: Gavel, tone: "text-bad" },
  "command.refused": { icon: Ban, tone: "text-warn" },
  "command.denied": { icon: Ban, tone: "text-bad" },
  "command.failed": { icon: Ban, tone: "text-bad" },
};

const rooms: Readonly<Record<string, Mark>> = {
  ticket: { icon: CircleDot, tone: "text-ink-3" },
  post: { icon: MessageSquare, tone: "text-ink-2" },
  seat: { icon: User, tone: "text-ink-3" },
  policy: { icon: Gavel, tone: "text-ink-2" },
  approval: { icon: Gavel, tone: "text-warn" },
  escalation: { icon: Gavel, tone: "text-warn" },
  manifest: { icon: Gavel, tone: "text-ink-2" },
  question: { icon: CircleHelp, tone: "text-info" },
  deploy: { icon: Rocket, tone: "text-accent" },
  release: { icon: Rocket, tone: "text-good" },
  ledger: { icon: ShieldCheck, tone: "text-ink-3" },
};

/** The picture before an entry's line. A denial is red wherever it stands. */
export function markOf({ kind, data }: Entry): Mark {
  if (kind === "policy.decided" && data.effect === "deny") return { icon: Gavel, tone: "text-bad" };
  return exact[kind] ?? rooms[kind.split(".", 1)[0] ?? ""] ?? { icon: CircleDot, tone: "text-ink-3" };
}
