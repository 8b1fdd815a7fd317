// What an agent's page says of its control, its commands' ways, its requests and what it has used.
import { describe, expect, test } from "bun:test";
import { shownText } from "../../support/shown-text.ts";
import { waitFor } from "../../support/wait-for.ts";
import { startTestApp, type TestApp } from "../test-app.ts";

const htmlOf = async (web: TestApp, path = "/agents/ada") => await (await web.app.request(path)).text();
const textOf = async (web: TestApp, path?: string) => shownText(await htmlOf(web, path));

describe("the buttons", () => {
  const states = async (web: TestApp) =>
    [
      ...(await htmlOf(web)).matchAll(
        /<button type="submit" class="(pause|resume|stop)"( data-off="[^"]+" aria-disabled="true")?/g,
      ),
    ].map(([, type, off]) => (off === undefined ? type : `no ${type}`));
  const order = async (web: TestApp, type: string, id: string, state?: string) => {
    const body = new URLSearchParams({ type, command_id: id });
    await web.app.request("/agents/ada/commands", { method: "POST", body });
    if (state !== undefined) web.bus.publish("agent.ada.receipt", { command_id: id, state });
    const isThere = ({
      commands,
    }: {
      commands: readonly { command_id: string; receipts: readonly unknown[] }[];
    }) =>
      commands.some((command) => command.command_id === id && command.receipts.length === (state ? 2 : 1));
    await web.viewOf("ada", isThere, `${type} is there`);
  };

  test("offer what changes something, by the agent's control", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    expect(await states(web)).toEqual(["pause", "no resume", "stop"]);
    await order(web, "pause", "p1");
    expect(await states(web)).toEqual(["no pause", "resume", "stop"]);
    await order(web, "resume", "r1", "applied");
    expect(await states(web)).toEqual(["pause", "no resume", "stop"]);
    await order(web, "stop", "s1");
    // The stop by force stands apart, so that a second click on the same place does not send it.
    expect(await states(web)).toEqual(["no pause", "no resume", "no stop", "stop"]);
    const html = await htmlOf(web);
    expect(html).toContain("Stop now");
    expect(html).toContain('name="force" value="true"');
    const body = new URLSearchParams({ type: "stop", command_id: "s2", force: "true" });
    const heard = web.bus.subscribe("agent.ada.command", ({ data }) =>
      commands.push(JSON.parse(new TextDecoder().decode(data))),
    );
    const commands: unknown[] = [];
    await web.bus.flush();
    await web.app.request("/agents/ada/commands", { method: "POST", body });
    await waitFor(() => commands.length === 1, { what: "the stop is sent" });
    heard();
    expect(commands).toMatchObject([{ type: "stop", payload: { force: true } }]);
    web.bus.publish("agent.ada.status", { status: "stopped" });
    await web.viewOf("ada", ({ status }) => status === "stopped", "it has stopped");
    expect(await states(web)).toEqual(["no pause", "no resume", "no stop"]);
  });
});

