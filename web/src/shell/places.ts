import {
  BookOpen,
  Eye,
  Gavel,
  ListTodo,
  type LucideIcon,
  Link2,
  MessagesSquare,
  Rocket,
  Settings,
  Users,
} from "lucide-react";

/** The pages, in the order in which an operator looks at them. `key` goes there after `g`. */
export type Place = { to: string; name: string; about: string; key: string; icon: LucideIcon };

export const places: readonly Place[] = [
  { to: "/", name: "Watch", about: "Does anything need you?", key: "w", icon: Eye },
  { to: "/feed", name: "Feed", about: "What happened, as it happens", key: "f", icon: MessagesSquare },
  { to: "/queue", name: "Queue", about: "The work, and who has it", key: "q", icon: ListTodo },
  { to: "/seats", name: "Seats", about: "Who is here", key: "s", icon: Users },
  { to: "/decisions", name: "Decisions", about: "What was denied, and what became of it", key: "d", icon: Gavel },
  { to: "/landing", name: "Landing", about: "What is served, and what is on its way", key: "l", icon: Rocket },
  { to: "/doctrine", name: "Doctrine", about: "What the fleet learned", key: "o", icon: BookOpen },
  { to: "/ledger", name: "Ledger", about: "The proof", key: "p", icon: Link2 },
  { to: "/settings", name: "Settings", about: "Namespaces, roles, tokens", key: ",", icon: Settings },
];
