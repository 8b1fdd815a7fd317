// Agents of a running `cliai serve`: bridges started as an agent's CLI starts them, and what the server shows of them.
import { type Child, startChild } from "./child.ts";
import { cliaiCommand, type RunningServe, type Runtime } from "./cliai.ts";
import { waitFor } from "./wait-for.ts";

/** What `cliai show --json` and `/api/agents/:id` say of an agent, as far as tests read it. */
export interface ShownAgent {
  readonly agent_id: string;
  readonly status: string;
  readonly last_seen: string;
  readonly pid?: number;
  readonly cli?: string;
  readonly session_id?: string;
  readonly current_task?: string;
  readonly heartbeat?: { readonly waits_because?: string };
  readonly usage?: {
    readonly tokens_used?: number;
    readonly estimated_cost?: number;
    readonly context_window?: number;
    readonly source?: string;
  };
  readonly axes: Readonly<
    Record<"link" | "activity" | "control" | "attention", { readonly value: string; readonly reason: string }>
  >;
  readonly commands: readonly {
    readonly command_id: string;
    readonly type: string;
    readonly summary: string;
    readonly receipts: readonly { readonly state: string; readonly at: string; readonly route?: string }[];
  }[];
}

export async function showAgent(serve: RunningServe, id: string): Promise<ShownAgent> {
  return JSON.parse((await serve.run(["show", id, "--json"])).stdout);
}

/** The same by the HTTP API, for a test that asks again and again: it is many times faster than a command. */
export async function fetchAgent(serve: RunningServe, id: string): Promise<ShownAgent> {
  const response = await serve.fetch(`/api/agents/${id}`);
  if (!response.ok) throw new Error(`no ${id}: ${response.status}`);
  return (await response.json()) as ShownAgent;
}

/** The variables that an agent's CLI passes to its bridge. They name credentials if the server wants some. */
export async function bridgeEnv(
  serve: RunningServe,
  id: string,
  role: "agent" | "captain" = "agent",
): Promise<Record<string, string>> {
  const env = { AGENT_ID: id, NATS_URL: serve.natsUrl, CLIAI_ROLE: role };
  if (serve.credsPath === undefined) return env;
  const minted = await serve.run(["agents", "add", id, "--role", role]);
  if (minted.code !== 0) throw new Error(`no credentials for ${id}: ${minted.stderr}`);
  return { ...env, NATS_CREDS: minted.stdout.trim() };
}

/**
 * Starts a bridge. Resolves when the server shows it as online. The bridge runs until it is told to end, or its stdin ends.
 * @param flags of `cliai bridge`, such as `--heartbeat`
 */
export async function startBridge(
  serve: RunningServe,
  id: string,
  from?: Runtime,
  role?: "agent" | "captain",
  flags: readonly string[] = [],
): Promise<Child> {
  const [command, ...args] = cliaiCommand(from);
  const env = { ...process.env, ...(await bridgeEnv(serve, id, role)), CLIAI_CONFIG_NAME: "demo" };
  await using starting = new AsyncDisposableStack();
  const child = starting.use(await startChild(command, [...args, "bridge", ...flags], { env }));
  await waitFor(async () => (await fetchAgent(serve, id)).axes.link.value === "online", {
    what: `${id} is online`,
    saw: () => child.stderr,
  });
  starting.move();
  return child;
}
