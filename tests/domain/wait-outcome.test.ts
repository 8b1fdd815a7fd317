import { describe, expect, test } from "bun:test";
import type { AgentRecord } from "../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../src/domain/fleet/agent-view.ts";
import type { SessionEvidence } from "../../src/domain/fleet/session-evidence.ts";
import type { CommandRecord } from "../../src/domain/receipts.ts";
import { exitCodeOfOutcome, outcomeOf, type WaitGoal } from "../../src/domain/wait-outcome.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import type { ReceiptState } from "../../src/domain/wire/messages.ts";

const now = new Date("2026-01-01T01:00:00.000Z");
const ago = (s: number) => new Date(now.getTime() - s * 1000).toISOString();

const bare: AgentRecord = {
  agent_id: parseAgentId("ada"),
  first_seen: ago(600),
  heartbeat: { at: ago(5), interval_s: 15, instance_id: "r1" },
  commands: [],
  audit_seq: 0,
  commands_seq: 0,
};
const session = (rest: Partial<SessionEvidence>): { session: SessionEvidence } => ({
  session: {
    ...{ instance_id: "r1", generation: 1, seq: 1, tools: [] },
    ...{ started_at: ago(500), last_event_at: ago(10) },
    ...rest,
  },
});
const working = session({ turn: { since: ago(100) }, last_prompt_at: ago(100) });
const rests = session({ turn: { since: ago(100), ended_at: ago(20) }, last_prompt_at: ago(100) });
const said = (status: string, message: string) => ({
  said: { status, message, at: ago(3), since: ago(3), source: "status" as const, instance_id: "r1" },
});
const limitWords = "its turn failed (usage_limit): 5 pm";
const failedAtLimit = (s: number) =>
  session({
    turn: { since: ago(100), ended_at: ago(s) },
    turn_error: { error: "usage_limit", detail: "5 pm", at: ago(s) },
  });
const beat = bare.heartbeat ?? { at: ago(5), interval_s: 15 };
/** A task whose last receipt came so many seconds ago. */
const task = (state: ReceiptState, s: number, detail?: string): CommandRecord => ({
  ...{ command_id: "t", type: "task", from: "me", summary: "tidy up", stream_seq: 7, issued_at: ago(300) },
  receipts: [
    { state: "stored", at: ago(300) },
    { state, at: ago(s), ...(detail === undefined ? {} : { detail }) },
  ],
});
/** The task of a launch, as the host of that run reports it. */
const launchTask = (run: string, state: ReceiptState, detail = "no"): CommandRecord => ({
  ...{ command_id: `launch-${run}`, type: "task", from: "its launch", summary: "tidy up" },
  ...{ stream_seq: 0, issued_at: ago(3), receipts: [{ state, at: ago(3), detail }] },
});
const gone = (s: number) => ({
  heartbeat: { ...beat, at: ago(s) },
  connection: {
    ...{ isUp: false, at: ago(s - 1), client: "S 1", started_at: ago(300), instance_id: "r1" },
    reason: "Client Closed",
  },
});
const asks = {
  requests: [{ request_id: "q1", kind: "question" as const, asked_at: ago(4), summary: "which?" }],
};

const judge = (record: Partial<AgentRecord>, goal: WaitGoal = "done") =>
  outcomeOf(viewAgent({ ...bare, ...record }, now), goal, now);

