import { Link, type LinkProps } from "@tanstack/react-router";
import { BurnUp } from "../../pictures/burn_up.tsx";
import { Pace } from "../../pictures/pace.tsx";
import { PageHead, Panel } from "../../ui/panel.tsx";
import { Decisions } from "./decisions.tsx";
import { Finished } from "./finished.tsx";
import { Landing } from "./landing.tsx";
import { LedgerHealth } from "./ledger_health.tsx";
import { NeedsYou } from "./needs_you.tsx";
import { Queue } from "./queue.tsx";
import { Seats } from "./seats.tsx";

/** The glance: whether anything needs the operator, and how the fleet stands. */
export function WatchPage() {
  return (
    <>
      <title>Watch · Longwatch</title>
      <PageHead title="Watch" />
      <NeedsYou />
      <div className="mt-5 grid grid-cols-1 gap-5 lg:grid-cols-2 2xl:grid-cols-3">
        <Panel title="Seats" aside={<More to="/seats" />}>
          <Seats />
        </Panel>
        <Panel title="Queue" aside={<More to="/queue" />}>
          <Queue />
        </Panel>
        <Panel title="Filed and finished">
          <BurnUp />
        </Panel>
        <Panel title="Finished lately" aside={<More to="/feed" search={{ kind: "ticket.finished" }} />}>
          <Finished />
        </Panel>
        <Panel title="Written and answered">
          <Pace />
        </Panel>
        <Panel title="Decisions denied" aside={<More to="/decisions" />}>
          <Decisions />
        </Panel>
        <Panel title="Served" aside={<More to="/landing" />}>
          <Landing />
        </Panel>
        <Panel title="Ledger" aside={<More to="/ledger" />}>
          <LedgerHealth />
        </Panel>
      </div>
    </>
  );
}

function More(where: Pick<LinkProps, "to" | "search">) {
  return (
    <Link {...where} className="text-accent hover:underline">
      All
    </Link>
  );
}
