import { describe, expect, test } from "bun:test";
import { parseReplayPrefix, replayAudit } from "../../src/audit/replay.ts";
import { ada } from "../support/agents.ts";
import { leastRatio, msOf } from "../support/quickest.ts";
import { startTestServer } from "../support/test-server.ts";
import { waitFor } from "../support/wait-for.ts";
import { readAll, recorded, textOf } from "./audit-fixture.ts";

describe("replayAudit()", () => {
  test("publishes a span under its prefix with the original bytes, and nothing on live subjects", async () => {
    await using run = await startTestServer();
    const { bus } = run;
    // An agent without a heartbeat would have an alert.
    bus.publish("agent.ada.heartbeat", { agent_id: ada, status: "idle", interval_s: 3_600 });
    await waitFor(() => run.server.fleet.get(ada), { what: "ada" });
    // Stored before the order is sent, because that comes to AUDIT by another way.
    await bus.connection.jetstream().publish("agent.ada.event", '{ "kind": "prompt" }');
    bus.publish("agent.ada.command", { type: "pause", command_id: "c1" });
    await recorded(bus, { kind: "command" });
    const before = (await readAll(bus)).length;
    const heard: string[] = [];
    const live: string[] = [];
    bus.connection.subscribe("replay.>", {
      callback: (_error, { subject, data, headers }) =>
        heard.push(`${subject} ${textOf(data)} ${headers?.get("Cliai-Audit-Seq")}`),
    });
    for (const subject of ["agent.>", "tools.>", "captain.>", "audit.>", "dashboard.alert"])
      bus.subscribe(subject, (message) => live.push(message.subject));
    await bus.flush();
    expect(await replayAudit(bus, { filter: { agent: ada }, prefix: "replay.night", speed: 0 })).toBe(2);
    await waitFor(() => heard.length === 2, { what: "both" });
    expect(heard[0]).toBe('replay.night.agent.ada.event { "kind": "prompt" } 1');
    expect(live).toEqual([]);
    expect((await readAll(bus)).length).toBe(before);
  });

  test("keeps the pace of what happened, so many times as fast", async () => {
    await using run = await startTestServer();
    run.bus.publish("agent.ada.status", { status: "idle" });
    const [first] = await waitFor(
      async () => {
        const all = await readAll(run.bus);
        return all.length > 0 && all; // an alert about its missing heartbeat may have come
      },
      { what: "the first" },
    );
    await waitFor(() => Date.now() - Date.parse(first?.at ?? "") > 600, { what: "a distance in time" });
    run.bus.publish("agent.ada.status", { status: "working" });
    await recorded(run.bus, { kind: "status" }, 2);
    const took = (speed: number) => msOf(() => replayAudit(run.bus, { filter: {}, prefix: "replay", speed }));
    const atTwiceTheSpeed = await took(2);
    expect(atTwiceTheSpeed).toBeGreaterThan(250);
    expect(await leastRatio(1, async () => (await took(0)) / atTwiceTheSpeed)).toBeLessThanOrEqual(1);
  });

  test.each([
    "agent",
    "agent.ada",
    "tools.call",
    ">",
    "*",
    "replay.>",
    "replay.*",
    "replay.",
    "",
    "$JS.API",
    "replays",
  ])("refuses the prefix %j", (prefix) =>
    expect(() => parseReplayPrefix(prefix)).toThrow("cannot be the prefix of a replay"),
  );
});