describe("outcomeOf()", () => {
  test.each<[string, Partial<AgentRecord>, string | undefined, string | RegExp]>([
    ["a turn that runs", working, undefined, ""],
    ["a turn that has ended", rests, "done", "its turn ended"],
    [
      "a launch task whose turn has ended, by a heartbeat of before that",
      { ...rests, heartbeat: { ...beat, has_launch_task: true } },
      "done",
      "its turn ended",
    ],
    [
      "a launch task that no prompt has come of yet",
      { ...session({}), heartbeat: { ...beat, has_launch_task: true } },
      undefined,
      "",
    ],
    [
      "a task that waits behind an ended turn",
      { ...rests, commands: [task("delivered", 15)] },
      undefined,
      "",
    ],
    [
      "a task that was handed over and not yet seen",
      { ...rests, commands: [task("injected", 30)] },
      undefined,
      "",
    ],
    [
      "a task that was seen after the turn had ended",
      { ...rests, commands: [task("seen", 15)] },
      undefined,
      "",
    ],
    [
      "a task that was seen in the turn that has ended",
      { ...rests, commands: [task("seen", 60)] },
      "done",
      "",
    ],
    ["a task with its end", { ...rests, commands: [task("applied", 20)] }, "done", ""],
    [
      "a task that failed",
      { ...rests, commands: [task("failed", 20, "no disk")] },
      "failed",
      "its task was failed: no disk",
    ],
    [
      "a task that was refused",
      { ...rests, commands: [task("refused", 20, "no")] },
      "refused",
      "its task was refused: no",
    ],
    ["a task that failed before the last prompt", { ...rests, commands: [task("failed", 200)] }, "done", ""],
    ["a turn that failed", failedAtLimit(20), "failed", limitWords],
    [
      "a turn that failed at a limit after which it goes on by itself",
      {
        ...failedAtLimit(20),
        holds: [
          {
            ...{ reason: "usage_limit", source: "a", words: "usage limit", after_seq: 0 },
            ...{ since: ago(19), until: ago(-600) },
          },
        ],
      },
      undefined,
      "",
    ],
    ["a turn that has just failed at a limit: it may not be held yet", failedAtLimit(1), undefined, ""],
    ["one that failed at a limit, and was not held then", failedAtLimit(6), "failed", limitWords],
    [
      "a turn that has just failed at a limit after which it does not go on by itself",
      { ...failedAtLimit(1), heartbeat: { ...beat, on_limit: "stop" } },
      "failed",
      limitWords,
    ],
    [
      "what runs in the background",
      session({ turn: { since: ago(9), ended_at: ago(8) }, background: [{ type: "shell" }] }),
      undefined,
      "",
    ],
    [
      "one that tells nothing of its turns, and has acknowledged its task",
      { commands: [task("applied", 9)] },
      "done",
      "",
    ],
    [
      "one that tells nothing of its turns, and was given a task",
      { commands: [task("injected", 9)] },
      undefined,
      "",
    ],
    [
      "one that says it rests, after it was given a task",
      { ...said("idle", "ready"), commands: [task("injected", 9)] },
      "done",
      "",
    ],
    ["one that was stopped", { ...working, ...said("stopped", "stop by me") }, "stopped", "stop by me"],
    [
      "one whose turn a stop has broken off, before the stop is applied",
      {
        ...session({
          turn: { since: ago(100), ended_at: ago(2) },
          turn_error: { error: "other", detail: "aborted", at: ago(2) },
        }),
        commands: [{ ...task("delivered", 3), type: "stop" }],
      },
      undefined,
      "",
    ],
    ["one that crashed", { ...rests, ...said("crashed", "SIGKILL") }, "crashed", "SIGKILL"],
    ["one that ended by itself after its work", { ...rests, ...said("ended", "exit code 0") }, "done", ""],
    [
      "one that ended by itself with a task that it never took",
      { ...rests, ...said("ended", "exit code 0"), commands: [task("delivered", 15)] },
      "failed",
      'exit code 0; its task "tidy up" is delivered',
    ],
    [
      "one that went away before it took the task of its launch, which its host has told",
      { ...said("disconnected", "SIGTERM"), commands: [launchTask("r1", "failed", "not logged in")] },
      "failed",
      "its task was failed: not logged in",
    ],
    [
      "one that ended by itself before it took the task of its launch, after the turns of an earlier run",
      {
        ...session({ ...rests.session, instance_id: "r0" }),
        ...said("ended", "exit code 0"),
        heartbeat: { ...beat, has_launch_task: true },
      },
      "failed",
      "exit code 0; it had not taken its task",
    ],
    [
      "one that ended by itself after the task of its launch, by a heartbeat of before that",
      { ...rests, ...said("ended", "exit code 0"), heartbeat: { ...beat, has_launch_task: true } },
      "done",
      "",
    ],
    [
      "one without hooks that ended by itself, which cannot tell that it took the task of its launch",
      { ...said("ended", "exit code 0"), heartbeat: { ...beat, has_launch_task: true, unheld: "off" } },
      "done",
      "",
    ],
    [
      "one whose earlier run never took the task of its launch",
      { ...rests, ...said("ended", "exit code 0"), commands: [launchTask("r0", "failed")] },
      "done",
      "",
    ],
    [
      "one whose window was closed in the middle of a turn",
      {
        ...session({ turn: { since: ago(9), ended_at: ago(3) }, ended: { at: ago(3), reason: "SIGHUP" } }),
        ...said("disconnected", "its CLI has ended: SIGHUP"),
      },
      "failed",
      /SIGHUP, in the middle of a turn/,
    ],
    [
      "one that could not be started",
      said("failed_to_start", "no such program"),
      "failed",
      /no such program/,
    ],
    ["one whose connection is gone, and may be back", { ...working, ...gone(20) }, undefined, ""],
    ["one that was not heard of for three heartbeats", { ...working, ...gone(50) }, "lost", /Client Closed/],
    ["one that fell silent", { ...rests, heartbeat: { ...beat, at: ago(50) } }, "lost", /no heartbeat/],
    ["one that was never there", { heartbeat: undefined } as unknown as AgentRecord, undefined, ""],
  ])("until done: %s", (_, record, outcome, reason) => {
    const found = judge(record);
    expect(found?.outcome).toBe(outcome as never);
    expect(found?.reason ?? "").toMatch(reason);
  });

  test("an agent that rests with a failed turn is idle, and one that works is not", () => {
    const turn_error = { error: "other" as const, detail: "x", at: ago(20) };
    const failed = session({ turn: { since: ago(100), ended_at: ago(20) }, turn_error });
    expect(judge(failed, "idle")?.outcome).toBe("idle");
    expect(judge(working, "idle")).toBeUndefined();
  });

  test("an agent needs a person where it asks one, and not while it only works", () => {
    expect(judge({ ...working, ...asks }, "needs-you")).toEqual({
      outcome: "needs-you",
      reason: "asks: which?",
    });
    expect(judge(working, "needs-you")).toBeUndefined();
    expect(judge(rests, "needs-you")).toBeUndefined();
  });

  test("silence counts from when the server began to listen, because no heartbeat could come before", () => {
    const silent = viewAgent({ ...bare, ...working, heartbeat: { ...beat, at: ago(300) } }, now);
    expect(outcomeOf(silent, "done", now)?.outcome).toBe("lost");
    expect(outcomeOf(silent, "done", now, ago(10))).toBeUndefined();
    expect(outcomeOf(silent, "done", now, ago(50))?.outcome).toBe("lost");
  });

  test("one that has ended can neither rest nor ask any more", () => {
    const ended = { ...rests, ...said("ended", "exit code 0") };
    for (const goal of ["idle", "needs-you"] as const) expect(judge(ended, goal)?.outcome).toBe("ended");
  });

  test("each outcome has its exit code", () => {
    const code = (outcome: Parameters<typeof exitCodeOfOutcome>[0]["outcome"]) =>
      exitCodeOfOutcome({ outcome, reason: "" });
    expect((["done", "idle", "needs-you"] as const).map(code)).toEqual([0, 0, 0]);
    expect((["failed", "crashed", "lost"] as const).map(code)).toEqual([1, 1, 1]);
    expect((["ended", "stopped", "refused"] as const).map(code)).toEqual([4, 5, 5]);
  });
});
