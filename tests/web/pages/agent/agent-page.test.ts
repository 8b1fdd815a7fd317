// What an agent's page says of its control, its commands' ways, its requests and what it has used.
import { describe, expect, test } from "bun:test";
import { shownText } from "../../../support/shown-text.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { startTestApp, type TestApp } from "../../test-app.ts";

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

  test("of an agent of a peer are off, because its protocol has none of these orders, and the page says what it is", async () => {
    await using web = await startTestApp();
    await web.heartbeat("peer_ci_echo_kim_main", { config_name: "ci (peer)", cli: "agent-protocol" });
    const path = "/agents/peer_ci_echo_kim_main";
    const html = await htmlOf(web, path);
    expect(html.match(/data-off="its protocol has no such order"/g)).toHaveLength(3);
    expect(shownText(html)).toContain("An agent of a peer. cliai knows of it only what it says");
    expect(shownText(html)).toContain("Not known: its protocol tells of no tool calls.");
    const card = await htmlOf(web, "/");
    expect(card).toContain("Give a task");
    expect(card).not.toContain("/bulk/stop?agents=peer_ci");
    // One of our own keeps its orders, if it has such an id from an earlier version.
    await web.heartbeat("peer_own_agent");
    expect(await htmlOf(web, "/")).toContain("/bulk/stop?agents=peer_own_agent");
    web.bus.publish("agent.peer_ci_echo_kim_main.status", { status: "disconnected" });
    await web.viewOf("peer_ci_echo_kim_main", ({ status }) => status === "disconnected", "it is gone");
    const gone = shownText(await htmlOf(web, path));
    expect(gone).toContain("start its own program again; cliai finds it by itself");
    expect(gone).not.toMatch(/nothing that it was doing is lost|Launch another one/);
  });

  test("of an agent that was stopped start it again, and take no task before; what was typed can stay", async () => {
    await using web = await startTestApp();
    const sendOff = async () =>
      /<button [^>]*id="send-task"[^>]*data-off="([^"]*)"/.exec(await htmlOf(web))?.[1];
    await web.heartbeat("ada", { agent_cli: "claude" });
    expect(await sendOff()).toBeUndefined();
    web.bus.publish("agent.ada.status", { status: "stopped" });
    await web.viewOf("ada", ({ status }) => status === "stopped", "it has stopped");
    expect(await states(web)).toEqual(["no pause", "resume", "no stop"]);
    expect(await sendOff()).toBe("it takes no task before it is resumed");
    const [, again = ""] = /<form method="post" action="\/needs"(.*?)<\/form>/s.exec(await htmlOf(web)) ?? [];
    expect(again).toContain('name="act" value="resume"');
    expect(again).toContain('name="agents" value="ada"');
    expect(shownText(again)).toContain("Resume");
    expect(await textOf(web)).toContain(
      "ada was stopped: it takes no task before it is resumed. Resume starts it again in its session.",
    );
  });

  test("of an agent that died while it worked are off, because the button that resumes it stands with what it needs", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada", { agent_cli: "claude" });
    web.bus.publish("agent.ada.event", { kind: "tool_start", tool: "Bash", generation: 1, seq: 1 });
    await web.viewOf("ada", ({ session }) => session?.tools.length === 1, "its call");
    web.bus.publish("agent.ada.status", { status: "crashed", message: "SIGKILL" });
    await web.viewOf("ada", ({ needs }) => needs[0]?.kind === "died", "its death");
    expect((await states(web)).slice(-3)).toEqual(["no pause", "no resume", "no stop"]);
    expect((await htmlOf(web)).match(/name="act" value="resume"/g)).toHaveLength(1);
  });
});

