// What the server adds to the audit, on a real nats-server.
import { describe, expect, test } from "bun:test";
import { createAuditRecords } from "../../src/audit/records.ts";
import type { AgentId } from "../../src/domain/wire/agent-id.ts";
import { silentLogger } from "../../src/log.ts";
import { ada, bob } from "../support/agents.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { now, read, recorded, textOf } from "./audit-fixture.ts";

function call(run: TestServer, id: AgentId, body: unknown): Promise<Uint8Array> {
  return run.bus.request(`tools.call.${id}`, body, { timeoutMs: 60_000 });
}

describe("the audit", () => {
  test("records each tool call with its arguments and outcome", async () => {
    await using run = await startTestServer();
    await call(run, ada, { request_id: "r1", tool: "report_status", arguments: { status: "idle" } });
    await call(run, ada, {
      request_id: "r2",
      tool: "log_activity",
      arguments: { action: "x".repeat(9_000) },
    });
    await call(run, bob, { request_id: "r3", tool: "no_such_tool" });
    const [first, second] = await recorded(run.bus, { agent: ada, kind: "tool" }, 2);
    expect(first).toMatchObject({
      request_id: "r1",
      agent_id: "ada",
      arguments: { status: "idle" },
      success: true,
    });
    expect(second).toMatchObject({ request_id: "r2", success: false, arguments_bytes: 9_013 });
    expect(String(second?.arguments)).toHaveLength(4_096);
    const [third] = await recorded(run.bus, { agent: bob, kind: "tool" });
    expect(third).toMatchObject({
      request_id: "r3",
      success: false,
      error: expect.stringContaining("no_such_tool"),
    });
  });

  test("the record of a call that only reads follows its answer, before that of the next call that does more", () => {
    const told: string[] = [];
    const publish = (_: string, body: unknown) => told.push((body as { request_id: string }).request_id);
    const records = createAuditRecords({ publish, now, log: silentLogger });
    const answered = (request_id: string, tool: string, success = true) =>
      records.toolCall({ id: ada, request_id, tool, arguments: {}, success, took_ms: 1 });
    answered("r1", "list_agents");
    answered("r2", "list_agents");
    expect(told).toEqual([]);
    answered("r3", "report_status");
    expect(told).toEqual(["r1", "r2", "r3"]);
    answered("r4", "list_agents", false);
    expect(told.at(-1)).toBe("r4");
    for (let n = 0; n < 1_000; n += 1) answered("many", "list_agents");
    expect(told).toHaveLength(1_004);
    answered("r5", "list_agents");
    records.stop();
    expect(told.at(-1)).toBe("r5");
  });

  test("the record of a call that only reads is published also if no other call follows", async () => {
    await using run = await startTestServer();
    await call(run, ada, { request_id: "r1", tool: "list_agents" });
    expect(await recorded(run.bus, { agent: ada, kind: "tool" })).toMatchObject([{ request_id: "r1" }]);
  });

  test("a call is answered by the server alone, not by the stream that records it", async () => {
    await using run = await startTestServer();
    const answer = await call(run, ada, { request_id: "r", tool: "list_agents" });
    expect(JSON.parse(textOf(answer))).toMatchObject({ request_id: "r", success: true });
  });

  test("keeps the first 4 KiB of a malformed message, as text or as bytes, once over a restart", async () => {
    await using run = await startTestServer();
    run.bus.publish("agent.ada.status", "x".repeat(10_000));
    run.bus.connection.publish("agent.bob.heartbeat", new Uint8Array([0xff, 0xfe, 0x00]));
    run.bus.publish("agent.bob.status", { agent_id: "ada", status: "idle" });
    const [text] = await recorded(run.bus, { agent: ada, kind: "malformed" });
    expect(text).toMatchObject({
      subject: "agent.ada.status",
      bytes: 10_002,
      sample: `"${"x".repeat(4_095)}`,
    });
    const ofBob = await recorded(run.bus, { agent: bob, kind: "malformed" }, 2);
    expect(ofBob.find(({ subject }) => subject === "agent.bob.heartbeat")).toMatchObject({
      sample_base64: "//4A",
    });
    expect(ofBob.find(({ subject }) => subject === "agent.bob.status")?.error).toContain(
      'the subject says "bob"',
    );
    const next = await run.restart();
    next.bus.publish("agent.ada.event", "again");
    await recorded(next.bus, { agent: ada, kind: "malformed" }, 2);
    expect(await read(next.bus, { kind: "malformed" })).toHaveLength(4);
    await next.server.stop();
  });

  test("what is said of a malformed message, in its record and its alert, holds no secret of it, nor a part of one", async () => {
    await using run = await startTestServer();
    const seed = `SU${"A".repeat(56)}`;
    run.bus.publish(`agent.${ada}.status`, "x");
    await run.bus.flush();
    run.bus.connection.publish(`agent.${ada}.event`, `{"token":"${seed}"`);
    const records = await recorded(run.bus, { agent: ada, kind: "malformed" }, 2);
    const said = [
      ...records.map(({ error }) => error),
      ...run.server.alerts.open().map(({ message }) => message),
    ];
    expect(said.join("\n")).toContain('not JSON: "{\\"token\\":\\"***');
    expect(said.join("\n")).not.toContain(seed.slice(0, 10));
  });

  test("a flood of malformed messages leaves a bounded number of records and a count of the rest", () => {
    const sent: unknown[] = [];
    const records = createAuditRecords({
      publish: (_subject, body) => sent.push(body),
      now,
      log: silentLogger,
    });
    for (let i = 0; i < 100_000; i += 1)
      records.malformed({ subject: "agent.ada.status", data: new Uint8Array(100), error: "no", id: ada });
    records.stop();
    expect(sent.length).toBeLessThan(200);
    const omitted = sent.reduce<number>(
      (sum, body) => sum + ((body as { omitted?: number }).omitted ?? 0),
      0,
    );
    expect(omitted + sent.filter((body) => "sample" in (body as object)).length).toBe(100_000);
  });

  test("heartbeats are kept only where that is asked for", async () => {
    await using without = await startTestServer();
    await using kept = await startTestServer({ audit: { heartbeats: true } });
    for (const { bus } of [without, kept]) {
      bus.publish("agent.ada.heartbeat", { status: "idle" });
      bus.publish("agent.ada.status", { status: "idle" });
      await recorded(bus, { kind: "status" });
    }
    expect(await read(without.bus, { kind: "heartbeat" })).toHaveLength(0);
    expect(await read(kept.bus, { kind: "heartbeat" })).toHaveLength(1);
  });
});
