// Which agents can be resumed.
import { expect, test } from "bun:test";
import { isResumable } from "../../../../src/domain/fleet/shown/way-back.ts";

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
