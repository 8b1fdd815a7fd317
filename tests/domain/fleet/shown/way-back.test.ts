// Which agents can be resumed, and how.
import { expect, test } from "bun:test";
import {
  isResumable,
  ownWayBack,
  startAgainHint,
  wayBack,
} from "../../../../src/domain/fleet/shown/way-back.ts";
import { parseAgentId } from "../../../../src/domain/wire/agent-id.ts";
import { ada } from "../../../support/agents.ts";

const at = "2026-01-01T00:00:00.000Z";
const beat = { at, interval_s: 15 };
const session = { started_at: at, last_event_at: at, tools: [] };

test.each([
  ["one that crashed", { status: "crashed", session, heartbeat: beat }, true],
  [
    "one that said nothing of its session",
    { status: "stopped", heartbeat: { ...beat, agent_cli: "claude" } },
    true,
  ],
  ["one that may still run", { status: "silent", session, heartbeat: beat }, false],
  [
    "one that failed to start",
    { status: "failed_to_start", heartbeat: { ...beat, agent_cli: "claude" } },
    false,
  ],
  ["one whose bridge another program had started", { status: "disconnected", heartbeat: beat }, false],
] as const)("isResumable(): %s", (_, view, expected) => {
  expect(isResumable(view)).toBe(expected);
});

test("startAgainHint() and wayBack() name `cliai resume` only for an agent that it can start", () => {
  const record = { agent_id: ada, first_seen: at, commands: [], audit_seq: 0, commands_seq: 0 };
  const launched = { ...record, heartbeat: { ...beat, agent_cli: "claude" } };
  expect([startAgainHint(launched), wayBack(launched)]).toEqual([
    "start it again: cliai resume ada",
    "cliai resume ada",
  ]);
  for (const hint of [startAgainHint, wayBack]) {
    expect(hint({ ...record, heartbeat: beat })).toBe(
      "start its own program again, such as the MCP client that runs cliai bridge",
    );
  }
});

test("an agent of a peer comes back by its own program, and not by cliai", () => {
  const agent_id = parseAgentId("peer_ci_echo_kim_main");
  const guest = { agent_id, cli: "agent-protocol", status: "disconnected", heartbeat: beat };
  expect(isResumable(guest)).toBe(false);
  expect(ownWayBack(guest)).toBe("start its own program again; cliai finds it by itself");
});
