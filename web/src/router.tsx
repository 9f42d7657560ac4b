import { createRootRoute, createRoute, createRouter, lazyRouteComponent, notFound } from "@tanstack/react-router";
import { PageFailed } from "./shell/page_failed.tsx";
import { NotFound } from "./shell/not_found.tsx";
import { Shell } from "./shell/shell.tsx";
import { policySearch } from "./pages/decisions/policy_search.ts";
import { decisionsSearch } from "./pages/decisions/search.ts";
import { doctrineSearch } from "./pages/doctrine/search.ts";
import { feedSearch } from "./pages/feed/search.ts";
import { entrySearch, ledgerSearch } from "./pages/ledger/search.ts";
import { queueSearch } from "./pages/queue/search.ts";
import { seatsSearch } from "./pages/seats/search.ts";
import { numberIn } from "./ui/address.ts";
import { WatchPage } from "./pages/watch/watch_page.tsx";

/** Every page and its address: what is shown can be linked. All but the first are loaded when they are looked at. */
const root = createRootRoute({ component: Shell, errorComponent: PageFailed, notFoundComponent: NotFound });

/** For what is known by its number: an address with anything else leads nowhere. */
function isNumbered({ params: { id } }: { params: { id: string } }): void {
  if (numberIn(id) === undefined) throw notFound();
}

const watch = createRoute({ getParentRoute: () => root, path: "/", component: WatchPage });
const feed = createRoute({
  getParentRoute: () => root,
  path: "/feed",
  validateSearch: feedSearch,
  component: lazyRouteComponent(() => import("./pages/feed/feed_page.tsx"), "FeedPage"),
});
const queue = createRoute({
  getParentRoute: () => root,
  path: "/queue",
  validateSearch: queueSearch,
  component: lazyRouteComponent(() => import("./pages/queue/queue_page.tsx"), "QueuePage"),
});
const ticket = createRoute({
  getParentRoute: () => root,
  path: "/tickets/$id",
  component: lazyRouteComponent(() => import("./pages/ticket/ticket_page.tsx"), "TicketPage"),
});
const seats = createRoute({
  getParentRoute: () => root,
  path: "/seats",
  validateSearch: seatsSearch,
  component: lazyRouteComponent(() => import("./pages/seats/seats_page.tsx"), "SeatsPage"),
});
const seat = createRoute({
  getParentRoute: () => root,
  path: "/seats/$name",
  component: lazyRouteComponent(() => import("./pages/seats/seat_page.tsx"), "SeatPage"),
});
const ledger = createRoute({
  getParentRoute: () => root,
  path: "/ledger",
  validateSearch: ledgerSearch,
  component: lazyRouteComponent(() => import("./pages/ledger/ledger_page.tsx"), "LedgerPage"),
});
const entry = createRoute({
  getParentRoute: () => root,
  path: "/ledger/$seq",
  validateSearch: entrySearch,
  component: lazyRouteComponent(() => import("./pages/ledger/entry_page.tsx"), "EntryPage"),
});
const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyRouteComponent(() => import("./pages/settings/settings_page.tsx"), "SettingsPage"),
});
const decisions = createRoute({
  getParentRoute: () => root,
  path: "/decisions",
  validateSearch: decisionsSearch,
  component: lazyRouteComponent(() => import("./pages/decisions/decisions_page.tsx"), "DecisionsPage"),
});
const decision = createRoute({
  getParentRoute: () => root,
  path: "/decisions/$id",
  beforeLoad: isNumbered,
  component: lazyRouteComponent(() => import("./pages/decisions/decision_page.tsx"), "DecisionPage"),
});
const policy = createRoute({
  getParentRoute: () => root,
  path: "/decisions/policy",
  validateSearch: policySearch,
  component: lazyRouteComponent(() => import("./pages/decisions/policy_page.tsx"), "PolicyPage"),
});
const manifests = createRoute({
  getParentRoute: () => root,
  path: "/decisions/manifests",
  component: lazyRouteComponent(() => import("./pages/decisions/manifests_page.tsx"), "ManifestsPage"),
});
const manifest = createRoute({
  getParentRoute: () => root,
  path: "/decisions/manifests/$id",
  beforeLoad: isNumbered,
  component: lazyRouteComponent(() => import("./pages/decisions/manifest_page.tsx"), "ManifestPage"),
});
const landing = createRoute({
  getParentRoute: () => root,
  path: "/landing",
  component: lazyRouteComponent(() => import("./pages/landing/landing_page.tsx"), "LandingPage"),
});
const deploy = createRoute({
  getParentRoute: () => root,
  path: "/landing/deploys/$id",
  beforeLoad: isNumbered,
  component: lazyRouteComponent(() => import("./pages/landing/deploy_page.tsx"), "DeployPage"),
});
const doctrine = createRoute({
  getParentRoute: () => root,
  path: "/doctrine",
  validateSearch: doctrineSearch,
  component: lazyRouteComponent(() => import("./pages/doctrine/doctrine_page.tsx"), "DoctrinePage"),
});
const record = createRoute({
  getParentRoute: () => root,
  path: "/doctrine/$id",
  component: lazyRouteComponent(() => import("./pages/doctrine/record_page.tsx"), "RecordPage"),
});

const routeTree = root.addChildren([
  watch,
  feed,
  queue,
  ticket,
  seats,
  seat,
  ledger,
  entry,
  settings,
  decisions,
  decision,
  policy,
  manifests,
  manifest,
  landing,
  deploy,
  doctrine,
  record,
]);

export const router = createRouter({
  routeTree,
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
  defaultErrorComponent: PageFailed,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
