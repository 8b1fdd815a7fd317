// What the axis `activity` rests on, and when it does not trust what it has. tests/domain/fleet/status.test.ts has more of its values.
import { describe, expect, test } from "bun:test";
import { statusMark } from "../../../../src/cli/fleet/status-mark.ts";
import type { AgentRecord } from "../../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../../src/domain/fleet/agent-view.ts";
import type { FleetEvent } from "../../../../src/domain/fleet/reduce-agent.ts";
import type { ReceiptState } from "../../../../src/domain/wire/messages.ts";
import { ago, alive, beatOf, now, orderOf, recordOf, saidOf } from "../../../support/agent-records.ts";
import { agentAfter, bash, id, ran, type Told, time, viewAt } from "../session-events.ts";

const activity = (fields: Partial<AgentRecord>) => viewAgent(recordOf(fields), now).axes.activity;

/** The session of an agent whose hooks are numbered, 300 s old. */
const session = { started_at: ago(300), last_event_at: ago(20), tools: [], generation: 1, seq: 3 } as const;
const inTurn = { ...session, turn: { since: ago(20) } };
/** As one tells of itself whose hooks are not called: only what it has used. */
const unheld = "its hooks are off";

describe("deriveActivity() without events", () => {
  test.each([
    ["starting", "starting", "says starting"],
    ["stopping", "working", "says stopping"],
    ["paused", "waiting", "says paused"],
    ["waiting", "waiting", "says waiting"],
  ] as const)("takes the word %p as %p", (word, value, reason) => {
    expect(activity({ ...alive, said: saidOf(word) })).toMatchObject({ value, source: "status", reason });
  });

  test("knows nothing of an agent that has said nothing, nor what one does that is away", () => {
    const none = { value: "unknown", source: "none", reason: "the agent has not said what it does" } as const;
    expect(activity(alive)).toEqual(none);
    expect(activity({ heartbeat: beatOf(90), said: saidOf("working", 95) })).toMatchObject({
      value: "unknown",
      source: "status",
      age_s: 95,
      reason: "was working when last heard of",
    });
  });

  test("says how an end came, and that it is not known where nobody has said it", () => {
    const end = (status: string, message?: string) =>
      activity({ ...alive, said: saidOf(status, 5, message === undefined ? {} : { message }) }).reason;
    expect(end("ended", "exit code 0")).toBe("ended: exit code 0");
    expect(end("ended")).toBe("ended: it is not known how");
    expect(end("crashed", "SIGKILL")).toBe("SIGKILL");
    expect(end("crashed")).toBe("it is not known how");
    expect(end("failed_to_start", "no such program")).toBe("no such program");
    expect(end("failed_to_start")).toBe("its CLI could not be started");
  });
});

describe("deriveActivity() of a session whose hooks are not called", () => {
  const heartbeat = beatOf(5, { unheld });

  test("does not take it for idle, whatever it has used, and says why", () => {
    expect(activity({ heartbeat, session })).toEqual({
      value: "unknown",
      source: "none",
      reason: "no hook tells it: its hooks are off",
    });
    expect(activity({ heartbeat }).reason).toBe("no hook tells it: its hooks are off");
  });

  test("takes the agent's own word, and what a turn or an end has shown all the same", () => {
    expect(activity({ heartbeat, session, said: saidOf("working") })).toMatchObject({
      value: "working",
      source: "status",
    });
    expect(activity({ heartbeat, session: inTurn })).toMatchObject({ value: "working", source: "session" });
    const over = { ...session, ended: { at: ago(20), reason: "" } };
    expect(activity({ heartbeat, session: over })).toMatchObject({ value: "done", source: "session" });
  });
});

