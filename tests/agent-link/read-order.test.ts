import { describe, expect, test } from "bun:test";
import { isStop, readOrder } from "../../src/agent-link/read-order.ts";

const now = new Date("2026-05-03T12:00:00Z");

function read(topic: string, body: unknown, seq = 7) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const data = new TextEncoder().encode(text);
  return readOrder({ subject: `agent.ada.${topic}`, data, seq, at: now.toISOString() }, now);
}

describe("readOrder()", () => {
  test("a task is delivered, and its words are not taken here: they come from the inbox", () => {
    const body = { type: "task", payload: { text: "dig", reason: "x" }, command_id: "t1", from: "eve" };
    expect(read("command", body)).toEqual({
      receipt: { command_id: "t1", state: "delivered" },
      order: { command_id: "t1", type: "task", from: "eve", reason: "", force: false },
    });
  });

  test("a control order has its run, reason, force and deadline", () => {
    const payload = { reason: "lunch", force: true, deadline_s: 5 };
    const body = { type: "stop", payload, command_id: "s1", token: "k1", run: "r1", from: "eve" };
    expect(read("command", body)).toEqual({
      receipt: { command_id: "s1", token: "k1", state: "delivered" },
      order: {
        ...{ command_id: "s1", token: "k1", run: "r1", type: "stop", from: "eve" },
        ...{ reason: "lunch", force: true, deadline_s: 5 },
      },
    });
  });

  test("details that make no sense are left out, and the order stands", () => {
    const payload = { reason: "lunch", force: "yes", deadline_s: -1 };
    const { order } = read("command", { type: "stop", payload, command_id: "s1" });
    expect(order).toMatchObject({ type: "stop", from: "unknown", force: false });
    expect(order).not.toHaveProperty("deadline_s");
  });

  test("a shutdown is a stop by another subject", () => {
    const { order, receipt } = read("shutdown", {
      reason: "late",
      approved: true,
      command_id: "d1",
      deadline_s: 3,
    });
    expect(receipt).toEqual({ command_id: "d1", state: "delivered" });
    expect(order).toMatchObject({ type: "shutdown", from: "unknown", force: false, deadline_s: 3 });
    expect(order?.reason).toContain("late");
  });

  test("a message has its own id, and no words", () => {
    expect(read("message", { message_id: "m1", from: "bob", text: "hello" })).toEqual({
      receipt: { command_id: "m1", state: "delivered" },
      order: { command_id: "m1", type: "message", from: "bob", reason: "", force: false },
    });
  });

  test.each([
    ["command", { type: "pause" }],
    ["shutdown", {}],
    ["message", { text: "hello" }],
  ])("a %s without an id is named by its place in the stream", (topic, body) => {
    expect(read(topic, body).receipt?.command_id).toBe("COMMANDS-7");
  });

  test.each([
    ["2026-05-03T11:59:59Z", "expired"],
    ["2026-05-03T12:00:00Z", "expired"],
    ["2026-05-03T12:00:01Z", "delivered"],
  ])("one that expires at %s is %s at 12:00:00", (expires_at, state) => {
    const { receipt, order } = read("command", {
      type: "task",
      payload: "dig",
      command_id: "t1",
      expires_at,
    });
    expect(receipt?.state as string).toBe(state);
    expect(order === undefined).toBe(state === "expired");
    if (state === "expired") expect(receipt?.detail).toBe(`it expired at ${expires_at}`);
  });

  test("a malformed order with an id has failed, in words", () => {
    const { receipt, problem, order } = read("command", { type: "dance", command_id: "c1" });
    expect(receipt).toEqual({ command_id: "c1", state: "failed", detail: problem as string });
    expect(problem).toContain("type must be one of");
    expect(order).toBeUndefined();
  });

  test.each([
    ["command", "no json"],
    ["command", { type: "dance" }],
    // An id that is none of ours is not written into a receipt.
    ["command", { type: "dance", command_id: "a b" }],
    ["status", { status: "idle" }],
  ])("a malformed %s without an id has a problem, and no receipt: %j", (topic, body) => {
    const { receipt, problem, order } = read(topic, body);
    expect([receipt, order]).toEqual([undefined, undefined]);
    expect(problem).not.toBe("");
    expect(problem).toBeString();
  });
});

describe("isStop()", () => {
  test.each([
    ["stop", true],
    ["shutdown", true],
    ["pause", false],
    ["task", false],
  ] as const)("of %s is %p", (type, is) => expect(isStop({ type })).toBe(is));
});
