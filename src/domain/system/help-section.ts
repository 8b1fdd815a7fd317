// Where docs/troubleshooting.md says more about a problem that a check has found.

/** Check -> the heading of its section. `agent-cli` stands for the checks of agent CLIs, each of which has the name of its CLI. */
const sections: Readonly<Record<string, string>> = {
  serve: "serve",
  ready: "ready",
  exposure: "exposure",
  nats: "nats",
  "nats-server": "nats-server",
  clock: "clock",
  store: "store",
  streams: "streams",
  damage: "damage",
  files: "files",
  keys: "keys",
  logs: "logs",
  disk: "disk",
  profiles: "profiles",
  hooks: "hooks",
  notify: "notify",
  prices: "prices",
  "model-server": "model-server",
  service: "service",
};

export const helpSections: readonly string[] = [...Object.values(sections), "agent-cli"];

/** Such as `docs/troubleshooting.md#disk`. */
export function helpFor(check: string): string {
  return `docs/troubleshooting.md#${sections[check] ?? "agent-cli"}`;
}
