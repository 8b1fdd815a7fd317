// What the axis `attention` says of orders that nobody takes up, and which of several things it names.
// tests/domain/fleet/status.test.ts has its values.
import { describe, expect, test } from "bun:test";
import type { AgentRecord } from "../../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../../src/domain/fleet/agent-view.ts";
import type { FleetEvent } from "../../../../src/domain/fleet/reduce-agent.ts";
import type { OrderType } from "../../../../src/domain/receipts.ts";
import { ago, alive, beatOf, now, orderOf, recordOf, saidOf } from "../../../support/agent-records.ts";
import { agentAfter, bash, id, ran, type Told, time, viewAt } from "../session-events.ts";

const attention = (fields: Partial<AgentRecord>) => viewAgent(recordOf(fields), now).axes.attention;

const stored = { state: "stored", at: ago(400) } as const;
const delivered = (s: number) => ({ state: "delivered", at: ago(s) }) as const;
const untaken = (type: OrderType, s = 90) => orderOf(type, stored, delivered(s));

describe("deriveAttention() of an order that is not taken up", () => {
  test("names the order, by whom it is, how far it came and for how long", () => {
    expect(attention({ ...alive, commands: [untaken("task")] })).toEqual({
      value: "unseen",
      source: "command",
      at: ago(90),
      age_s: 90,
      reason: "task by me is delivered, not taken up",
    });
  });

  test("counts from the order's last receipt, and only a delivered one; a message waits as long as it likes", () => {
    const unseen = (...commands: AgentRecord["commands"]) => attention({ ...alive, commands }).value;
    expect(unseen(untaken("task", 60))).toBe("none");
    expect(unseen(orderOf("task", delivered(90), { state: "injected", at: ago(80) }))).toBe("none");
    expect(unseen(untaken("message", 500))).toBe("none");
    expect(unseen(untaken("pause", 61))).toBe("unseen");
  });

  test("names the oldest of several", () => {
    const commands = [{ ...untaken("task", 200), from: "first" }, untaken("task", 100)];
    expect(attention({ ...alive, commands }).reason).toBe("task by first is delivered, not taken up");
  });

  test("says of a task why the host does not hand it over; a control order waits for no such thing", () => {
    const heartbeat = beatOf(5, { waits_because: "its user is typing" });
    expect(attention({ heartbeat, commands: [untaken("task")] }).reason).toBe(
      "task by me is delivered, not taken up: its user is typing",
    );
    expect(attention({ heartbeat, commands: [untaken("pause")] }).reason).toBe(
      "pause by me is delivered, not taken up",
    );
  });

  test("says how to reach a closed terminal only where the task waits there", () => {
    const closed = { terminal_closed: true } as const;
    const hint = (fields: object) =>
      attention({ heartbeat: beatOf(5, { ...closed, ...fields }), commands: [untaken("task")] }).hint;
    expect(hint({ waits_because: "its user is typing" })).toEndWith("cliai attach ada");
    expect(hint({})).toBeUndefined();
  });

  test("says of an agent that is away that it is lost, and nothing of its orders", () => {
    const { value, reason } = attention({ heartbeat: beatOf(500), commands: [untaken("task")] });
    expect([value, reason]).toEqual(["error", "lost: its heartbeats are missing; it may still run"]);
  });
});

describe("deriveAttention() of what the agent says", () => {
  test("shows its own words, and without words that it reported so", () => {
    expect(attention({ ...alive, said: saidOf("error") }).reason).toBe("reports an error");
    expect(attention({ ...alive, said: saidOf("error", 5, { message: "no disk" }) }).reason).toBe("no disk");
    expect(attention({ ...alive, said: saidOf("blocked") }).reason).toBe("reports blocked");
    expect(attention({ ...alive, said: saidOf("blocked", 5, { message: "no key" }) }).reason).toBe("no key");
  });

  test("names the approval that has waited longest, else the question that has", () => {
    const request = (kind: "question" | "permission", s: number) => ({
      ...{ request_id: `${kind}-${s}`, kind, asked_at: ago(s), summary: `${kind} of ${s} s` },
    });
    const asks = (...requests: NonNullable<AgentRecord["requests"]>) =>
      attention({ ...alive, requests }).reason;
    const questions = [request("question", 90), request("question", 60)];
    expect(asks(...questions)).toBe("asks: question of 90 s");
    expect(asks(...questions, request("permission", 40), request("permission", 30))).toBe(
      "wants permission: permission of 40 s",
    );
  });

  test("rests what waits at the terminal on the heartbeat, since the run began", () => {
    const heartbeat = beatOf(5, { waits_at_terminal: "it may ask for a login" });
    expect(attention({ heartbeat, run_started_at: ago(30) })).toEqual({
      value: "terminal",
      source: "heartbeat",
      at: ago(30),
      age_s: 30,
      reason: "it may ask for a login",
    });
    expect(attention({ heartbeat }).at).toBe(ago(600));
  });
});

test("deriveAttention() says how to reach a closed terminal for a question that a dialog there asks", () => {
  const session = {
    started_at: ago(300),
    last_event_at: ago(20),
    tools: [],
    waits: [{ since: ago(20), what: "answer", detail: "Which?" }],
  } as const;
  const closed = beatOf(5, { terminal_closed: true });
  expect(attention({ heartbeat: closed, session })).toMatchObject({
    value: "question",
    hint: expect.stringContaining("cliai attach ada"),
  });
});

describe("deriveAttention() of an agent that waits at a terminal that was closed", () => {
  const closed = (fields: object = {}): FleetEvent => ({
    ...{ type: "heartbeat", id, at: time(6) },
    message: { instance_id: "run-1", terminal_closed: true, ...fields },
  });
  const hint = "its window is closed; to answer there: cliai attach ada";
  const attention = (...events: (Told | FleetEvent)[]) => viewAt(9, agentAfter(events)).axes.attention;
  const asks = ran(["tool_start", 3, bash], ["permission", 4, { tool: "Bash", detail: "make" }]);

  test("says what to do: with its CLI's first question, and with a dialog", () => {
    const waits_at_terminal = "it may ask whether it trusts this folder";
    expect(attention(closed({ waits_at_terminal }))).toMatchObject({ value: "terminal", hint });
    expect(attention(...asks, closed())).toMatchObject({ value: "approval", hint });
  });

  test("and not while its window is open, nor of what is asked in the inbox, nor of what needs nobody there", () => {
    expect(attention(...asks)).not.toHaveProperty("hint");
    const open = [{ request_id: "r1", kind: "permission", asked_at: time(4), summary: "Bash make" }] as const;
    const request: FleetEvent = { type: "requests", id, at: time(5), open };
    expect(attention(...asks, request, closed())).not.toHaveProperty("hint");
    expect(attention(...ran(["tool_start", 3, bash]), closed())).toMatchObject({ value: "none" });
  });
});
