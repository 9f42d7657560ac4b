import { useQuery } from "@tanstack/react-query";
import { LogOut } from "lucide-react";
import { useEffect, useState } from "react";
import { asked } from "../../api/queries.ts";
import { Chip } from "../../ui/chip.tsx";
import { PageHead, Panel } from "../../ui/panel.tsx";
import { ProblemNote } from "../../ui/problem_note.tsx";
import { Connect } from "./connect.tsx";
import { holders } from "./held.ts";
import { Namespaces } from "./namespaces.tsx";
import { Proofs } from "./proofs.tsx";
import { Roles } from "./roles.tsx";
import { Tenants } from "./tenants.tsx";
import { Tokens } from "./tokens.tsx";

const parts = [
  { id: "connect", title: "Connect an agent", part: Connect },
  { id: "namespaces", title: "Namespaces", part: Namespaces },
  { id: "proofs", title: "Proofs required", part: Proofs },
  { id: "roles", title: "Roles", part: Roles },
  { id: "tokens", title: "People, services, tokens", part: Tokens },
  { id: "tenants", title: "Tenants", part: Tenants },
] as const;

/** Above the parts, and beside them where there is room; in sight either way. */
const barStyle =
  "sticky max-xl:top-0 max-xl:z-10 max-xl:-mx-4 max-xl:bg-paper max-xl:px-4 max-xl:py-2 xl:top-7 xl:self-start";
const partStyle =
  "block whitespace-nowrap rounded-md px-2.5 py-1 text-sm text-ink-2 hover:bg-sunken hover:text-ink " +
  "aria-[current=true]:bg-sunken aria-[current=true]:font-medium aria-[current=true]:text-ink";

/** The part that stands at the top of the window. */
function useSeen(): string {
  const [seen, setSeen] = useState<string>(parts[0].id);
  useEffect(() => {
    const watcher = new IntersectionObserver(
      (all) => {
        const first = all.find(({ isIntersecting }) => isIntersecting);
        if (first) setSeen(first.target.id);
      },
      // A line a quarter down the window: whichever part is on it is being read.
      { rootMargin: "-25% 0px -74% 0px" },
    );
    for (const { id } of parts) {
      const part = document.getElementById(id);
      if (part) watcher.observe(part);
    }
    return () => watcher.disconnect();
  }, []);
  return seen;
}

/** How this fleet is set up. Everything that is changed here is an entry of the ledger. */
export function SettingsPage() {
  const seen = useSeen();
  const { error, refetch } = useQuery(holders);
  return (
    <>
      <title>Settings · Longwatch</title>
      <PageHead title="Settings" about="How this fleet is set up. Each change is an entry of the ledger.">
        <Session />
      </PageHead>
      {error && (
        <div className="mb-5">
          <ProblemNote error={error} onRetry={() => void refetch()} />
        </div>
      )}
      <div className="grid grid-cols-1 gap-x-8 gap-y-4 xl:grid-cols-[13rem_minmax(0,60rem)]">
        <nav aria-label="Parts of the settings" className={barStyle}>
          <ul className="flex gap-1 overflow-x-auto xl:flex-col">
            {parts.map(({ id, title }) => (
              <li key={id}>
                <a href={`#${id}`} aria-current={id === seen ? "true" : undefined} className={partStyle}>
                  {title}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div className="flex min-w-0 flex-col gap-5">
          {parts.map(({ id, title, part: Part }) => (
            <div key={id} id={id} className="scroll-mt-16 xl:scroll-mt-7">
              <Panel title={title}>
                <Part />
              </Panel>
            </div>
          ))}
        </div>
      </div>
    </>
  );
}

/** Who one is here, and the way out. The form goes to the server itself, so that nothing of the page stays behind. */
function Session() {
  const { data } = useQuery(asked("/v1/seat/whoami"));
  return (
    <div className="flex flex-wrap items-center gap-3 text-sm">
      {data && (
        <span className="flex items-center gap-2 text-ink-2">
          Signed in as <span className="font-medium text-ink">{data.name}</span>
          {data.role !== data.name && <Chip>{data.role}</Chip>} of{" "}
          <span className="font-medium text-ink">{data.tenant}</span>
        </span>
      )}
      <form method="post" action="/sign-out">
        <button
          type="submit"
          className={
            "inline-flex items-center gap-2 rounded-md border border-line-2 bg-card px-3 py-1.5 font-medium " +
            "hover:border-ink-3"
          }
        >
          <LogOut aria-hidden className="size-4" /> Sign out
        </button>
      </form>
    </div>
  );
}
