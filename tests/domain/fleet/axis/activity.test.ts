import { describe, expect, test } from "bun:test";
import { statusMark } from "../../../../src/cli/fleet/status-mark.ts";
import type { FleetEvent } from "../../../../src/domain/fleet/reduce-agent.ts";
import { agentAfter, bash, id, ran, type Told, time, viewAt } from "../session-events.ts";

describe("deriveActivity() of an agent that has asked by a tool of cliai", () => {
  const ask = (tool: string): Told => ["tool_start", 3, { tool, tool_use_id: "t1" }];
  const asked: FleetEvent = {
    ...{ type: "requests", id, at: time(3) },
    open: [{ request_id: "r1", kind: "question", asked_at: time(3), summary: "Which colour?" }],
  };
  const at = (...events: (Told | FleetEvent)[]) => viewAt(9, agentAfter(events));

  test.each(["mcp__cliai__ask_human", "cliai_ask_human", "cliai-ask_human", "ask_human"])(
    "waits while that call waits (%s)",
    (tool) => {
      const view = at(...ran(ask(tool)), asked);
      expect([view.status, view.axes.attention.value]).toEqual(["waiting", "question"]);
      expect(view.axes.activity.reason).toBe("waits for an answer: Which colour?");
      expect(statusMark(view).text).toContain("waiting !question");
    },
  );

  test("works once the call has returned without the answer, and beside another tool, and after an answer", () => {
    const call = ask("mcp__cliai__ask_human");
    const returned = at(
      ...ran(call, ["tool_end", 5, { tool: "mcp__cliai__ask_human", tool_use_id: "t1" }]),
      asked,
    );
    expect([returned.status, returned.axes.attention.value]).toEqual(["working", "question"]);
    const beside = at(...ran(call, ["tool_start", 4, { ...bash, tool_use_id: "t2" }]), asked);
    expect(beside.status).toBe("working");
    expect(at(...ran(call)).status).toBe("working");
    expect(at(...ran(["tool_start", 3, bash]), asked).status).toBe("working");
  });
});

describe("deriveActivity() of an agent whose turn is held at its end", () => {
  const words = "it is about to end its turn; without an answer it ends";
  const asked = (open: object): FleetEvent => ({
    ...{ type: "requests", id, at: time(5) },
    open: [{ request_id: "r1", kind: "stop_approval", asked_at: time(5), summary: words, ...open }],
  });
  const done: Told[] = [
    ["tool_start", 3, bash],
    ["tool_end", 4, bash],
  ];
  const at = (...events: (Told | FleetEvent)[]) => viewAt(9, agentAfter(events));

  test("waits for the approval, and does not work", () => {
    const view = at(...ran(...done), asked({ holds_turn: true }));
    expect(statusMark(view).text).toStartWith("◐ waiting !approval");
    expect(view.axes.activity).toMatchObject({
      source: "session",
      reason: `waits for an approval: ${words}`,
    });
    expect(view.axes.attention).toMatchObject({ value: "approval", reason: `asks to be allowed: ${words}` });
  });

  test("works where it has asked by its own tool and that call has returned, beside a tool of a subagent, and once the turn is over", () => {
    const holds = asked({ holds_turn: true });
    expect(at(...ran(...done), asked({})).status).toBe("working");
    expect(at(...ran(...done, ["tool_start", 6, { ...bash, subagent: "s1" }]), holds).status).toBe("working");
    expect(at(...ran(...done, ["turn_end", 6]), holds).status).toBe("idle");
  });
});

describe("deriveActivity() of an agent at its birth", () => {
  const task: FleetEvent = {
    type: "command",
    id,
    at: time(1),
    stream_seq: 1,
    message: { type: "task", payload: "count", command_id: "c1" },
  };
  const receipt = (s: number, state: "delivered" | "seen"): FleetEvent => ({
    type: "receipt",
    id,
    at: time(s),
    audit_seq: 0,
    message: { command_id: "c1", state },
  });
  const launched: FleetEvent = {
    type: "heartbeat",
    id,
    at: time(1),
    message: { instance_id: "run-1", has_launch_task: true },
  };
  const began: Told = ["session_start", 2, { generation: 1_000, seq: 1 }];
  const waits = (text: string, s = 6): FleetEvent => ({
    type: "heartbeat",
    id,
    at: time(s),
    message: { instance_id: "run-1", waits_at_terminal: text },
  });

  test("is starting while a task waits to be taken, and never idle before", () => {
    const view = viewAt(4, agentAfter([task, began, receipt(3, "delivered")]));
    expect([view.status, view.axes.activity.reason]).toEqual(["starting", "a task waits to be taken"]);
    expect(viewAt(4, agentAfter([launched, began])).status).toBe("starting");
  });

  test("is idle without a task, with one that it has seen, and after a minute", () => {
    expect(viewAt(4, agentAfter([began])).status).toBe("idle");
    expect(viewAt(4, agentAfter([task, began, receipt(3, "seen")])).status).toBe("idle");
    expect(viewAt(63, agentAfter([task, began])).status).toBe("idle");
  });

  test("waits at its terminal where its CLI has not begun, until it has", () => {
    const untrusted = waits("it may ask whether it trusts this folder");
    const view = viewAt(7, agentAfter([untrusted]));
    expect(view.axes).toMatchObject({ activity: { value: "waiting" }, attention: { value: "terminal" } });
    expect(statusMark(view).text).toBe("◐ waiting !terminal: it may ask whether it trusts this folder");
    expect(viewAt(8, agentAfter([untrusted, waits("", 7)])).axes.attention.value).toBe("none");
  });
});
