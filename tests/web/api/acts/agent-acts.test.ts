// What programs do about agents beside giving them orders, on a real server over a real nats-server.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { AwayAgents } from "../../../../src/web/api/need-acts.ts";
import { errorOf, postJson, startTestApp, type TestApp } from "../../test-app.ts";

const acts: string[] = [];
const away: AwayAgents = {
  async startAgain(id, from) {
    acts.push(`start ${id} for ${from}`);
    return "started again";
  },
  async remove(id) {
    acts.push(`remove ${id}`);
  },
};
let web: TestApp;
beforeAll(async () => {
  web = await startTestApp({ away });
  await web.heartbeat("ada");
});
afterAll(() => web[Symbol.asyncDispose]());

const post = async (path: string, body: unknown = {}) => {
  const response = await postJson(web.app, path, body);
  return [response.status, await response.json()] as [number, unknown];
};
const refusal = async (path: string, body: unknown = {}) => {
  const response = await postJson(web.app, path, body);
  return [response.status, (await errorOf(response)).message] as const;
};

test("POST /api/agents/:id/tags adds and takes away, and says which tags there are then", async () => {
  expect(await post("/api/agents/ada/tags", { add: ["api", "night"] })).toEqual([
    200,
    { agent_id: "ada", tags: ["api", "night"] },
  ]);
  expect(await post("/api/agents/ada/tags", { add: ["web"], remove: ["night"] })).toEqual([
    200,
    { agent_id: "ada", tags: ["api", "web"] },
  ]);
  await web.viewOf("ada", ({ tags }) => tags.join() === "api,web", "the tags");
  expect(await refusal("/api/agents/ada/tags", { add: ["a b"] })).toEqual([
    400,
    expect.stringContaining("a tag is letters"),
  ]);
  expect(await refusal("/api/agents/ada/tags", { tags: ["x"] })).toEqual([400, 'unknown field "tags"']);
  const many = Array.from({ length: 17 }, (_, i) => `t${i}`);
  expect(await refusal("/api/agents/ada/tags", { add: many })).toEqual([
    400,
    "ada would have 19 tags, and at most 16 are kept",
  ]);
  expect((await refusal("/api/agents/nobody/tags", { add: ["x"] }))[0]).toBe(404);
});

test("POST /api/commands/:id/cancel takes back a task that waits, once", async () => {
  await post("/api/agents/ada/commands", { type: "task", text: "sweep", command_id: "sweep-7" });
  await web.viewOf("ada", ({ commands }) => commands.length === 1, "the task");
  const [status, cancelled] = await post("/api/commands/sweep-7/cancel");
  expect([status, cancelled]).toEqual([
    200,
    {
      ...{ agent_id: "ada", command_id: "sweep-7", type: "task", summary: "sweep", state: "refused" },
      detail: "taken back by kim (api)",
    },
  ]);
  const [again] = await refusal("/api/commands/sweep-7/cancel");
  expect(again).toBe(403);
  expect(await refusal("/api/commands/nothing/cancel")).toEqual([404, 'no order "nothing" is known']);
});

test("POST /api/agents/:id/resume lets a paused agent go on, and starts any other again", async () => {
  expect(await post("/api/agents/ada/resume")).toEqual([202, { agent_id: "ada", said: "started again" }]);
  expect(acts).toEqual(["start ada for kim (api)"]);
  await post("/api/agents/ada/commands", { type: "pause" });
  await web.viewOf("ada", ({ axes }) => axes.control.value === "pause_requested", "the pause");
  const [status, answer] = await post("/api/agents/ada/resume");
  expect([status, answer]).toEqual([
    202,
    { agent_id: "ada", command_id: expect.any(String), said: "was paused, and is told to go on" },
  ]);
  expect(acts).toHaveLength(1);
});

test("POST /api/agents/:id/remove removes an agent that there is", async () => {
  expect(await post("/api/agents/ada/remove")).toEqual([200, { agent_id: "ada", removed: true }]);
  expect(acts.at(-1)).toBe("remove ada");
  expect((await refusal("/api/agents/nobody/remove"))[0]).toBe(404);
  expect(acts.at(-1)).toBe("remove ada");
});
