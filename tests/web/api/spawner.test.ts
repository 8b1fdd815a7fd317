// Launching an agent over HTTP: what a client may ask for, and what it is told. Real launches: e2e/headless-agents.test.ts.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { CliaiError } from "../../../src/domain/text/errors.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import type { Spawner } from "../../../src/web/api/spawner.ts";
import { errorOf, postJson, startTestApp, type TestApp } from "../test-app.ts";

let web: TestApp;
const orders: unknown[] = [];
let nodes: Awaited<ReturnType<Spawner["nodes"]>> = [];
const spawner: Spawner = {
  nodes: async () => nodes,
  profiles: (project) =>
    Promise.resolve([
      { name: "wrong", problem: 'profiles.json: unknown key "wrong.modle"' },
      { name: "demo", description: "a first agent" },
      { name: "coder" },
      ...(project === undefined ? [] : [{ name: "local", description: `only in ${project}` }]),
    ]),
  async spawn(order) {
    if (order.profile === "broken")
      throw new CliaiError("failed", "x did not start (exit code 2): Bearer 1234567890abc");
    if (order.profile === "wordy")
      throw new CliaiError("failed", "x did not start (exit code 2): error: no <key>\nhint: log in", {
        hint: "see the log",
      });
    orders.push(order);
    return { agent_id: parseAgentId("Demo-1234"), command_id: "c1" };
  },
};
beforeAll(async () => {
  web = await startTestApp({ spawner });
});
afterAll(() => web[Symbol.asyncDispose]());

const submit = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
  web.app.request("/spawn", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams(fields),
  });

describe("POST /api/agents", () => {
  test("gives the id, where the agent is, and the command that is its task", async () => {
    const response = await postJson(web.app, "/api/agents", {
      profile: "demo",
      task: "look",
      project: "/srv",
    });
    expect([response.status, response.headers.get("location")]).toEqual([201, "/api/agents/Demo-1234"]);
    expect(await response.json()).toEqual({ agent_id: "Demo-1234", command_id: "c1" });
    expect(orders.at(-1)).toEqual({ profile: "demo", task: "look", project: "/srv", from: "kim (api)" });
  });

  test.each<[unknown, string]>([
    [{}, "profile"],
    [{ profile: "demo", command: "rm" }, "unknown field"],
    [{ profile: 1 }, "profile must be text"],
    [{ profile: "a\u0000b" }, "control characters"],
    [{ profile: "demo", task: "a\u0000b" }, "NUL"],
    [{ profile: "demo", task: " " }, "task must not be blank"],
    [{ profile: "demo", project: "/srv\nx" }, "control characters"],
    [{ profile: "demo", project: `/${"x".repeat(4_096)}` }, "longer than 4,096"],
    [{ profile: "demo", id: "-rf" }, "an agent id is"],
    [{ profile: "demo", id: "a b" }, "an agent id is"],
  ])("refuses %j, naming the field", async (body, words) => {
    const before = orders.length;
    const response = await postJson(web.app, "/api/agents", body);
    expect(response.status).toBe(400);
    expect((await errorOf(response)).message).toContain(words);
    expect(orders.length).toBe(before);
  });

  test("tells how a launch failed, without the secrets in its last words", async () => {
    const response = await postJson(web.app, "/api/agents", { profile: "broken" });
    expect(response.status).toBe(500);
    expect((await errorOf(response)).message).toBe("x did not start (exit code 2): Bearer ***");
  });

  test("is for the own page alone, and for programs", async () => {
    const headers = { host: "localhost:3000", origin: "http://localhost:9999" };
    const body = JSON.stringify({ profile: "demo" });
    const response = await web.app.request("/api/agents", { method: "POST", headers, body });
    expect(response.status).toBe(403);
    expect((await submit({ profile: "demo" }, headers)).status).toBe(403);
  });

  test("is refused where nobody launches agents", async () => {
    await using other = await startTestApp();
    expect((await postJson(other.app, "/api/agents", { profile: "demo" })).status).toBe(403);
    expect(await (await other.app.request("/api/profiles")).json()).toEqual([]);
  });
});

describe("the spawn form", () => {
  test("lists the profiles, and leads to the agent", async () => {
    const html = await (await web.app.request("/spawn")).text();
    expect(html).toContain("a first agent");
    expect(html).toMatch(/<input type="radio" name="profile" value="demo" required="" checked=""\/>/);
    expect(html).toMatch(/<input type="radio" name="profile" value="wrong" required="" disabled=""\/>/);
    expect(html).toContain("unknown key &quot;wrong.modle&quot;");
    expect(html).not.toContain("only in /srv");
    expect(await (await web.app.request("/spawn?project=/srv")).text()).toContain("only in /srv");
    const listed = await (await web.app.request("/api/profiles?project=/srv")).json();
    expect(listed).toContainEqual({ name: "local", description: "only in /srv" });
    const response = await submit({ profile: "coder", task: "", project: "/srv", id: "" });
    expect([response.status, response.headers.get("location")]).toEqual([303, "/agents/Demo-1234"]);
    expect(orders.at(-1)).toEqual({ profile: "coder", project: "/srv", from: "kim (page)" });
  });

  test("lists the profiles of the projects that agents work in, with where they count", async () => {
    await web.heartbeat("ada", { project_path: "/home/ada/project" });
    const html = await (await web.app.request("/spawn")).text();
    expect(html).toContain('value="local"');
    expect(html).toContain("(only in /home/ada/project)");
    // Those that count there anyway are listed once, as they are.
    expect(html.match(/value="demo"/g)).toHaveLength(1);
  });

  test("keeps what was typed when it is refused, as the text it is", async () => {
    const task = `</textarea><script>alert(1)</script>`;
    const response = await submit({ profile: "broken", task, project: `/srv/"x`, id: "ada" });
    expect(response.status).toBe(500);
    const html = await response.text();
    expect(html).toContain("did not start (exit code 2)");
    expect(html).toContain("&lt;/textarea&gt;&lt;script&gt;");
    expect(html).toContain('value="/srv/&quot;x"');
    expect(html).not.toContain("<script>alert");
  });

  test("shows the last words of an agent that did not start line by line, as the text they are", async () => {
    const response = await submit({ profile: "wordy", project: "/srv" });
    expect(await response.text()).toContain(
      "<p><b>Not started: </b>x did not start (exit code 2): error: no &lt;key&gt;</p><pre>hint: log in</pre><p>see the log</p>",
    );
  });
});

test("the form offers the machines that may launch agents, if there are any, and sends the chosen one", async () => {
  expect(await (await web.app.request("/spawn")).text()).not.toContain('name="node"');
  nodes = [
    { name: "laptop", isHere: true },
    { name: "box", isHere: false },
  ];
  const page = await (await web.app.request("/spawn?node=laptop")).text();
  nodes = [];
  expect(page).toContain('<option value="">the server&#39;s</option>');
  expect(page).toContain('<option value="laptop" selected="">laptop</option>');
  expect(page).toContain('<option value="box" disabled="">box (away)</option>');
  orders.length = 0;
  await submit({ profile: "demo", project: "/work", node: "laptop" });
  await postJson(web.app, "/api/agents", { profile: "demo", node: "box" });
  expect(orders).toMatchObject([{ node: "laptop" }, { node: "box" }]);
});
