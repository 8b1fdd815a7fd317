import { describe, expect, test } from "bun:test";
import { ada, bob } from "../../support/agents.ts";
import { startTestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";

describe("createMalformedMessages()", () => {
  test("what cannot be understood is counted, kept in an alert, and changes nothing", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    bus.publish("agent.ada.heartbeat", { status: "idle" });
    await until("ada", () => run.server.fleet.get(ada));
    const junk = [
      "{",
      "",
      "null",
      "[1]",
      '{"status":7}',
      "\u0000\u0001",
      "x".repeat(10_000),
      '{"agent_id":"bob","status":"x"}',
    ];
    for (const topic of ["heartbeat", "status", "event", "receipt", "command", "message"]) {
      for (const text of junk) bus.connection.publish(`agent.ada.${topic}`, text);
    }
    // A shutdown needs no field, so that less is wrong in one.
    const badShutdowns = ["{", "", "null", "[1]", '{"reason":7}', "\u0000\u0001"];
    for (const text of badShutdowns) bus.connection.publish("agent.ada.shutdown", text);
    bus.connection.publish("agent.-bad.status", '{"status":"x"}');
    const wrong = 6 * junk.length + badShutdowns.length + 1;
    await until("the count", () => run.server.health().malformed === wrong);
    expect(run.server.fleet.get(ada)?.status).toBe("idle");
    expect(run.server.fleet.get(bob)).toBeUndefined();
    const kinds = () => run.server.alerts.open().map(({ kind, agent_id }) => `${kind} ${agent_id}`);
    for (const kind of ["malformed ada", "refused ada"]) await until(kind, () => kinds().includes(kind));
    for (const { sample } of run.server.alerts.open()) expect(sample?.length ?? 0).toBeLessThanOrEqual(4_096);
  });
});
