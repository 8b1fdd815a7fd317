// The page of the standing rules, and the form of the inbox that makes one, on a real nats-server.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { waitFor } from "../../../support/wait-for.ts";
import { partsUntil, readEvents } from "../../event-reader.ts";
import { errorOf, postJson, startTestApp, type TestApp } from "../../test-app.ts";

let web: TestApp;
let instance_id: string | undefined;
const place = { config_name: "coder", project_path: "/work/shop", host: "mill" };
beforeAll(async () => {
  web = await startTestApp();
  instance_id = (await web.heartbeat("ada", place)).heartbeat?.instance_id;
});
afterAll(() => web[Symbol.asyncDispose]());

async function permit(input: object, tool = "Bash"): Promise<string> {
  const args = { tool, input: JSON.stringify(input), wait_s: 0 };
  const body = { request_id: crypto.randomUUID(), tool: "request_permission", arguments: args, instance_id };
  const data = await web.bus.request("tools.call.ada", body, { timeoutMs: 60_000 });
  const { request_id } = JSON.parse(new TextDecoder().decode(data)).result;
  await waitFor(() => web.test.server.requests.get(request_id) !== undefined, { what: "the request" });
  return request_id;
}

const forAda = JSON.stringify({ scope: "agent", project: "/work/shop", host: "mill" });
const read = async (path: string) =>
  await (await web.app.request(path, { headers: { accept: "text/html" } })).text();
const post = (path: string, fields: Record<string, string>, accept = "text/html") =>
  web.app.request(path, { method: "POST", body: new URLSearchParams(fields), headers: { accept } });

test("an approval in the inbox becomes a rule, which the page shows and revokes, as the API does", async () => {
  expect(await read("/rules")).toContain("No rule stands");
  const id = await permit({ command: "npm test && echo '<b>'" });
  const inbox = await read("/inbox");
  expect(inbox).toContain("always, for every coder in /work/shop on mill");
  expect(inbox).toContain("for this session of ada");
  // After a reload no other choice stands there than the first.
  expect(inbox).toMatch(/<select [^>]*name="remember"[^>]* autocomplete="off">/);

  const answered = await post(`/inbox/${id}`, { verdict: "approve", remember: forAda });
  expect(answered.status).toBe(303);
  const page = await read("/rules");
  expect(page).toContain("Bash, for ada in /work/shop on mill");
  expect(page).toContain("npm test &amp;&amp; echo &#39;&lt;b&gt;&#39;");
  expect(page).toContain("never used");
  expect(page).toContain("made by kim (page)");
  expect(await read("/inbox")).toContain("Standing rules (1)");

  await permit({ command: "npm test && echo '<b>'", description: "again" });
  const [rule] = (await (await web.app.request("/api/rules")).json()) as { rule_id: string; used: number }[];
  expect(rule?.used).toBe(1);
  expect(await read("/rules")).toContain("used once");
  expect(await read("/timeline?kind=rule")).toContain("used: Bash");

  expect((await post("/rules/revoke", { rule_id: rule?.rule_id ?? "" })).headers.get("location")).toBe(
    "/rules",
  );
  const after = await read("/rules");
  expect(after).toContain("No rule stands");
  expect(after).toContain("Revoked by kim (page)");
  const gone = await postJson(web.app, `/api/rules/${rule?.rule_id}/revoke`, {});
  expect(await errorOf(gone)).toMatchObject({ message: `no rule "${rule?.rule_id}"` });
});

test("a refusal makes no rule, nor does an approval for this once; a rule that cannot be made is said beside the answer", async () => {
  const refused = await permit({ command: "rm -r build" });
  await post(`/inbox/${refused}`, { verdict: "refuse", remember: forAda });
  const once = await permit({ command: "make" });
  expect(
    await (await post(`/inbox/${once}`, { verdict: "approve", remember: "" }, "application/json")).json(),
  ).toEqual({
    ...{ request_id: once, agent_id: "ada", state: "answered" },
  });
  const edit = await permit({ file_path: "a.ts", old_string: "1", new_string: "2" }, "Edit");
  expect(await read("/inbox")).not.toContain(`remember-${edit}`);
  const answer = await post(`/inbox/${edit}`, { verdict: "approve", remember: forAda }, "application/json");
  expect(await answer.json()).toMatchObject({ state: "answered", rule: { problem: expect.any(String) } });
  const odd = await post(`/inbox/${await permit({ command: "ls" })}`, {
    verdict: "approve",
    remember: "all",
  });
  expect(odd.status).toBe(400);
  expect(web.test.server.rules.list()).toEqual([]);
});

test("no rule is made for others than the page has shown, by the form or by the API", async () => {
  const id = await permit({ command: "make all" });
  expect(await read("/inbox")).toContain(`value="${forAda.replaceAll('"', "&quot;")}" title="/work/shop"`);
  const old = { scope: "agent", project: "/home/shop", host: "mill" };
  const fields = { verdict: "approve", remember: JSON.stringify(old) };
  const answer = await post(`/inbox/${id}`, fields, "application/json");
  const problem = 'no rule is made: the project of ada is "/work/shop", but "/home/shop" was shown';
  expect(await answer.json()).toMatchObject({ state: "answered", rule: { problem } });
  const make = (more: object) => postJson(web.app, "/api/rules", { request_id: id, scope: "agent", ...more });
  expect(await errorOf(await make(old))).toMatchObject({ code: "refused", message: problem });
  expect((await errorOf(await make({}))).message).toEndWith("but none was shown");
  expect(web.test.server.rules.list()).toEqual([]);
  expect((await make({ project: "/work/shop", host: "mill" })).status).toBe(201);
});

test("an open page gets what becomes of the rules: one is made, used, revoked", async () => {
  const stream = /data-stream="([^"]+)"/.exec(await read("/rules"))?.[1]?.replaceAll("&amp;", "&") ?? "";
  await using events = readEvents(await web.app.request(stream));
  const fields = { verdict: "approve", remember: forAda };
  const run = { command: "make live" };
  await post(`/inbox/${await permit(run)}`, fields);
  await partsUntil(events, { made: /^<div id="rules">.*never used.*make live/s });
  await permit({ ...run, description: "again" });
  await partsUntil(events, { used: /^<div id="rules">.*used once.*make live/s });
  const rule = web.test.server.rules.list().find(({ input }) => input.includes(run.command));
  await post("/rules/revoke", { rule_id: rule?.rule_id ?? "" });
  await partsUntil(events, { revoked: /^<div id="rules">.*id="ended-rules".*make live.*Revoked by/s });
});

test("of a long path the page shows the last folders", async () => {
  const project_path = `/data/${"deep/".repeat(12)}shop`;
  instance_id = (await web.heartbeat("ada", { ...place, project_path })).heartbeat?.instance_id;
  await permit({ command: "make long" });
  const inbox = await read("/inbox");
  expect(inbox).toContain(`always, for ada in …/${"deep/".repeat(8)}shop on mill`);
  expect(inbox).toContain(`title="${project_path}"`);
});
