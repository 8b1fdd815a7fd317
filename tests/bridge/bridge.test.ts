import { describe, expect, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { answerCalls, listenTo, startTestBridge, textOf } from "../support/bridge-fixture.ts";
import { startChild } from "../support/child.ts";
import { startTestNats, testNatsServer } from "../support/nats.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

describe("startBridge()", () => {
  test("a bridge started before NATS serves its client, then connects by itself and says its true status", async () => {
    await using first = await startTestNats();
    const { port } = first.server;
    await first.server.stop();
    await using test = startTestBridge({ url: first.url });
    const client = await test.connect();
    await client.ping();

    await using nats = await startTestNats({ port });
    const bus = await nats.bus();
    const heard = await listenTo(bus, "ada");
    const beat = await waitFor(() => heard.heartbeats[0], { what: "a heartbeat" });
    expect(beat).toMatchObject({ agent_id: "ada", status: "connected", cli: "test-cli" });
    expect(test.logged.filter((line) => line.startsWith("warn")).length).toBe(1);
  });

  test("nats-server killed under calls: the repeatable ones are answered after its return, no other is made twice", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    let isBack = false;
    const server = await answerCalls(bus, () => (isBack ? { success: true, result: "noted" } : undefined));
    const heard = await listenTo(bus, "ada");
    await using test = startTestBridge({ url: nats.url, callTimeoutMs: 8_000 });
    const client = await test.connect();
    const status = client.callTool({ name: "report_status", arguments: { status: "working" } });
    const activity = client.callTool({ name: "log_activity", arguments: { action: "built it" } });
    await waitFor(() => server.calls.length === 2, { what: "both calls to be taken" });
    const beats = heard.heartbeats.length;

    isBack = true;
    nats.kill();
    expect(textOf(await status)).toBe("noted");
    const again = await client.callTool({ name: "log_activity", arguments: { action: "went on" } });
    expect(textOf(again)).toBe("noted");
    await waitFor(() => heard.heartbeats.length > beats, { what: "a heartbeat after the return" });

    // The server, too, may answer late what it took before: that answer still arrives.
    for (const call of server.calls)
      if (call.arguments.action === "built it") call.message.reply({ success: true, result: "late" });
    expect(textOf(await activity)).toBe("late");
    const toolsCalled = server.calls.map(({ tool }) => tool);
    expect(toolsCalled).toEqual(["report_status", "log_activity", "report_status", "log_activity"]);
    const [firstStatus, , secondStatus] = server.calls;
    expect(secondStatus?.request_id).toBe(firstStatus?.request_id);
  });

  test("commands on a subject that carries no JSON, and calls answered with garbage, do not end the bridge", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    bus.connection.subscribe("tools.call.*", {
      callback: (_, message) => message.respond(Buffer.from("{{{")),
    });
    await bus.flush();
    await using test = startTestBridge({ url: nats.url });
    const client = await test.connect();
    const result = await client.callTool({ name: "list_agents", arguments: {} });
    expect(result.isError).toBe(true);
    expect(textOf(result)).toContain("not JSON");
    await client.ping();
  });

  test("credentials that NATS refuses are logged once with what to do, and the tools say so", async () => {
    await using dir = await tempDir();
    await using server = await startChild(await testNatsServer(), [
      ...["-a", "127.0.0.1", "-p", "-1", "--user", "u", "--pass", "p", "--ports_file_dir", dir.path],
    ]);
    const url = await waitFor(
      async () => {
        const file = (await readdir(dir.path)).find((name) => name.endsWith(`_${server.pid}.ports`));
        const ports = JSON.parse(await readFile(dir.join(file ?? ""), "utf8")) as { nats: string[] };
        return ports.nats[0];
      },
      { what: "the ports file" },
    );
    await using test = startTestBridge({ url, callTimeoutMs: 1_500 });
    const client = await test.connect();
    const result = await client.callTool({ name: "list_agents", arguments: {} });
    expect(result.isError).toBe(true);
    expect(textOf(result)).toContain("NATS refuses");
    expect(textOf(result)).toContain("--creds");
    const warnings = test.logged.filter((line) => line.startsWith("warn"));
    expect(warnings.length).toBe(1);
    expect(warnings[0]).toContain("--creds");
  });

  test("a credentials file that is not there is named, and the client still has its tools", async () => {
    await using nats = await startTestNats();
    await using test = startTestBridge({
      url: nats.url,
      credsPath: "/nowhere/ada.creds",
      callTimeoutMs: 100,
    });
    const client = await test.connect();
    expect((await client.listTools()).tools.length).toBeGreaterThan(0);
    const result = await client.callTool({ name: "list_agents", arguments: {} });
    expect(textOf(result)).toContain("/nowhere/ada.creds");
  });

  test("a call that waits is asked again as the same call, and has the time it waits besides its own", async () => {
    await using nats = await startTestNats();
    const unanswered = [undefined, undefined];
    // Each later call is answered: an answer that is later than the next call is not heard.
    const answer = () => (unanswered.length > 0 ? unanswered.pop() : { success: true, result: "yes" });
    const server = await answerCalls(await nats.bus(), answer);
    await using ada = startTestBridge({ url: nats.url, askAgainMs: 100 });
    const client = await ada.connect();
    const asked = await client.callTool({ name: "ask_human", arguments: { question: "why?" } });
    expect(textOf(asked)).toBe("yes");
    expect(new Set(server.calls.map(({ request_id }) => request_id)).size).toBe(1);
    expect(server.calls.length).toBeGreaterThanOrEqual(3);
  });
});
