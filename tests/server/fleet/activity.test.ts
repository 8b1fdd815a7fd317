import { describe, expect, test } from "bun:test";
import type { FleetEvent } from "../../../src/domain/fleet/reduce-agent.ts";
import { createActivities } from "../../../src/server/fleet/activity.ts";
import { ada, bob } from "../../support/agents.ts";

const now = new Date("2026-01-01T05:00:30.000Z");
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000).toISOString();
const event = (at: string): FleetEvent => ({
  ...{ type: "event", id: ada, at, audit_seq: 1 },
  message: { kind: "tool_start", timestamp: at },
});

describe("createActivities()", () => {
  test("counts the last 30 whole minutes, oldest first, and not the present one", () => {
    const activities = createActivities();
    for (const minutes of [31, 30, 2, 2, 1, 0]) activities.add(event(minutesAgo(minutes)));
    activities.add({ type: "heartbeat", id: ada, at: minutesAgo(5), message: {} });
    const counts = activities.of(ada, now);
    expect(counts).toHaveLength(30);
    expect([counts[0], counts[28], counts[29]]).toEqual([1, 2, 1]);
    expect(counts.reduce((sum, count) => sum + count)).toBe(4);
    expect(activities.of(bob, now)).toEqual(Array(30).fill(0));
  });

  test("an hour later nothing of it is left, though its places are used again", () => {
    const activities = createActivities();
    for (const minutes of [3, 2, 1]) activities.add(event(minutesAgo(minutes)));
    expect(activities.of(ada, new Date(now.getTime() + 3_600_000))).toEqual(Array(30).fill(0));
  });

  test("an old event that is read again replaces no newer count", () => {
    const activities = createActivities();
    activities.add(event(minutesAgo(1)));
    activities.add(event(minutesAgo(1 + 31)));
    expect(activities.of(ada, now)[29]).toBe(1);
  });
});
