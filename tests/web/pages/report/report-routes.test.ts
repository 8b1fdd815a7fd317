// The report of the agents' work, on a real nats-server: the page, the API and what `cliai report` asks for say the same.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { WorkReport } from "../../../../src/domain/report/report-lines.ts";
import { askReport } from "../../../../src/server/reports/report-desk.ts";
import { ada } from "../../../support/agents.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { startTestApp, type TestApp } from "../../test-app.ts";

let web: TestApp;
beforeAll(async () => {
  web = await startTestApp();
});
afterAll(() => web[Symbol.asyncDispose]());

const get = async (path: string, accept = "text/html") =>
  await (await web.app.request(path, { headers: { accept } })).text();
const shownText = (html: string) => html.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ");
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
  const links = [...page.matchAll(/href="(\/(?:agents|timeline|inbox)[^"]*#[^"]+)"/g)].map(([, href = ""]) =>
    href.replaceAll("&amp;", "&"),
  );
  expect(links.length).toBeGreaterThanOrEqual(4);
  for (const href of new Set(links)) {
    const [path = "", id = ""] = href.split("#");
    expect([href, (await get(path)).includes(`id="${id}"`)]).toEqual([href, true]);
  }
  const markdown = await get("/api/report?since=1h", "text/markdown");
  expect(markdown).toContain(`task “mend it” (from kim): done: mended — [command ${command_id}`);
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