describe("AgentPage()", () => {
  test("says what cliai can do with the session of an agent that it has launched, and that its release was never tried", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    expect(await textOf(web, "/agents/ada/settings")).not.toContain("abilities");
    const launched = { agent_cli: "claude", agent_cli_version: "99.0.0", session_mode: "headless" };
    await web.heartbeat("ben", launched);
    expect(await textOf(web, "/agents/ben/settings")).toContain(
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
    expect(await textOf(web, "/agents/ada/commands")).toMatch(/delivered, not seen for \d+ s/);
    receipt("injected", { route: "messaging-socket" });
    receipt("seen", { detail: "prompt" });
    receipt("failed", { route: "acknowledge", detail: "<b>no</b> such file" });
    await web.viewOf("ada", ({ commands }) => commands[0]?.receipts.length === 5, "it has failed");
    const html = await htmlOf(web, "/agents/ada/commands");
    expect(html).toContain("&lt;b&gt;no&lt;/b&gt; such file");
    const text = await textOf(web, "/agents/ada/commands");
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
    expect(await textOf(web)).toContain("Runs now, or waits for your permission");
    const body = new URLSearchParams({ back: "agent", verdict: "approve", reason: "" });
    const path = `/inbox/${request?.request_id}`;
    const response = await web.app.request(path, { method: "POST", body });
    expect(response.headers.get("location")).toBe(`/agents/ada#request-${request?.request_id}`);
    expect(await textOf(web)).toContain("the permission is approved by kim (page)");
    expect(await textOf(web)).not.toContain("waits for your permission");
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
      "stop: it is not running",
    ]);
    expect(await textOf(web)).toMatch(/crashed: SIGKILL .*Go on with it, in a terminal: cliai resume ada/);
    expect(await textOf(web, "/")).toContain("crashed: SIGKILL");
    expect(await textOf(web)).toContain(
      "ada is away: a task waits for it. Resume starts it again in its session.",
    );
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
    const ofCost = () => textOf(web, "/agents/ada/cost");
    expect(await ofCost()).toMatch(/no cost told today .*Usage None reported yet/);
    const usage = {
      ...{ tokens_used: 812_345, estimated_cost: 2.31, model: "opus", source: "results" },
      ...{ context_tokens: 90_000, context_window: 200_000 },
    };
    web.bus.publish("agent.ada.event", { kind: "usage", usage });
    await web.viewOf("ada", (view) => view.usage !== undefined, "its usage");
    const text = await ofCost();
    expect(text).toContain("$2.31 today, est.");
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
    expect(await textOf(web, "/agents/ada/settings")).toMatch(
      /model server ?waits for gpu:8080, place 2 of 3, began/,
    );
    expect(await textOf(web, "/")).toContain("place 2 of 3 for its model");
    const idle = { server: "gpu:8080", state: "idle", tokens_per_s: 36.5, cached_share: 0.89 };
    await web.heartbeat("ada", { timestamp, model_request: idle });
    expect(await textOf(web, "/agents/ada/settings")).toContain(
      "gpu:8080 has no request of it (36.5 tokens/s, 89 % of the prompt cached)",
    );
    expect(await textOf(web, "/")).not.toContain("for its model");
    await web.heartbeat("ada", { timestamp });
    expect(await textOf(web, "/agents/ada/settings")).not.toContain("model server");
  });
});

describe("the tabs", () => {
  const tabs = ["", "/transcript", "/changes", "/terminal", "/messages", "/commands", "/cost", "/settings"];

  test("have addresses of their own, and each marks itself", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    for (const tab of tabs) {
      const response = await web.app.request(`/agents/ada${tab}`);
      const html = await response.text();
      expect([tab, response.status]).toEqual([tab, 200]);
      const nav = /<nav class="tabs".*?<\/nav>/.exec(html)?.[0] ?? "";
      const links = [...nav.matchAll(/<a href="(\/agents\/ada[^"]*)"( aria-current="page")?>/g)];
      expect(links.map(([, href]) => href)).toEqual(tabs.map((each) => `/agents/ada${each}`));
      expect(links.filter(([, , current]) => current).map(([, href]) => href)).toEqual([`/agents/ada${tab}`]);
      expect(html.match(/<h1>/g)).toHaveLength(1);
    }
    for (const path of ["/agents/ada/nothing", "/agents/ada/now", "/agents/nobody/cost"])
      expect((await web.app.request(path)).status).toBe(404);
  });

  test("Now: one line for each call, with its argument and what became of it; no start, no end, no empty line of usage", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    let seq = 0;
    const tell = (kind: string, more: object) =>
      web.bus.publish("agent.ada.event", { kind, generation: 1, seq: ++seq, ...more });
    tell("prompt", { detail: "dig" });
    tell("tool_start", { tool: "Bash", tool_use_id: "u1", detail: "make <all>" });
    tell("tool_failed", { tool: "Bash", tool_use_id: "u1", detail: "exit code 2" });
    tell("usage", { usage: { tokens_used: 5 } });
    tell("tool_start", { tool: "Read", tool_use_id: "u2", detail: "/a.txt" });
    await web.viewOf("ada", ({ session }) => session?.tools[0]?.tool === "Read", "the second call");
    const text = await textOf(web);
    expect(text).toMatch(/Runs now Read \/a\.txt \d+ s/);
    expect(text).toMatch(/Bash make &lt;all&gt; failed: exit code 2 \d+\.\d s/);
    expect(text).not.toMatch(/tool (start|end|failed)|usage/);
  });

  test("Messages: those to the agent and from it; Commands: the others, and a receipt alone makes no command", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    await web.heartbeat("bob");
    await web.bus.publishStored("agent.ada.message", { message_id: "m1", from: "bob", text: "hello <ada>" });
    await web.bus.publishStored("agent.bob.message", { message_id: "m2", from: "ada", text: "hello bob" });
    web.bus.publish("agent.ada.receipt", { command_id: "made-up", state: "seen" });
    await web.viewOf("ada", ({ commands }) => commands.length === 2, "message and receipt");
    await web.viewOf("bob", ({ commands }) => commands.length === 1, "the other message");
    const messages = await textOf(web, "/agents/ada/messages");
    expect(messages).toMatch(/from bob .*hello &lt;ada&gt;/);
    expect(messages).toMatch(/to bob .*hello bob/);
    const commands = await textOf(web, "/agents/ada/commands");
    expect(commands).not.toContain("hello");
    expect(commands).not.toContain("from unknown");
    expect(commands).toContain("One order is known only by receipts of this agent");
  });

  test("an agent that has ended says what is lost, and offers to resume, to launch another one, and to remove it", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada", { agent_cli: "claude", config_name: "demo", project_path: "/work" });
    const numbers = { generation: 1, seq: 1 };
    web.bus.publish("agent.ada.event", { kind: "tool_start", tool: "Bash", detail: "make", ...numbers });
    await web.viewOf("ada", ({ session }) => session?.tools.length === 1, "its call");
    web.bus.publish("agent.ada.status", { status: "crashed", message: "SIGKILL" });
    await web.viewOf("ada", ({ status }) => status === "crashed", "its crash");
    const text = await textOf(web);
    expect(text).toContain("It ended in the middle of a tool call (Bash)");
    expect(text).toContain("cliai resume ada");
    expect(text).toContain("cliai agents remove ada");
    expect(await htmlOf(web)).toContain('href="/spawn?profile=demo&amp;project=%2Fwork&amp;task="');
    expect(text).toContain("No tool call.");
  });
});

