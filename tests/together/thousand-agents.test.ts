// The fleet page with 1,000 agents, over a real nats-server: its first paint and its patches, as ratios to a page with 100 in the same run.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { leastRatio, msOf } from "../support/quickest.ts";
import { waitFor } from "../support/wait-for.ts";
import { readEvents } from "../web/event-reader.ts";
import { startTestApp, type TestApp } from "../web/test-app.ts";

let web: TestApp;
beforeAll(async () => {
  web = await startTestApp();
});
afterAll(() => web[Symbol.asyncDispose]());

const idOf = (index: number) => `agent-${1_000 + index}`;

/** Three of a hundred need a person, so that each group is on the page. */
async function announce(from: number, to: number): Promise<void> {
  for (let index = from; index < to; index += 1) {
    web.bus.publish(`agent.${idOf(index)}.heartbeat`, {
      ...{ agent_id: idOf(index), instance_id: `run-${index}`, interval_s: 3_600, config_name: "coder" },
      status: index % 33 === 0 ? "blocked" : index % 3 === 0 ? "idle" : "working",
      current_task: `count the words of page ${index}`,
    });
  }
  await web.bus.flush();
  await waitFor(() => web.test.server.fleet.list().length === to, { what: `${to} agents` });
}

const page = async () => await (await web.app.request("/")).text();

test("1,000 agents: the page is drawn and sent in less than ten times of what 100 take, and a change costs a small part of it", async () => {
  await announce(0, 100);
  const small = await page();
  const smallMs = Math.min(await msOf(page), await msOf(page), await msOf(page));
  await announce(100, 1_000);
  const large = await page();
  expect(large.match(/<tr[^>]* data-agent=/g)?.length).toBeLessThan(1_000);
  expect(large).toMatch(/\+\d+ more/);
  expect(large.length / small.length).toBeLessThan(6);
  expect(await leastRatio(10, async () => (await msOf(page)) / smallMs)).toBeLessThanOrEqual(10);

  const stream = /data-stream="([^"]+)"/.exec(large)?.[1]?.replaceAll("&amp;", "&") ?? "";
  await using events = readEvents(await web.app.request(stream));
  const bytesOf = async (pattern: RegExp) => {
    for (;;) {
      const { html } = (await events.next("patch")).data as { readonly html: readonly string[] };
      if (html.some((part) => pattern.test(part))) return html.join("").length;
    }
  };
  // With the first change comes what has changed since the page was made, if anything has.
  await web.heartbeat(idOf(2), { status: "working", current_task: "a first change" });
  await bytesOf(/a first change/);
  // What is not visible, such as a heartbeat with the same words, costs no row; a visible change costs that row and the counts.
  await web.heartbeat(idOf(5), { status: "working", current_task: "count the words of page 5" });
  await web.heartbeat(idOf(1), { status: "working", current_task: "something else" });
  expect(large.length / (await bytesOf(/something else/))).toBeGreaterThan(200);
});
