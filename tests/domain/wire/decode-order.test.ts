import { describe, expect, test } from "bun:test";
import { decodeOrder, ownIdOf } from "../../../src/domain/wire/decode-order.ts";

const stored = (subject: string, body: object) => ({
  subject,
  data: new TextEncoder().encode(JSON.stringify(body)),
});

describe("decodeOrder()", () => {
  test.each([
    ["command", { type: "task", payload: "go", command_id: "c-1" }, "c-1"],
    ["shutdown", { reason: "enough", command_id: "c-2" }, "c-2"],
    ["message", { text: "hello", message_id: "m-1" }, "m-1"],
  ])("reads a %s, its agent and its own id", (topic, body, ownId) => {
    const order = decodeOrder(stored(`agent.ada.${topic}`, body));
    expect(order).toMatchObject({ id: "ada", type: topic, message: body });
    expect(order && ownIdOf(order)).toBe(ownId);
  });

  test("takes nothing from a subject that carries no orders", () => {
    expect(decodeOrder(stored("agent.ada.status", { status: "idle" }))).toBeUndefined();
  });

  test("takes an empty shutdown, and refuses an acknowledgement that came on its subject", () => {
    expect(decodeOrder(stored("agent.ada.shutdown", {}))).toMatchObject({ type: "shutdown" });
    expect(() => decodeOrder(stored("agent.ada.shutdown", { stream: "COMMANDS", seq: 7 }))).toThrow(
      expect.objectContaining({ code: "refused" }),
    );
  });

  test("refuses a subject without an agent id", () => {
    expect(() => decodeOrder(stored("agent.-x.command", { type: "stop" }))).toThrow("not an agent id");
  });
});