describe("the transcript", () => {
  const store = (web: TestApp, entry: object) => web.bus.publishStored("agent.ada.transcript", entry);

  test("shows the newest entries, calls with their results folded, and pages back and forth", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    expect(await textOf(web, "/agents/ada/transcript")).toContain("Nothing yet.");
    const at = { timestamp: "2026-01-01T10:00:00.000Z", session_id: "s1" };
    await store(web, { kind: "prompt", entry_id: "e1", text: "**dig** <b>", ...at });
    await store(web, {
      kind: "tool_call",
      entry_id: "e2",
      tool: "Bash",
      title: "ls",
      tool_use_id: "u1",
      ...at,
    });
    await store(web, { kind: "tool_result", entry_id: "e3", text: "a.txt", tool_use_id: "u1", ...at });
    const html = await htmlOf(web, "/agents/ada/transcript");
    expect(html).toContain("<strong>dig</strong> &lt;b&gt;");
    expect(html.match(/<li id="t-/g)).toHaveLength(2);
    expect(html).toMatch(/<details[\s\S]*a\.txt/);
    expect(html).toContain('data-stream="/events?page=agent&amp;agent=ada&amp;tab=transcript&amp;entry=3');
    const first = await htmlOf(web, "/agents/ada/transcript?limit=1&after=0");
    expect(first).toContain('href="/agents/ada/transcript?after=1"');
    expect(first).not.toContain("&amp;entry=");
    const last = await htmlOf(web, "/agents/ada/transcript?limit=1");
    expect(last).toContain('href="/agents/ada/transcript?before=3"');
    // A part without entries has none that come, because they would begin with the first one.
    const none = await htmlOf(web, "/agents/ada/transcript?since=2100-01-01T00:00");
    expect(none).not.toContain("entry=0");
    expect(await textOf(web, "/agents/ada/transcript?since=2100-01-01T00:00")).toContain(
      "Nothing since then.",
    );
    const wrong = await web.app.request("/agents/ada/transcript?since=soon");
    expect(wrong.status).toBe(200);
    expect(shownText(await wrong.text())).toContain(
      "since &quot;soon&quot; is neither a time nor a duration",
    );
  });

  test("an open page gets each entry once, and a call again when its result comes", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    await store(web, { kind: "tool_call", entry_id: "e1", tool: "Bash", tool_use_id: "u1" });
    const over = new AbortController();
    const response = await web.app.request("/events?page=agent&agent=ada&tab=transcript&entry=0", {
      signal: over.signal,
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const readUntil = async (isThere: () => boolean) => {
      while (!isThere()) text += (await reader?.read())?.value ?? "";
    };
    await readUntil(() => text.includes("no result yet"));
    expect(text).toMatch(/id: \S+~1\n/);
    text = "";
    await store(web, { kind: "tool_result", entry_id: "e2", text: "a.txt", tool_use_id: "u1" });
    await readUntil(() => text.includes("a.txt"));
    expect(text).toContain('id=\\"t-1\\"');
    expect(text).toMatch(/id: \S+~2\n/);
    over.abort();
    await reader?.cancel();
  });

  test("the API gives it, with the same paging, and refuses a wrong query", async () => {
    await using web = await startTestApp();
    await web.heartbeat("ada");
    for (const entry_id of ["e1", "e2", "e3"]) await store(web, { kind: "answer", entry_id, text: entry_id });
    const get = async (query: string) => {
      const response = await web.app.request(`/api/agents/ada/transcript${query}`);
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    expect((await get("?limit=2")).body).toMatchObject({
      ...{ agent_id: "ada", has_older: true, has_newer: false },
      entries: [
        { entry_id: "e2", seq: 2 },
        { entry_id: "e3", seq: 3 },
      ],
    });
    expect((await get("?after=1&limit=1")).body).toMatchObject({
      entries: [{ entry_id: "e2" }],
      has_newer: true,
    });
    for (const query of ["?limit=x", "?before=-1", "?since=soon", "?limit=5000"])
      expect((await get(query)).status).toBe(400);
    expect((await web.app.request("/api/agents/nobody/transcript")).status).toBe(404);
  });
});
