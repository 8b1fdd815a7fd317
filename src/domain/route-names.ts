// The routes into a running session, in the order in which they are tried (docs/steering.md).

export const routeNames = ["stream-json", "messaging-socket", "hook", "terminal"] as const;
export type RouteName = (typeof routeNames)[number];
