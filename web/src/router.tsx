import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { PageFailed } from "./shell/page_failed.tsx";
import { NotFound } from "./shell/not_found.tsx";
import { Shell } from "./shell/shell.tsx";
import { feedSearch } from "./pages/feed/search.ts";
import { queueSearch } from "./pages/queue/search.ts";
import { seatsSearch } from "./pages/seats/search.ts";
import { WatchPage } from "./pages/watch/watch_page.tsx";

/** Every page and its address: what is shown can be linked. All but the first are loaded when they are looked at. */
const root = createRootRoute({ component: Shell, errorComponent: PageFailed, notFoundComponent: NotFound });

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

const routeTree = root.addChildren([watch, feed, queue, ticket, seats, seat]);

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
