// The report of the agents' work, on a real nats-server: the page, the API and what `cliai report` asks for say the same.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { WorkReport } from "../../../../src/domain/report/report-lines.ts";
import { askReport } from "../../../../src/server/reports/report-desk.ts";
import { ada } from "../../../support/agents.ts";
import { shownText } from "../../../support/shown-text.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { startTestApp, type TestApp } from "../../test-app.ts";

let web: TestApp;
beforeAll(async () => {
  web = await startTestApp();
});
afterAll(() => web[Symbol.asyncDispose]());

const get = async (path: string, accept = "text/html") =>
  await (await web.app.request(path, { headers: { accept } })).text();
const json = async (path: string) => JSON.parse(await get(path, "application/json")) as WorkReport;

test("without any work says so", async () => {
  expect(shownText(await get("/report"))).toContain("Nothing was done in this time.");
  expect(await get("/api/report?format=markdown")).toContain("Nothing was done in this time.");
});

test("a task, a question, a pause, a refused tool and a cost are on the page, with links that lead to their evidence", async () => {
  const { bus, test } = web;
  await web.heartbeat("ada", { project_path: "/home/mia/post" });
  const { command_id } = await test.server.sendCommand({
    id: ada,
    type: "task",
    text: "mend it",
    from: "kim",
  });
  const receipt = { command_id, state: "applied", detail: "mended" };
  await bus.publishStored("agent.ada.receipt", receipt);
  await test.server.sendCommand({ id: ada, type: "pause", reason: "lunch", from: "kim" });
  const call = { kind: "tool_start_refused", tool: "Edit", detail: "a.ts is reserved by bob" };
  await bus.publishStored("agent.ada.event", call);
  const usage = { source: "results", tokens_used: 4_000, estimated_cost: 1 };
  await bus.publishStored("agent.ada.event", { kind: "usage", instance_id: "r1", usage });
  const asking = { question: "<b>left</b>?", wait_s: 0 };
  await bus.request(
    "tools.call.ada",
    { request_id: "q1", tool: "ask_human", arguments: asking },
    { timeoutMs: 60_000 },
  );
  const report = await waitFor(
    async () => {
      const made = await json("/api/report?since=1h");
      const [agent] = made.agents;
      const isThere =
        agent?.tasks[0]?.state === "applied" && agent.cost === 1 && agent.questions.length === 1;
      return isThere && made.held.length === 2 && made;
    },
    { what: "the report has it all", saw: () => json("/api/report?since=1h") },
  );
  expect(report.totals).toMatchObject({ tasks: 1, done: 1, tokens: 4_000, cost: 1 });
  expect(report.gaps).toEqual([]);

  const page = await get("/report?since=1h");
  const shown = shownText(page);
  for (const words of [
    "1 agent · 1 task (1 done) · $1.00, 4k tokens",
    "✓ mend it from kim done: mended",
    "asked: &lt;b&gt;left&lt;/b&gt;? → waits for an answer",
    "was paused by kim: lunch",
    "was refused: Edit: a.ts is reserved by bob",
    "Waits for you",
  ])
    expect(shown).toContain(words);
  await expectEvidence(page);
  const markdown = await get("/api/report?since=1h", "text/markdown");
  expect(markdown).toContain(`task “mend it” (from kim): done: mended — [command ${command_id}`);
});

/** Follows each link of the report: it must lead to a page that has what the line is about. */
async function expectEvidence(page: string): Promise<void> {
  const lines = page.match(/<li><span class="did-text">/g) ?? [];
  const links = [...page.matchAll(/<a class="seen-at" href="([^"]*)"/g)].map(([, href = ""]) =>
    href.replaceAll("&amp;", "&"),
  );
  expect(lines.length).toBeGreaterThan(0);
  expect(links).toHaveLength(lines.length);
  for (const href of new Set(links)) {
    const [path = "", id = ""] = href.split("#");
    expect([href, (await get(path)).includes(`id="${id}"`)]).toEqual([href, id !== ""]);
  }
}

test("each line leads to its evidence: an old decided request, a failed call of a tool, a need that is no request", async () => {
  const { bus, test } = web;
  const tell = (id: string, message: object) => bus.publishStored(`agent.${id}.event`, message);
  const call = { tool: "Bash", tool_use_id: "t1", instance_id: "r1" };
  await tell("ada", { kind: "tool_start", ...call, detail: "npm test" });
  // So many that the beginning of the call is on another page of the timeline.
  for (let i = 0; i < 110; i += 1) bus.publish("agent.ada.event", { kind: "activity", detail: `step ${i}` });
  await tell("ada", { kind: "tool_failed", ...call, detail: "exit code 1" });
  await web.heartbeat("bob");
  await tell("bob", { kind: "tool_start", tool: "Bash", tool_use_id: "t2", detail: "make" });
  await tell("bob", { kind: "tool_failed", tool: "Bash", tool_use_id: "t2", detail: "exit code 2" });
  for (let i = 0; i < 12; i += 1) {
    const asked = { question: `number ${i}?`, wait_s: 0 };
    const answer = await bus.request(
      "tools.call.bob",
      { request_id: `b${i}`, tool: "ask_human", arguments: asked },
      { timeoutMs: 60_000 },
    );
    const { result } = JSON.parse(new TextDecoder().decode(answer));
    await test.server.requests.answer(result.request_id, { text: "yes" }, "kim");
  }
  await bus.publishStored("agent.bob.status", { status: "error", message: "no disk" });
  const report = await waitFor(
    async () => {
      const made = await json("/api/report?since=1h");
      const of = (id: string) => made.agents.find(({ agent_id }) => agent_id === id);
      const isThere = of("bob")?.questions.length === 12 && of("ada")?.troubles.length === 1;
      return isThere && made.waiting.some(({ request_id }) => request_id === undefined) && made;
    },
    { what: "the report has it all", saw: () => json("/api/report?since=1h") },
  );
  expect(report.waiting.length).toBeGreaterThan(1);
  await expectEvidence(await get("/report?since=1h"));
  const first = report.agents.find(({ agent_id }) => agent_id === "bob")?.questions[0]?.request_id ?? "";
  expect(shownText(await get(`/inbox?request=${first}`))).toContain("number 0?");
  expect(shownText(await get("/inbox"))).not.toContain("number 0?");
  expect(shownText(await get("/inbox?request=nobodys"))).toContain(
    "The request nobodys is not kept any more.",
  );
});

test("the command asks for the same; a time that is none is refused by name", async () => {
  const sinceMs = Date.now() - 3_600_000;
  const asked = await askReport(await web.test.nats.bus("operator"), sinceMs, () => undefined);
  const { at: _, since: __, ...report } = await json("/api/report?since=1h");
  expect(asked).toMatchObject(report);
  const refused = await web.app.request("/api/report?since=soon");
  expect(refused.status).toBe(400);
  expect(await refused.text()).toContain('since \\"soon\\" is neither a time nor a duration');
});
