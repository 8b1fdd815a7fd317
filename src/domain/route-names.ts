// The routes into a running session, in the order in which they are tried (docs/steering.md).

/** The routes of sessions that were opened with pipes. A session has one of them. */
export const sessionRoutes = ["stream-json", "app-server", "http-api", "acp"] as const;

export const routeNames = [...sessionRoutes, "input-file", "messaging-socket", "hook", "terminal"] as const;
export type RouteName = (typeof routeNames)[number];

/** The routes by which a CLI takes a text as its own user's. An operator's order goes by one of these if one is open. */
export const routesOfUser: readonly RouteName[] = [...sessionRoutes, "input-file", "terminal"];

/** What a person has to know about an order that went by this route; undefined if there is nothing. */
export function framingOf(route: string | undefined): string | undefined {
  return route === "messaging-socket"
    ? "its CLI shows it as the words of another session, not of its user"
    : undefined;
}
