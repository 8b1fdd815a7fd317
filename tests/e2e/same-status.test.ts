// One answer about each agent: `cliai ls`, the API and the page say the same, in each state that an agent can be in.
import { expect, test } from "bun:test";
import type { AgentView } from "../../src/domain/fleet/agent-view.ts";
import { silentLogger } from "../../src/log.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { startServe } from "../support/cliai.ts";
import { shownText } from "../support/shown-text.ts";
import { waitFor } from "../support/wait-for.ts";

type Told = readonly [kind: string, fields?: Record<string, unknown>];

const failure: Told = ["tool_failed", { tool: "Bash", detail: "no such file" }];
const begun: readonly Told[] = [["session_start"], ["prompt", { detail: "go" }]];

/** By its session's events, and by the receipts of commands: the word that a person sees, and the axes behind it. */
const agents = {
  ann: { told: begun, word: "working", axes: ["online", "working", "running", "none"] },
  ben: { told: [...begun, ["turn_end"]], word: "idle", axes: ["online", "idle", "running", "none"] },
  cat: {
    told: [...begun, ["permission", { tool: "Bash", detail: "rm x" }]],
    word: "waiting",
    badge: "wants permission",
    axes: ["online", "waiting", "running", "approval"],
  },
  dot: { told: begun, pause: true, word: "paused", axes: ["online", "working", "paused", "none"] },
  eli: { told: begun, goodbye: true, word: "stopped", axes: ["offline", "done", "stopped", "none"] },
  fay: {
    told: [...begun, failure, failure, failure],
    word: "stuck",
    axes: ["online", "working", "running", "stuck"],
  },
} satisfies Record<string, Expected>;

interface Expected {
  readonly told: readonly Told[];
  readonly pause?: boolean;
  readonly goodbye?: boolean;
  readonly word: string;
  /** Why it needs a person, in place of the word. */
  readonly badge?: string;
  readonly axes: readonly string[];
}

const axesOf = ({ axes }: AgentView) =>
  [axes.link, axes.activity, axes.control, axes.attention].map(({ value }) => value);

test("working, idle, waiting, paused, stopped and stuck read the same in the terminal, the API and the page", async () => {
  await using serve = await startServe();
  const { natsUrl: url, credsPath } = serve;
  const bus = await connectBus({ url, credsPath, name: "agents", log: silentLogger });
  await using parts = new AsyncDisposableStack();
  parts.defer(() => bus.close());
  const all: readonly (readonly [string, Expected])[] = Object.entries(agents);
  for (const [id, { told, goodbye }] of all) {
    const run = { agent_id: id, instance_id: `run-${id}` };
    bus.publish(`agent.${id}.heartbeat`, { ...run, status: "connected", interval_s: 60 });
    told.forEach(([kind, fields], i) => {
      bus.publish(`agent.${id}.event`, { ...run, kind, ...fields, generation: 1, seq: i + 1 });
    });
    if (goodbye === true) bus.publish(`agent.${id}.status`, { ...run, status: "stopped" });
  }
  const list = async () => (await (await serve.fetch("/api/agents")).json()) as AgentView[];
  await waitFor(async () => (await list()).length === all.length, {
    what: "all are known",
  });
  for (const [id, { pause }] of all) {
    if (pause !== true) continue;
    await serve.run(["send", "pause", id, "--id", "p", "--wait", "stored"]);
    bus.publish(`agent.${id}.receipt`, { command_id: "p", state: "applied", route: "hook" });
  }
  const expected = all.map(([id, { axes }]) => [id, ...axes]);
  await waitFor(
    async () =>
      Bun.deepEquals(
        (await list()).map((view) => [view.agent_id, ...axesOf(view)]),
        expected,
      ),
    { what: "each is as it told", saw: async () => (await list()).map((view) => axesOf(view)) },
  );

  const fromCli = async () => JSON.parse((await serve.run(["ls", "--json"])).stdout) as AgentView[];
  const values = (views: readonly AgentView[]) =>
    views.map((view) => [view.agent_id, view.status, axesOf(view)]);
  const api = await list();
  // The command reads what the server has written down, which is a moment behind.
  await waitFor(async () => Bun.deepEquals(values(await fromCli()), values(api)), {
    what: "ls says what the API says",
    saw: async () => [values(await fromCli()), values(api)],
  });
  const table = (await serve.run(["ls"])).stdout;
  const fleet = shownText(await (await serve.fetch("/")).text());
  for (const [id, { word, badge = word, axes }] of all) {
    expect(api.find(({ agent_id }) => agent_id === id)?.status).toBe(word);
    expect(table).toMatch(new RegExp(`^${id} +\\S+ ${badge}\\b`, "m"));
    expect(fleet).toContain(`${id} ${badge} `);
    const page = shownText(await (await serve.fetch(`/agents/${id}`)).text());
    expect(page).toContain(`${id} ${badge} `);
    const shown = ["link", "activity", "control", "attention"].map((axis, i) => `${axis} ${axes[i]} `);
    for (const text of shown) expect(page).toContain(text);
  }
});