describe("deriveActivity() of a session with events", () => {
  test("rests a wait at the terminal on the heartbeat, since the run began; until a turn has begun, or it is away", () => {
    const waits = { waits_at_terminal: "it may ask for a login" };
    const record = { heartbeat: beatOf(5, waits), run_started_at: ago(30) };
    expect(activity(record)).toEqual({
      value: "waiting",
      source: "heartbeat",
      at: ago(30),
      age_s: 30,
      reason: "waits at its terminal: it may ask for a login",
    });
    expect(activity({ heartbeat: beatOf(5, waits) }).at).toBe(ago(600));
    expect(activity({ ...record, session: inTurn }).value).toBe("working");
    expect(activity({ heartbeat: beatOf(90, waits), session }).value).toBe("unknown");
  });

  test("gives the agent's own word the place of an open turn only where it says what the agent waits for", () => {
    const says = (status: string) => activity({ ...alive, session: inTurn, said: saidOf(status) });
    expect(says("blocked")).toMatchObject({ value: "waiting", source: "status", reason: "says blocked" });
    expect(says("idle")).toMatchObject({ value: "working", source: "session", reason: "a turn is open" });
    const of = (fields: object) =>
      activity({ ...alive, session: { ...inTurn, ...fields }, said: saidOf("error") }).value;
    expect(of({})).toBe("failed");
    expect(of({ ended: { at: ago(10), reason: "" } })).toBe("done");
    expect(of({ waits: [{ since: ago(9), what: "answer", detail: "" }] })).toBe("waiting");
    expect(of({ retry: { detail: "4/10", error: "overloaded", since: ago(9) } })).toBe("retrying");
  });

  test("names the request that has waited longest, and no permission while a call of its own tool waits", () => {
    const asks = { ...inTurn, tools: [{ tool: "ask_human", since: ago(10) }] };
    const request = (kind: "question" | "permission", s: number) => ({
      ...{ request_id: `${kind}-${s}`, kind, asked_at: ago(s), summary: `${kind} of ${s} s` },
    });
    const waits = (...requests: NonNullable<AgentRecord["requests"]>) =>
      activity({ ...alive, session: asks, requests });
    expect(waits(request("permission", 12), request("question", 9), request("question", 8))).toEqual({
      value: "waiting",
      source: "session",
      at: ago(9),
      age_s: 9,
      reason: "waits for an answer: question of 9 s",
    });
    expect(waits(request("permission", 12)).value).toBe("working");
  });
});

describe("deriveActivity() of a session that has just begun", () => {
  const fresh = (s: number, fields: object = {}) => ({ ...session, started_at: ago(s), ...fields });
  const begins = (began: AgentRecord["session"] & object, ...states: ReceiptState[]) => {
    const task = orderOf("task", ...states.map((state) => ({ state, at: ago(3) })));
    return activity({ ...alive, session: began, commands: [task] }).value;
  };

  test.each(["stored", "delivered", "injected"] as const)("is about to take a task that is %s", (state) => {
    expect(begins(fresh(30), "stored", state)).toBe("starting");
  });

  test("is idle with a task that it has seen or that is over, and with one of which only receipts were read", () => {
    expect(begins(fresh(30), "stored", "seen")).toBe("idle");
    expect(begins(fresh(30), "stored", "expired")).toBe("idle");
    const unread = { ...orderOf("task", { state: "delivered", at: ago(3) }), stream_seq: 0 };
    expect(activity({ ...alive, session: fresh(30), commands: [unread] }).value).toBe("idle");
  });

  test("for a minute, and no more once a turn has begun or the session has ended", () => {
    expect(begins(fresh(60), "stored")).toBe("starting");
    expect(begins(fresh(60.001), "stored")).toBe("idle");
    expect(begins(fresh(30, { turn: { since: ago(9), ended_at: ago(5) } }), "stored")).toBe("idle");
    expect(begins(fresh(30, { ended: { at: ago(5), reason: "" } }), "stored")).toBe("done");
  });
});

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
      expect(statusMark(view).text).toBe("! asks");
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
    expect([view.status, statusMark(view).text]).toEqual(["waiting", "! wants to stop"]);
    expect(view.axes.activity).toMatchObject({
      source: "session",
      reason: `waits for an approval: ${words}`,
    });
    expect(view.axes.attention).toMatchObject({ value: "approval", reason: `wants to stop: ${words}` });
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
    expect(statusMark(view).text).toBe("! waits at its terminal: it may ask whether it trusts this folder");
    expect(viewAt(8, agentAfter([untrusted, waits("", 7)])).axes.attention.value).toBe("none");
  });
});
