// One truth for what needs a person: the same number in the bar, the title, the inbox, the section of the fleet, the terminal, the metrics,
// the API and `dashboard.state`.
import { expect, test } from "bun:test";
import { inboxItems } from "../../src/cli/inbox/inbox.ts";
import { fleetLines } from "../../src/cli/ls/fleet-lines.ts";
import { reduceTop } from "../../src/cli/top/reduce.ts";
import { firstState } from "../../src/cli/top/state.ts";
import { viewRows } from "../../src/cli/top/view.ts";
import { needKinds } from "../../src/domain/fleet/needs/need.ts";
import { shownText } from "../support/shown-text.ts";
import { waitFor } from "../support/wait-for.ts";
import { startTestApp, type TestApp } from "../web/test-app.ts";

const agents = {
  works: [["session_start"], ["prompt"]],
  rests: [["session_start"], ["prompt"], ["turn_end"]],
  login: [["session_start"], ["prompt"], ["turn_failed", { error: "authentication", detail: "401" }]],
  limit: [["session_start"], ["prompt"], ["turn_failed", { error: "usage_limit", detail: "until 3 pm" }]],
  error: [["session_start"], ["prompt"], ["turn_failed", { error: "other", detail: "oops" }]],
  denied: [["session_start"], ["prompt"], ["tool_denied", { tool: "Bash", detail: "no rule" }], ["turn_end"]],
  dialog: [["session_start"], ["prompt"], ["permission", { tool: "Bash", detail: "make" }]],
  died: [["session_start"], ["prompt"]],
  gone: [["session_start"], ["prompt"], ["turn_end"]],
  asker: [["session_start"], ["prompt"]],
  paused: [["session_start"], ["prompt"]],
} satisfies Record<string, readonly (readonly [kind: string, fields?: object])[]>;

const goodbyes = { died: "crashed", gone: "crashed", unborn: "failed_to_start" };

async function ask(web: TestApp, id: string, question: string): Promise<void> {
  const call = { request_id: crypto.randomUUID(), tool: "ask_human", arguments: { wait_s: 0, question } };
  await web.bus.request(`tools.call.${id}`, call, { timeoutMs: 60_000 });
}

test("each need counts once, and everywhere", async () => {
  await using web = await startTestApp();
  const { server } = web.test;
  const states: { needs?: number }[] = [];
  web.bus.subscribe(
    "dashboard.state",
    ({ data }) => void states.push(JSON.parse(new TextDecoder().decode(data))),
  );
  for (const [id, events] of Object.entries(agents)) {
    const run = { agent_id: id, instance_id: `run-${id}` };
    web.bus.publish(`agent.${id}.heartbeat`, { ...run, status: "connected", interval_s: 3_600 });
    for (const [index, [kind, fields]] of events.entries())
      web.bus.publish(`agent.${id}.event`, { ...run, kind, ...fields, generation: 1, seq: index + 1 });
  }
  for (const [id, status] of Object.entries(goodbyes))
    web.bus.publish(`agent.${id}.status`, { status, message: "SIGKILL", instance_id: `run-${id}` });
  await ask(web, "asker", "Which colour?");
  await ask(web, "asker", "Which size?");
  await server.sendCommand({
    id: server.fleet.require("paused").agent_id,
    type: "pause",
    from: "me",
    command_id: "p",
  });
  web.bus.publish("agent.paused.receipt", { command_id: "p", state: "applied" });

  const kinds = () =>
    server.fleet
      .list()
      .flatMap(({ needs }) => needs.map(({ kind }) => kind))
      .sort();
  const expected = [
    "died",
    "error",
    "failed_to_start",
    "limit",
    "permission",
    "question",
    "question",
    "refused",
    "stuck",
  ];
  await waitFor(() => Bun.deepEquals(kinds(), expected), { what: "all needs are known", saw: kinds });
  await web.viewOf("paused", ({ status }) => status === "paused", "it is paused");
  const count = expected.length;
  const words = `${count} need you (8 agents, 2 stuck) · 1 working · 1 paused · 1 idle · 1 away`;

  const page = async (path: string) => await (await web.app.request(path)).text();
  const fleet = await page("/");
  expect(shownText(fleet)).toContain(words);
  expect(fleet).toContain(`data-needs-you="${count}"`);
  expect(shownText(fleet)).toContain(`Inbox ${count} wait for you`);
  expect(fleet.match(/data-list="list-needs-you"/g)).toHaveLength(8);
  const inbox = await page("/inbox");
  expect(inbox).toContain(`data-count="${count}"`);
  expect(inbox.match(/<li id="(need|request)-[^"]+" class="request/g)).toHaveLength(count);

  const views = server.fleet.list();
  const now = new Date();
  const look = { isTerminal: true, columns: 200, rows: 60, color: false };
  const all = { ids: [], isAll: false, isQuiet: false, needsYou: true };
  const none = {
    status: undefined,
    profile: undefined,
    project: undefined,
    filter: [],
    sort: undefined,
  };
  const { lines } = fleetLines({ views, now }, { ...all, ...none }, look);
  expect(lines.at(-2)).toBe(`${count} need you (8 agents, 2 stuck)`);
  const { state } = reduceTop(firstState(look), { type: "fleet", views, lost: undefined }, now.getTime());
  expect(viewRows(state, false)[0]).toStartWith(words);
  expect(inboxItems(server.requests.open(), views, { color: false, now: () => now })).toHaveLength(count);

  const metrics = await page("/metrics");
  expect(metrics).toContain(`cliai_needs_you ${count}\n`);
  const byKind = needKinds.map((kind) => Number(new RegExp(`kind="${kind}"} (\\d+)`).exec(metrics)?.[1]));
  expect(byKind.reduce((sum, each) => sum + each)).toBe(count);
  expect(JSON.parse(await page("/api/needs"))).toMatchObject({ count, agents: 8 });
  await waitFor(() => states.at(-1)?.needs === count, {
    what: "dashboard.state has the number",
    saw: () => states.at(-1)?.needs,
  });
});
