import { describe, expect, test } from "bun:test";
import { againOf, standingOf } from "../../../src/cli/resume/standing.ts";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import { takenDownReason } from "../../../src/domain/fleet/taken-down.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";

const now = new Date("2026-01-01T01:00:00.000Z");
const ago = (s: number) => new Date(now.getTime() - s * 1000).toISOString();
const session = {
  ...{ instance_id: "r1", session_id: "s1", generation: 1, seq: 1, tools: [] },
  ...{ started_at: ago(90), last_event_at: ago(9), turn: { since: ago(80), ended_at: ago(9) } },
};
const running: AgentRecord = {
  ...{ agent_id: parseAgentId("ada"), first_seen: ago(600), audit_seq: 1, commands_seq: 1, commands: [] },
  ...{ host: "here", config_name: "demo", project_path: "/work", role: "captain", session },
  heartbeat: { at: ago(5), interval_s: 15, instance_id: "r1" },
};
const said = (status: string) => ({
  said: { status, at: ago(3), since: ago(3), source: "status" as const, instance_id: "r1" },
});
const pause = {
  ...{ command_id: "p", type: "pause" as const, from: "me", summary: "", stream_seq: 3, issued_at: ago(9) },
  receipts: [{ state: "applied" as const, at: ago(8) }],
};
const stop = (reason: string, run = "r1") => ({
  commands: [{ ...pause, command_id: "s", type: "stop" as const, summary: reason, run }],
});
const atLimit = { ...session, turn_error: { error: "usage_limit" as const, detail: "429", at: ago(9) } };
const { session: _, ...bare } = running;

const stand = (
  record: AgentRecord,
  isHeld: boolean,
  hostname = "here",
  { isRunning = isHeld, takesOver = false } = {},
) => {
  const place = { hostname, isHeld, isRunning, takesOver };
  const { state, wentDown } = standingOf(viewAgent(record, now), place);
  return wentDown ? `${state}, went down` : state;
};

describe("standingOf()", () => {
  test("leaves one alone whose lock is in another data directory: its process runs", () => {
    expect(stand(running, false, "here", { isRunning: true })).toBe("runs");
  });

  test.each<[string, AgentRecord, boolean, string]>([
    ["one that runs", running, true, "runs"],
    ["one that is paused", { ...running, commands: [pause] }, true, "paused"],
    ["one that is at a usage limit", { ...running, session: atLimit }, true, "paused"],
    ["one whose host was killed a moment ago", running, false, "ended, went down"],
    ["one that a person stopped", { ...running, ...said("stopped") }, false, "ended"],
    [
      "one that a person stopped for a reason",
      { ...running, ...said("stopped"), ...stop("enough") },
      false,
      "ended",
    ],
    [
      "one that `down --agents` stopped",
      { ...running, ...said("stopped"), ...stop(takenDownReason) },
      false,
      "ended, went down",
    ],
    [
      "a bridge without a host that `down --agents` stopped",
      { ...bare, ...said("stopped"), ...stop(takenDownReason) },
      false,
      "ended",
    ],
    [
      "one that `down --agents` stopped once, and a person since",
      { ...running, ...said("stopped"), ...stop(takenDownReason, "r0") },
      false,
      "ended",
    ],
    ["one that ended by itself", { ...running, ...said("ended") }, false, "ended"],
    ["one that crashed", { ...running, ...said("crashed") }, false, "ended"],
    [
      "one that was told to end, as by its window",
      { ...running, ...said("disconnected") },
      false,
      "ended, went down",
    ],
    [
      "one that is silent since its machine was started again",
      { ...running, heartbeat: { at: ago(900), interval_s: 15 } },
      false,
      "ended, went down",
    ],
    [
      "one that is silent, and whose host is still there",
      { ...running, heartbeat: { at: ago(900), interval_s: 15 } },
      true,
      "unknown",
    ],
    ["a bridge without a host that is online", bare, false, "runs"],
    [
      "a bridge without a host that fell silent",
      { ...bare, heartbeat: { at: ago(900), interval_s: 15 } },
      false,
      "unknown",
    ],
  ])("%s", (_name, record, isHeld, state) => {
    expect(stand(record, isHeld)).toBe(state);
  });

  test("what ran on another machine is resumed there", () => {
    expect(stand({ ...running, ...said("stopped") }, false, "there")).toBe("elsewhere");
    expect(stand({ ...running, heartbeat: { at: ago(900), interval_s: 15 } }, false, "there")).toBe(
      "elsewhere, went down",
    );
    expect(stand(running, false, "there")).toBe("runs");
  });

  test("what ran on another machine is started on this one if a person says that it runs there no longer", () => {
    // Another process has its number here.
    const moved = (record: AgentRecord, isHeld = false) =>
      stand(record, isHeld, "there", { isRunning: true, takesOver: true });
    const silent = { heartbeat: { at: ago(900), interval_s: 15, instance_id: "r1" } };
    expect(moved({ ...running, ...said("stopped") })).toBe("ended");
    expect(moved({ ...running, ...said("stopped"), ...stop(takenDownReason) })).toBe("ended, went down");
    expect(moved({ ...running, ...said("disconnected") })).toBe("ended, went down");
    expect(moved({ ...running, ...silent })).toBe("ended, went down");
    // One that is heard runs, and one that is held here has been started here.
    expect(moved(running)).toBe("runs");
    expect(moved({ ...running, ...silent }, true)).toBe("unknown");
    expect(moved({ ...bare, ...silent })).toBe("unknown");
  });
});

test("againOf() has profile, project, role and session; no session where no prompt was ever given", () => {
  expect(againOf(viewAgent(running, now))).toEqual({
    ...{ id: running.agent_id, profile: "demo", project: "/work", role: "captain", session: "s1" },
  });
  const { turn: _turn, ...fresh } = session;
  expect(againOf(viewAgent({ ...running, session: fresh }, now)).session).toBeUndefined();
  // It would become an argument of its CLI.
  const evil = { ...session, session_id: "--dangerously-skip-permissions" };
  expect(againOf(viewAgent({ ...running, session: evil }, now)).session).toBeUndefined();
});
