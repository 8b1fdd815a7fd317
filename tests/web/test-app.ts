// The web app over a real server and a real nats-server, without a socket; and agents that speak plain NATS.
import { agentClis } from "../../src/agents/agent-clis.ts";
import { definedOf } from "../../src/domain/defined.ts";
import type { AgentView } from "../../src/domain/fleet/agent-view.ts";
import { type AgentId, parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { createLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { noSearch } from "../../src/search/open-search-desk.ts";
import { type AppOptions, createApp } from "../../src/web/app.ts";
import type { AgentDesk } from "../../src/web/mcp/agent-desk.ts";
import { startTestServer, type TestServer, type TestServerOptions } from "../support/test-server.ts";
import { waitFor } from "../support/wait-for.ts";

type App = ReturnType<typeof createApp>;

export interface TestApp extends AsyncDisposable {
  readonly app: App;
  readonly test: TestServer;
  /** What the app has logged. */
  readonly logged: readonly string[];
  /** A connection like an agent's. */
  readonly bus: Bus;
  /** Publishes a heartbeat and waits until the fleet shows it. */
  heartbeat(id: string, fields?: Readonly<Record<string, unknown>>): Promise<AgentView>;
  /** Waits until the fleet's view of an agent is as wanted. */
  viewOf(id: string, isWanted: (view: AgentView) => boolean, what: string): Promise<AgentView>;
}

/** What is left out is not there, as with `createApp`; without `access` the app is open to all. */
export interface TestAppOptions
  extends Partial<
    Pick<
      AppOptions,
      | "access"
      | "spawner"
      | "away"
      | "search"
      | "changes"
      | "listNodes"
      | "push"
      | "answerLinks"
      | "noteInFront"
    >
  > {
  /** Makes what speaks for agents that have their tools over HTTP. */
  readonly openAgentDesk?: (natsUrl: string) => AgentDesk;
  readonly budgets?: TestServerOptions["budgets"];
}

export async function startTestApp({
  openAgentDesk,
  budgets,
  ...options
}: TestAppOptions = {}): Promise<TestApp> {
  const test = await startTestServer({ ...definedOf({ budgets }) });
  const logged: string[] = [];
  const now = () => new Date();
  const app = createApp({
    server: test.server,
    natsUrl: test.nats.url,
    spawnCommand: "/opt/cliai spawn demo",
    clis: agentClis,
    search: noSearch,
    access: undefined,
    ...options,
    agentDesk: openAgentDesk?.(test.nats.url),
    operator: "kim",
    now,
    log: createLogger("debug", (line) => logged.push(line), now),
  });
  const bus = await test.nats.bus("agents");
  const viewOf: TestApp["viewOf"] = (id, isWanted, what) => {
    const get = () => test.server.fleet.get(parseAgentId(id));
    return waitFor(
      () => {
        const view = get();
        return view !== undefined && isWanted(view) && view;
      },
      { what, saw: get },
    );
  };
  return {
    app,
    test,
    logged,
    bus,
    viewOf,
    async heartbeat(id, fields = {}) {
      const mark = crypto.randomUUID();
      // No test sends a second one in time: with the usual interval the agent would be silent after 45 s, which a busy machine may need.
      const usual = { agent_id: id, status: "working", interval_s: 3_600 };
      bus.publish(`agent.${id}.heartbeat`, { ...usual, ...fields, instance_id: mark });
      return await viewOf(id, (view) => view.heartbeat?.instance_id === mark, `${id}'s heartbeat`);
    },
    [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
  };
}

export function postJson(app: App, path: string, body: unknown): Promise<Response> {
  return Promise.resolve(
    app.request(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
    }),
  );
}

export async function errorOf(response: Response): Promise<{ code: string; message: string; hint?: string }> {
  const { error } = (await response.json()) as { error: { code: string; message: string; hint?: string } };
  return error;
}

/** The commands the server has stored for an agent. */
export function commandsOf(test: TestServer, id: string) {
  return test.server.fleet.get(id as AgentId)?.commands ?? [];
}
