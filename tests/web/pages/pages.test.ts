// The pages as a browser without scripts has them: their words, their forms, their errors.
import { describe, expect, test } from "bun:test";
import { waitFor } from "../../support/wait-for.ts";
import { readEvents } from "../event-reader.ts";
import { startTestApp, type TestApp } from "../test-app.ts";

async function page(web: TestApp, path: string): Promise<{ status: number; html: string; text: string }> {
  const response = await web.app.request(path, { headers: { accept: "text/html" } });
  const html = await response.text();
  const text = html
    .replace(/<(head|svg)\b[\s\S]*?<\/\1>/g, "")
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ");
  return { status: response.status, html, text };
}

const submit = (web: TestApp, id: string, fields: Record<string, string>) =>
  web.app.request(`/agents/${id}/commands`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(fields),
  });

describe("the fleet page", () => {
  test("without agents shows the command that starts one, and where it listens", async () => {
    await using web = await startTestApp();
    const { text } = await page(web, "/");
    expect(text).toContain("No agent yet");
    expect(text).toContain("/opt/cliai spawn");
    expect(text).toContain(web.test.nats.url);
  });

  test("lists the model servers with who is served and who waits, as it changes, and as JSON", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    expect((await page(web, "/")).text).not.toContain("Model servers");
    const since = new Date().toISOString();
    const request = { server: "gpu:8080", model: "tiny", slots: 1, since };
    const timestamp = since;
    await web.heartbeat("bob", { timestamp, model_request: { ...request, state: "working" } });
    const response = await web.app.request("/events?page=fleet&layout=cards");
    await using events = readEvents(response);
    await events.next("patch");
    await web.heartbeat("ada", { timestamp, model_request: { ...request, state: "waiting", place: 1 } });
    for (let shown = ""; !shown.includes('<a href="/agents/ada">ada</a>: place 1'); ) {
      const { data } = await events.next("patch");
      shown = data.html.find((part: string) => part.includes('id="model-servers"')) ?? "";
    }
    const { text } = await page(web, "/");
    expect(text).toMatch(
      /Model servers gpu:8080 1 slot · tiny runs bob : works on it, began .* waits ada : place 1/,
    );
    expect(await (await web.app.request("/api/models")).json()).toMatchObject([
      {
        server: "gpu:8080",
        slots: 1,
        models: ["tiny"],
        running: [{ agent_id: "bob" }],
        waiting: [{ place: 1 }],
      },
    ]);
  });

  test("groups the agents by what they need, and counts them", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada", { current_task: "sort the mail", project_path: "/home/mia/post" });
    await web.heartbeat("bob", { status: "blocked" });
    await web.heartbeat("cleo", { status: "idle" });
    await web.heartbeat("dan", { status: "stopped" });
    await web.heartbeat("abe", { status: "starting" });
    const { html, text } = await page(web, "/");
    expect(text).toContain("1 needs you (1 stuck) · 1 working · 1 starting · 1 idle · 1 away");
    const order = [...html.matchAll(/data-agent="([^"]+)" data-list="list-([^"]+)"/g)].map(([, ...m]) =>
      m.join(" "),
    );
    expect(order).toEqual(["bob needs-you", "abe working", "ada working", "cleo idle", "dan away"]);
    expect(text).toMatch(/ada working sort the mail post (now|\d+ s ago)/);
    expect(text).toContain("bob stuck reports blocked");
  });

  test("has one button that pauses all, as every other page has", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    for (const path of ["/", "/inbox", "/agents/ada"])
      expect((await page(web, path)).html.match(/href="\/bulk\/pause/g)).toHaveLength(1);
  });

  test("names the agent CLI of each agent, as a card and as a row", async () => {
    await using web = await startTestApp();
    await web.heartbeat("agent-1", {
      agent_cli: "codex",
      agent_cli_version: "0.171.0",
      cli: "codex-mcp-client",
    });
    await web.heartbeat("agent-2", { cli: "some-client" });
    const html = (await page(web, "/")).html;
    expect(html.match(/<span class="cli">[^<]+/g)).toEqual([
      `<span class="cli">codex`,
      `<span class="cli">some-client`,
    ]);
    for (let i = 3; i < 15; i += 1) await web.heartbeat(`agent-${i}`, { agent_cli: "opencode" });
    expect((await page(web, "/")).html.match(/<span class="cli">opencode</g)).toHaveLength(12);
  });

  test("is a table above twelve agents", async () => {
    await using web = await startTestApp();
    for (let i = 10; i < 22; i += 1) await web.heartbeat(`agent-${i}`);
    expect((await page(web, "/")).html).not.toContain("<table");
    await web.heartbeat("agent-22");
    const { html } = await page(web, "/");
    expect(html).toContain("<table");
    expect(html.match(/<tr id="agent-/g)).toHaveLength(13);
  });

  test("shows names and tasks that look like markup as the text they are", async () => {
    await using web = await startTestApp();
    const markup = `<img src=x onerror="alert(1)"> & </textarea><script>alert('2')</script>`;
    await web.heartbeat("ada", {
      current_task: markup,
      config_name: markup,
      project_path: markup,
      host: markup,
    });
    web.bus.publish("agent.ada.status", { status: "blocked", message: markup });
    await web.viewOf("ada", ({ status }) => status === "stuck", "ada is blocked");
    for (const path of ["/", "/agents/ada"]) {
      const { html } = await page(web, path);
      expect(html).not.toMatch(/<img|<script>|<\/textarea><script/);
      expect(html).toContain("&lt;img src=x onerror=&quot;alert(1)&quot;&gt; &amp; &lt;/textarea&gt;");
    }
  });
});

describe("an agent's page", () => {
  test("says who it is, what it does, and why we think so", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada", {
      current_task: "sort the mail",
      host: "workbench",
      pid: 4711,
      cli: "claude",
    });
    const { text } = await page(web, "/agents/ada");
    expect(text).toContain("sort the mail");
    expect(text).toContain("link online heartbeat in time by heartbeat");
    expect(text).toContain("activity working says working");
    const settings = await page(web, "/agents/ada/settings");
    expect(settings.text).toContain("host workbench pid 4711 session unknown");
  });

  test("its forms send commands, and lead back to the command and its receipts", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    const { html } = await page(web, "/agents/ada");
    const ids = [...html.matchAll(/name="command_id" value="([^"]+)"/g)].map(([, id]) => id ?? "");
    expect(new Set(ids).size).toBe(4);
    const fields = { type: "task", text: "water the plants", command_id: ids[0] ?? "" };
    const response = await submit(web, "ada", fields);
    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toBe(`/agents/ada/commands#command-${ids[0]}`);
    expect((await submit(web, "ada", fields)).status).toBe(303);
    await web.viewOf("ada", ({ commands }) => commands.length === 1, "the command, once");
    web.bus.publish("agent.ada.receipt", { command_id: ids[0], state: "delivered" });
    await web.viewOf("ada", ({ commands }) => commands[0]?.receipts.length === 2, "its receipt");
    const { text } = await page(web, "/agents/ada");
    expect(text).toMatch(
      /water the plants stored \d\d:\d\d:\d\d delivered \d\d:\d\d:\d\d not yet seen not yet applied/,
    );
    expect(text).toContain("from kim (page)");
  });

  test("a refusal takes the place of what it ends", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    await submit(web, "ada", { type: "pause", command_id: "p1" });
    web.bus.publish("agent.ada.receipt", { command_id: "p1", state: "refused", detail: "not now" });
    await web.viewOf("ada", ({ commands }) => commands[0]?.receipts.length === 2, "the refusal");
    const { text } = await page(web, "/agents/ada");
    expect(text).toMatch(/not yet delivered not yet seen refused \d\d:\d\d:\d\d .*refused not now/);
  });

  test("an empty task is an error page, and nothing is sent", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    const response = await submit(web, "ada", { type: "task", text: "" });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("a task needs its text");
  });

  test("with NATS lost it names the cause; a form that is sent all the same is refused", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    await web.test.nats.server.stop();
    await waitFor(() => !web.test.server.health().ready, { what: "NATS is lost" });
    const { html, text } = await page(web, "/agents/ada");
    // The script marks the buttons by this. None is `disabled`, because the browser would take the focus from it.
    expect(html).toContain('data-ready="false"');
    expect(html).not.toMatch(/ disabled[ =>]/);
    expect(text).toContain("Commands are refused until it is back");
    expect((await submit(web, "ada", { type: "stop" })).status).toBe(503);
  });
});

describe("what is not there", () => {
  test("an unknown agent: 404, with links to those of near names", async () => {
    await using web = await startTestApp();
    await web.heartbeat("Snake-1234");
    const { status, html, text } = await page(web, "/agents/Snake-1243");
    expect(status).toBe(404);
    expect(text).toContain("no agent &quot;Snake-1243&quot;");
    expect(html).toContain('href="/agents/Snake-1234"');
  });

  test("an unknown address: 404, as a page, whatever its name holds", async () => {
    await using web = await startTestApp();
    const { status, html } = await page(web, "/%3Cscript%3Ealert(1)%3C/script%3E");
    expect(status).toBe(404);
    expect(html).toContain("See the fleet");
    expect(html).not.toContain("<script>");
  });
});
