import { describe, expect, test } from "bun:test";
import { type AgentFacts, startHeartbeat } from "../../src/agent-link/heartbeat.ts";
import { silentLogger as log } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { answerCalls, type Era, listenTo, startTestBridge } from "../support/bridge-fixture.ts";
import { startTestNats } from "../support/nats.ts";
import { waitFor } from "../support/wait-for.ts";

describe("startHeartbeat()", () => {
  test("the first heartbeat comes at once on connecting, with every field and no guess", async () => {
    await using nats = await startTestNats();
    const heard = await listenTo(await nats.bus(), "ada");
    await using test = startTestBridge({ url: nats.url, heartbeatIntervalS: 600 });
    const beat = await waitFor(() => heard.heartbeats[0], { what: "the first heartbeat" });
    expect(test.bridge).toBeDefined();
    expect(beat).toEqual({
      agent_id: "ada" as never,
      config_name: "demo",
      project_path: "/project",
      host: "here",
      pid: 42,
      session_id: "s-1",
      status: "starting",
      current_task: "",
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      instance_id: expect.stringMatching(/^ada-/),
      interval_s: 600,
      seq: 1,
    });
  });

  test("after its end it sends none, whatever changes or is asked for: the agent has said goodbye by then", () => {
    const sent: string[] = [];
    const bus = { publish: (subject: string) => void sent.push(subject) } as unknown as Bus;
    const facts: AgentFacts = { config_name: "demo", project_path: "/project", host: "here", pid: 42 };
    const heartbeat = startHeartbeat({
      ...{ id: "ada" as never, instanceId: "ada-1", facts, intervalS: 600, now: () => new Date(), log },
      link: { bus: () => bus, onChange: () => () => undefined } as never,
    });
    heartbeat.update({ status: "working" });
    heartbeat.beat();
    expect(sent).toEqual(["agent.ada.heartbeat", "agent.ada.heartbeat"]);
    heartbeat.stop();
    heartbeat.update({ status: "idle" });
    heartbeat.beat();
    expect(sent).toHaveLength(2);
  });

  for (const era of ["legacy", "modern"] satisfies Era[]) {
    test(`a ${era} client's handshake makes it connected, under the client's own name and version`, async () => {
      await using nats = await startTestNats();
      const heard = await listenTo(await nats.bus(), "ada");
      await using test = startTestBridge({ url: nats.url, heartbeatIntervalS: 600 });
      const client = await test.connect(era);
      await client.listTools();
      const beat = await waitFor(() => heard.heartbeats.find(({ status }) => status === "connected"), {
        what: "the heartbeat that says connected",
        saw: () => heard.heartbeats,
      });
      expect(beat).toMatchObject({ cli: "test-cli", cli_version: "1.2.3", current_task: "" });
    });
  }

  test("a probe and an unfinished handshake make no connection; the end of the handshake does", async () => {
    await using nats = await startTestNats();
    const heard = await listenTo(await nats.bus(), "ada");
    await using test = startTestBridge({ url: nats.url, heartbeatIntervalS: 600 });
    const client = { name: "prober", version: "9" };
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
      "io.modelcontextprotocol/clientInfo": client,
    };
    await test.ask({ id: 1, method: "server/discover", params: { _meta } });
    const params = {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { ...client, version: "10" },
    };
    await test.ask({ id: 2, method: "initialize", params });
    const said = (status: string) => heard.heartbeats.filter((beat) => beat.status === status);
    await waitFor(() => said("starting").some(({ cli_version }) => cli_version === "10"), {
      what: "the client's version, before it is connected",
      saw: () => heard.heartbeats,
    });
    expect(said("connected")).toEqual([]);
    test.write('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    await waitFor(() => said("connected").length === 1, { what: "connected" });
  });

  test("a reported status is told at once and repeated at each interval until another is reported", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await answerCalls(bus, () => ({ success: true, result: "ok" }));
    const heard = await listenTo(bus, "ada");
    await using test = startTestBridge({ url: nats.url, heartbeatIntervalS: 0.1 });
    const client = await test.connect();
    const report = (args: Record<string, string>) =>
      client.callTool({ name: "report_status", arguments: args });
    const beatsOf = (status: string) => heard.heartbeats.filter((beat) => beat.status === status);
    await report({ status: "blocked", current_task: "merge" });
    await waitFor(() => beatsOf("blocked").length >= 4, { what: "blocked, again and again" });
    // Other work of the agent is no news of its status.
    await client.callTool({ name: "log_activity", arguments: { action: "looked" } });
    const first = heard.heartbeats.findIndex(({ status }) => status === "blocked");
    const after = heard.heartbeats.slice(first);
    expect(new Set(after.map(({ status, current_task }) => `${status} ${current_task}`))).toEqual(
      new Set(["blocked merge"]),
    );
    await report({ status: "idle" });
    const idle = await waitFor(() => beatsOf("idle")[0], { what: "idle" });
    expect(idle.current_task).toBe("merge");
    const seqs = heard.heartbeats.map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
  });

  test("with a long interval a change alone brings the next heartbeat, and no change brings none", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await answerCalls(bus, () => ({ success: true, result: "ok" }));
    const heard = await listenTo(bus, "ada");
    await using test = startTestBridge({ url: nats.url, heartbeatIntervalS: 600 });
    const client = await test.connect();
    const working = { name: "report_status", arguments: { status: "working" } };
    await client.callTool(working);
    await waitFor(() => heard.heartbeats.at(-1)?.status === "working", { what: "the change" });
    const count = heard.heartbeats.length;
    await client.callTool(working);
    await client.callTool({ name: "report_status", arguments: { status: "working", current_task: "docs" } });
    await waitFor(() => heard.heartbeats.at(-1)?.current_task === "docs", { what: "the new task" });
    expect(heard.heartbeats.length).toBe(count + 1);
  });

  test("a status that the server refused is not told", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    await answerCalls(bus, ({ arguments: args }) =>
      args.status === "working" ? { success: false, error: "no" } : { success: true },
    );
    const heard = await listenTo(bus, "ada");
    await using test = startTestBridge({ url: nats.url });
    const client = await test.connect();
    await client.callTool({ name: "report_status", arguments: { status: "working" } });
    await client.callTool({ name: "report_status", arguments: { status: "idle" } });
    await waitFor(() => heard.heartbeats.at(-1)?.status === "idle", { what: "idle" });
    expect(heard.heartbeats.map(({ status }) => status)).not.toContain("working");
  });
});
