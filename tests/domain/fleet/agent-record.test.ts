import { describe, expect, test } from "bun:test";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import { reduceAgent } from "../../../src/domain/fleet/reduce-agent.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import type { Heartbeat } from "../../../src/domain/wire/messages.ts";

const now = new Date("2026-01-01T00:00:00.000Z");

function viewAfter(message: Heartbeat) {
  const id = parseAgentId("ada");
  const record = reduceAgent(undefined, { type: "heartbeat", id, at: now.toISOString(), message });
  return viewAgent(record as AgentRecord, now);
}

describe("an AgentRecord", () => {
  test("what an agent's heartbeat has not said reads as unknown in its view, also as JSON", () => {
    expect(JSON.parse(JSON.stringify(viewAfter({})))).toMatchObject({
      config_name: "unknown",
      project_path: "unknown",
      current_task: "unknown",
    });
  });

  test("what it has said is shown as it is, that it has no task too", () => {
    const said = { config_name: "demo", project_path: "/work", current_task: "" };
    expect(viewAfter(said)).toMatchObject(said);
    expect(viewAfter({ ...said, current_task: null })).toMatchObject(said);
  });
});
