import { useQuery } from "@tanstack/react-query";
import { LogOut } from "lucide-react";
import { asked } from "../../api/queries.ts";
import { Chip } from "../../ui/chip.tsx";
import { PageHead, Panel } from "../../ui/panel.tsx";
import { Connect } from "./connect.tsx";
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

const partStyle = "block whitespace-nowrap rounded-md px-2.5 py-1 text-sm text-ink-2 hover:bg-sunken hover:text-ink";

/** How this fleet is set up. Everything that is changed here is an entry of the ledger. */
export function SettingsPage() {
  return (
    <>
      <title>Settings · Longwatch</title>
      <PageHead title="Settings" about="How this fleet is set up. Each change is an entry of the ledger.">
        <Session />
      </PageHead>
      <div className="grid grid-cols-1 gap-x-8 gap-y-4 xl:grid-cols-[13rem_minmax(0,60rem)]">
        <nav aria-label="Parts of the settings" className="xl:sticky xl:top-7 xl:self-start">
          <ul className="flex gap-1 overflow-x-auto xl:flex-col">
            {parts.map(({ id, title }) => (
              <li key={id}>
                <a href={`#${id}`} className={partStyle}>
                  {title}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div className="flex min-w-0 flex-col gap-5">
          {parts.map(({ id, title, part: Part }) => (
            <div key={id} id={id} className="scroll-mt-7">
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
          <Chip>{data.role}</Chip> of <span className="font-medium text-ink">{data.tenant}</span>
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
