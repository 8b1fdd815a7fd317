import { describe, expect, test } from "bun:test";
import type { AgentRecord } from "../../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../../src/domain/fleet/agent-view.ts";
import type { CommandRecord, ReceiptEntry } from "../../../../src/domain/receipts.ts";
import { parseAgentId } from "../../../../src/domain/wire/agent-id.ts";

const now = new Date("2026-01-01T02:00:00.000Z");
const ago = (s: number) => new Date(now.getTime() - s * 1000).toISOString();

const alive: AgentRecord = {
  agent_id: parseAgentId("ada"),
  first_seen: ago(6_000),
  run_started_at: ago(6_000),
  commands: [],
  audit_seq: 0,
  commands_seq: 0,
  heartbeat: { at: ago(5), interval_s: 15 },
};
const task = (summary: string, s: number, ...states: ReceiptEntry["state"][]): CommandRecord => ({
  command_id: summary,
  type: "task",
  from: "me",
  summary,
  stream_seq: 1,
  issued_at: ago(s),
  receipts: states.map((state) => ({ state, at: ago(s) })),
});
const turn = (since: number, ended?: number) => ({
  started_at: ago(6_000),
  last_event_at: ago(ended ?? since),
  tools: [],
  generation: 1,
  seq: 1,
  turn: { since: ago(since), ...(ended === undefined ? {} : { ended_at: ago(ended) }) },
});
const shown = (more: Partial<AgentRecord>) => {
  const view = viewAgent({ ...alive, ...more }, now);
  expect(view.current_task).toBe(view.task.source === "none" ? "unknown" : view.task.text);
  return view.task;
};

describe("an agent's task", () => {
  test("is the last order that it has taken, by its first line, until the agent says otherwise", () => {
    const dig = task("dig a hole\nas deep as you can", 60, "stored", "delivered", "injected", "seen");
    expect(shown({ commands: [task("before", 90, "injected", "seen"), dig] })).toEqual({
      text: "dig a hole",
      source: "order",
      from: "me",
      at: ago(60),
      age_s: 60,
      is_stale: false,
    });
    const words = { current_task: "looking for a spade", task_at: ago(30) };
    expect(shown({ commands: [dig], ...words })).toMatchObject({
      text: "looking for a spade",
      source: "agent",
    });
    expect(shown({ commands: [dig], ...words, task_at: ago(90) })).toMatchObject({ text: "dig a hole" });
  });

  test.each([
    ["handed over before the report, and seen late", 62, 58, 60, "looking for a spade"],
    ["handed over after the report", 59, 58, 60, "dig a hole"],
    ["that waited for the end of another turn, in which the report came", 600, 58, 300, "dig a hole"],
  ])("is that of an order %s", (_, injectedAt, seenAt, reportedAt, expected) => {
    const receipts: ReceiptEntry[] = [
      { state: "injected", at: ago(injectedAt) },
      { state: "seen", at: ago(seenAt) },
    ];
    const dig = { ...task("dig a hole", 700), receipts };
    const words = { current_task: "looking for a spade", task_at: ago(reportedAt) };
    expect(shown({ commands: [dig], ...words }).text).toBe(expected);
  });

  test("that only waits is shown where there is nothing else, and not in the place of what the agent says", () => {
    const waiting = task("fill it", 10, "stored", "delivered");
    expect(shown({ commands: [waiting] })).toMatchObject({ text: "fill it", is_stale: false });
    const words = { current_task: "digging", task_at: ago(30) };
    expect(shown({ commands: [waiting], ...words })).toMatchObject({ text: "digging" });
    expect(shown({ commands: [task("late", 10, "stored", "expired")], ...words }).text).toBe("digging");
  });

  test("is the one that the model has, and not a later one that its CLI has been handed and the model has not seen", () => {
    const dig = task("dig", 60, "injected", "seen");
    const later = task("fill it", 10, "stored", "delivered", "injected");
    expect(shown({ commands: [dig, later] })).toMatchObject({ text: "dig", is_stale: false });
    const words = { current_task: "digging", task_at: ago(30) };
    expect(shown({ commands: [dig, later], ...words })).toMatchObject({ text: "digging" });
    // The one before is over, so it works on none: the one that waits comes next.
    const over = task("dig", 60, "injected", "seen", "applied");
    expect(shown({ commands: [over, later] })).toMatchObject({ text: "fill it", is_stale: false });
    const launch_task = { text: "build it", at: ago(100) };
    expect(shown({ launch_task, commands: [later] })).toMatchObject({ text: "build it" });
  });

  test("is the one that it was launched with, until it takes another", () => {
    const launch_task = { text: "build it\nall of it", at: ago(5_000) };
    expect(shown({ launch_task })).toMatchObject({
      text: "build it",
      source: "order",
      from: "its launch",
      at: ago(5_000),
      is_stale: false,
    });
    expect(shown({ launch_task, commands: [task("dig", 60, "injected", "seen")] })).toMatchObject({
      text: "dig",
    });
    // One of an earlier run.
    expect(shown({ launch_task, commands: [task("old", 7_000, "injected", "seen")] })).toMatchObject({
      text: "build it",
    });
    // A turn has ended since, which may have been the one with it.
    expect(shown({ launch_task, session: turn(4_900, 50) })).toMatchObject({
      text: "build it",
      is_stale: true,
    });
    expect(shown({ launch_task, session: turn(4_900) })).toMatchObject({ is_stale: false });
  });

  const words = { current_task: "digging", task_at: ago(100) };
  test.each<[string, Partial<AgentRecord>, boolean]>([
    ["in the turn that runs", { session: turn(200) }, false],
    ["before the prompt that it has now", { session: turn(50) }, true],
    ["in a turn that has ended", { session: turn(200, 50) }, true],
    ["after the end of its last turn", { session: turn(200, 150) }, false],
    ["an agent that is away", { heartbeat: { at: ago(100), interval_s: 15 } }, true],
    ["more than an hour ago", { task_at: ago(3_601) }, true],
  ])("reported %s is stale: %#", (_, more, is_stale) => {
    expect(shown({ ...words, ...more })).toMatchObject({ text: "digging", source: "agent", is_stale });
  });

  test("that never came to the model is shown where there is no other", () => {
    const failed = task("add a title", 60, "failed");
    expect(shown({ commands: [failed] })).toMatchObject({ text: "add a title", is_stale: true });
    expect(shown({ commands: [task("dig", 90, "delivered", "seen", "applied"), failed] }).text).toBe("dig");
  });

  test("that an order has ended is stale as well", () => {
    expect(shown({ commands: [task("dig", 60, "injected", "seen", "applied")] })).toMatchObject({
      text: "dig",
      is_stale: true,
    });
  });
});
