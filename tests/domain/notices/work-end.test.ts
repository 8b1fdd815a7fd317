import { describe, expect, test } from "bun:test";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import { isAtWork, workEndOf } from "../../../src/domain/notices/work-end.ts";
import { ago, alive, beatOf, now, recordOf, saidOf } from "../../support/agent-records.ts";

const view = (fields: Partial<AgentRecord>) => viewAgent(recordOf({ ...alive, ...fields }), now);
const session = (turn: { since: string; ended_at?: string }) => ({
  session: {
    ...{ started_at: ago(500), last_event_at: ago(10), tools: [], generation: 1, seq: 1 },
    ...{ turn, last_prompt_at: turn.since },
  },
});
const working = session({ since: ago(100) });
const resting = session({ since: ago(100), ended_at: ago(20) });

describe("isAtWork()", () => {
  test.each<[string, Partial<AgentRecord>, boolean]>([
    ["in a turn", working, true],
    ["after its turn", resting, false],
    ["that has done nothing yet", {}, false],
    ["whose heartbeats are missing", { ...working, heartbeat: beatOf(300) }, false],
  ])("an agent %s", (_, record, expected) => {
    expect(isAtWork(view(record))).toBe(expected);
  });
});

describe("workEndOf()", () => {
  test("is done when the turn has ended, and unknown while it runs", () => {
    expect(workEndOf(view(resting), now, "")?.outcome).toBe("done");
    expect(workEndOf(view(working), now, "")).toBeUndefined();
  });

  test("is not done when a person has stopped it, or when it crashed", () => {
    for (const status of ["stopped", "crashed"]) {
      const end = workEndOf(view({ ...working, said: saidOf(status) }), now, "");
      expect(end?.outcome).toBe(status as "stopped");
    }
  });

  test("is unknown right after a start of serve, which has heard no heartbeat yet", () => {
    const old = { ...working, heartbeat: beatOf(300) };
    expect(workEndOf(view(old), now, ago(2))).toBeUndefined();
    expect(workEndOf(view(old), now, ago(200))?.outcome).toBe("lost");
  });
});
