import { describe, expect, test } from "bun:test";
import { buildCommand, type OrderRequest } from "../../src/server/send-command.ts";
import { ada } from "../support/agents.ts";

describe("buildCommand()", () => {
  test("puts a task's words and the reason into the payload", () => {
    const at = new Date(0);
    expect(buildCommand({ id: ada, type: "task", text: "go", from: "me" }, "c1", at)).toEqual({
      type: "task",
      payload: { text: "go" },
      command_id: "c1",
      from: "me",
      issued_at: "1970-01-01T00:00:00.000Z",
      expires_at: "1970-01-07T00:00:00.000Z",
    });
    expect(
      buildCommand({ id: ada, type: "stop", reason: "r", force: true, from: "me" }, "c1", at).payload,
    ).toEqual({
      reason: "r",
      force: true,
    });
    expect("payload" in buildCommand({ id: ada, type: "pause", from: "me" }, "c1", at)).toBe(false);
  });

  test("lets a task wait for six days, and a stop for five minutes, unless the sender says otherwise", () => {
    const expiry = (order: Partial<OrderRequest>) =>
      buildCommand({ id: ada, type: "stop", from: "me", ...order }, "c1", new Date(0)).expires_at;
    expect(expiry({ type: "task", text: "x" })).toBe("1970-01-07T00:00:00.000Z");
    expect(expiry({})).toBe("1970-01-01T00:05:00.000Z");
    expect(expiry({ type: "task", text: "x", expiresInS: 60 })).toBe("1970-01-01T00:01:00.000Z");
  });

  test("refuses a task without words, and words where none belong", () => {
    expect(() => buildCommand({ id: ada, type: "task", from: "me" }, "c", new Date(0))).toThrow(
      "a task needs its text",
    );
    expect(() => buildCommand({ id: ada, type: "task", text: "  ", from: "me" }, "c", new Date(0))).toThrow(
      "its text",
    );
    expect(() => buildCommand({ id: ada, type: "stop", text: "x", from: "me" }, "c", new Date(0))).toThrow(
      "takes no text",
    );
  });
});
