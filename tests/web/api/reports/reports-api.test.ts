// What the API tells of the past, on a real server over a real nats-server.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { until } from "../../../support/wait-for.ts";
import { errorOf, postJson, startTestApp, type TestApp } from "../../test-app.ts";

let web: TestApp;
beforeAll(async () => {
  web = await startTestApp();
  await web.heartbeat("ada");
});
afterAll(() => web[Symbol.asyncDispose]());

const get = (path: string, accept?: string) =>
  Promise.resolve(web.app.request(path, accept === undefined ? {} : { headers: { accept } }));
const read = async <T>(path: string) => (await (await get(path)).json()) as T;

test("GET /api/requests has the open ones, then the ended ones, and one by its id or the beginning of it", async () => {
  const call = { tool: "ask_human", arguments: { question: "may I?", wait_s: 0 } };
  const answer = await web.bus.request("tools.call.ada", call, { timeoutMs: 60_000 });
  const { request_id: id } = JSON.parse(new TextDecoder().decode(answer)).result;
  const ids = async (query: string) =>
    (await read<{ request_id: string }[]>(`/api/requests${query}`)).map(({ request_id }) => request_id);
  await until("the request", async () => (await ids("")).includes(id));
  expect(await ids("?state=ended")).toEqual([]);
  expect((await postJson(web.app, `/api/requests/${id}/answer`, { text: "yes" })).status).toBe(200);
  await until("its end", async () => (await ids("")).length === 0);
  expect(await ids("?state=ended&agent=ada")).toEqual([id]);
  expect(await read(`/api/requests/${id.slice(0, 12)}`)).toMatchObject({ request_id: id, state: "answered" });
  const unknown = await get("/api/requests/nothing");
  expect([unknown.status, (await errorOf(unknown)).code]).toEqual([404, "request_unknown"]);
  expect((await get("/api/requests?state=lost")).status).toBe(400);
});

test("GET /api/audit as JSON Lines has what the pages of JSON have, without their limit", async () => {
  for (let i = 0; i < 120; i += 1)
    web.bus.publish("agent.ada.status", { status: "working", message: `${i}` });
  await web.bus.flush();
  const kind = "/api/audit?kind=status";
  await until("the records", async () => {
    const { records } = await read<{ records: { message: { message?: string } }[] }>(kind);
    return records[0]?.message.message === "119";
  });
  const lines = await get(kind, "application/x-ndjson");
  expect(lines.headers.get("content-type")).toBe("application/x-ndjson");
  const records = (await lines.text())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(records).toHaveLength(120);
  const { records: first, older } = await read<{ records: object[]; older: number }>(kind);
  expect(records.slice(0, 100)).toEqual(first);
  const rest = await (await get(`${kind}&before=${older}&limit=5`, "application/x-ndjson")).text();
  expect(
    rest
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual(records.slice(100, 105));
  const wrong = await get("/api/audit?kind=nothing", "application/x-ndjson");
  expect([wrong.status, (await errorOf(wrong)).code]).toEqual([400, "usage"]);
});

test("GET /api/audit/verify tells whether the history is as it was signed", async () => {
  const verdict = await read<Record<string, unknown>>("/api/audit/verify");
  expect(verdict).toMatchObject({ source: "stream AUDIT", ok: true, findings: 0, traces: [] });
  expect(verdict.records as number).toBeGreaterThanOrEqual(120);
});

test("a duration that is longer than time is no failure of the server", async () => {
  for (const path of ["/api/audit", "/api/timeline", "/api/agents/ada/transcript"])
    expect((await get(`${path}?since=999999999999d`)).status).toBe(200);
});