describe("AgentPage()", () => {
  test("says what cliai can do with the session of an agent that it has launched, and that its release was never tried", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    expect(await textOf(web)).not.toContain("abilities");
    const launched = { agent_cli: "claude", agent_cli_version: "99.0.0", session_mode: "headless" };
    await web.heartbeat("ben", launched);
    expect(await textOf(web, "/agents/ben")).toContain(
      "abilities claude 99.0.0 (untried; tried: 2.1.330), headless: all but shared (no: it has no terminal)",
    );
  });

  test("a command shows by which way each step went, and what was said; one that is not seen, for how long", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    const body = new URLSearchParams({ type: "task", text: "look", command_id: "t1" });
    await web.app.request("/agents/ada/commands", { method: "POST", body });
    const receipt = (state: string, more = {}) =>
      web.bus.publish("agent.ada.receipt", { command_id: "t1", state, ...more });
    receipt("delivered");
    await web.viewOf("ada", ({ commands }) => commands[0]?.receipts.length === 2, "it is delivered");
    expect(await textOf(web)).toMatch(/delivered, not seen for \d+ s/);
    receipt("injected", { route: "messaging-socket" });
    receipt("seen", { detail: "prompt" });
    receipt("failed", { route: "acknowledge", detail: "<b>no</b> such file" });
    await web.viewOf("ada", ({ commands }) => commands[0]?.receipts.length === 5, "it has failed");
    const html = await htmlOf(web);
    expect(html).toContain("&lt;b&gt;no&lt;/b&gt; such file");
    const text = await textOf(web);
    expect(text).toContain(
      "Step Route Detail injected messaging-socket its CLI shows it as the words of another session, not of its user seen prompt failed acknowledge",
    );
    expect(text).not.toContain("not seen for");
  });

  test("its requests are answered there, and the answer leads back", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    const input = JSON.stringify({ command: "<script>x</script> && rm -r build" }, null, 2);
    const call = {
      request_id: "q1",
      tool: "request_permission",
      arguments: { tool: "Bash", input, wait_s: 0 },
    };
    await web.bus.request("tools.call.ada", call, { timeoutMs: 60_000 });
    const [request] = await waitFor(
      () => web.test.server.requests.open().length === 1 && web.test.server.requests.open(),
      {
        what: "the request",
      },
    );
    const html = await htmlOf(web);
    expect(html).toContain("&lt;script&gt;x&lt;/script&gt; &amp;&amp; rm -r build");
    expect(await textOf(web)).toContain("Needs you (1) It wants permission");
    const body = new URLSearchParams({ back: "agent", verdict: "approve", reason: "" });
    const path = `/inbox/${request?.request_id}`;
    const response = await web.app.request(path, { method: "POST", body });
    expect(response.headers.get("location")).toBe(`/agents/ada#request-${request?.request_id}`);
    expect(await textOf(web)).toContain("the permission is approved by dashboard");
  });

  test("a permission shows the change of a file line by line, the other fields, and the whole input", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    const fields = {
      file_path: "/work/a.ts",
      old_string: "one\ntwo",
      new_string: "one\n2",
      replace_all: true,
    };
    const input = JSON.stringify(fields, null, 2);
    const call = {
      request_id: "q1",
      tool: "request_permission",
      arguments: { tool: "Edit", input, wait_s: 0 },
    };
    await web.bus.request("tools.call.ada", call, { timeoutMs: 60_000 });
    await waitFor(() => web.test.server.requests.open().length === 1, { what: "the request" });
    const text = await textOf(web);
    expect(text).toMatch(/\/work\/a\.ts .*one.* - taken away: two.* \+ put in: 2.* replace_all: true/);
    expect(text).toContain("&quot;old_string&quot;: &quot;one\\ntwo&quot;");
  });

  test("a crash says how, and its page has the command that goes on with it; of a living agent there is none", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada", { agent_cli: "claude" });
    expect(await textOf(web)).not.toContain("cliai resume");
    web.bus.publish("agent.ada.status", {
      status: "crashed",
      message: "SIGKILL; of what it had started, pid 7 still runs",
    });
    await web.viewOf("ada", ({ status }) => status === "crashed", "its crash");
    const off = [
      ...(await htmlOf(web)).matchAll(
        /<button type="submit" class="(\w+)" data-off="([^"]*)" aria-disabled="true"/g,
      ),
    ];
    expect(off.map(([, type, why]) => `${type}: ${why}`)).toEqual([
      "pause: it is not running",
      "resume: it is not running",
      "stop: it is not running",
    ]);
    expect(await textOf(web)).toMatch(/crashed: SIGKILL .*Go on with it, in a terminal: cliai resume ada/);
    expect(await textOf(web, "/")).toContain("crashed: SIGKILL");
    expect(await textOf(web)).toContain("ada is away: a task waits for it.");
  });

  test("one that cliai did not launch has no command that resumes it, but what helps instead", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada", {});
    web.bus.publish("agent.ada.status", { status: "disconnected" });
    await web.viewOf("ada", ({ status }) => status === "disconnected", "its goodbye");
    const text = await textOf(web);
    expect(text).toContain("cliai did not launch it: start its own program again, such as the MCP client");
    expect(text).not.toContain("cliai resume");
  });

  test("what it has used is told as an estimate with its age, here and in sum; without figures, that there are none", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    expect(await textOf(web)).toMatch(/cost unknown .*Usage None reported yet/);
    const usage = {
      ...{ tokens_used: 812_345, estimated_cost: 2.31, model: "opus", source: "results" },
      ...{ context_tokens: 90_000, context_window: 200_000 },
    };
    web.bus.publish("agent.ada.event", { kind: "usage", usage });
    await web.viewOf("ada", (view) => view.usage !== undefined, "its usage");
    const text = await textOf(web);
    expect(text).toMatch(/\$2\.31 est\. (now|\d+ s ago)/);
    expect(text).toContain("Context: 90k of 200k tokens (45 %) model opus cost $2.31 tokens 812,345");
    expect(text).toMatch(/By its CLI&#39;s estimate, (now|\d+ s ago)/);
    expect(await textOf(web, "/")).toContain("context 45 % $2.31 est.");
  });

  test("an agent's request to its model server is shown: its place, here and in the fleet, and then how fast the server was", async () => {
    await using web = await startTestApp();
    const request = {
      server: "gpu:8080",
      state: "waiting",
      since: new Date().toISOString(),
      place: 2,
      waiting: 3,
    };
    const timestamp = new Date().toISOString();
    await web.heartbeat("ada", { timestamp, model_request: request });
    expect(await textOf(web)).toMatch(/model server ?waits for gpu:8080, place 2 of 3, began/);
    expect(await textOf(web, "/")).toContain("place 2 of 3 for its model");
    const idle = { server: "gpu:8080", state: "idle", tokens_per_s: 36.5, cached_share: 0.89 };
    await web.heartbeat("ada", { timestamp, model_request: idle });
    expect(await textOf(web)).toContain(
      "gpu:8080 has no request of it (36.5 tokens/s, 89 % of the prompt cached)",
    );
    expect(await textOf(web, "/")).not.toContain("for its model");
    await web.heartbeat("ada", { timestamp });
    expect(await textOf(web)).not.toContain("model server");
  });
});
