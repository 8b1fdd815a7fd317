// The paths of the HTTP server of a session's host. A file of its own, because a hook that is a command loads it, and no schemas.
export const listenerPaths = {
  hook: "/hook",
  bridge: "/bridge",
  alive: "/alive",
  telemetry: "/v1/logs",
} as const;
