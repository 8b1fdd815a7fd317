import { describe, expect, test } from "bun:test";
import type { Server } from "../../../src/server/server.ts";
import { orderFromForm, orderFromJson, requireReady } from "../../../src/web/api/orders.ts";
import { ada } from "../../support/agents.ts";
import { errorOf } from "../../support/error-of.ts";

describe("orderFromJson()", () => {
  test.each([
    [{ type: "task", text: "dig" }, { text: "dig" }],
    [{ type: "task", payload: "dig" }, { text: "dig" }],
    [{ type: "task", payload: { text: "dig" }, text: "digger" }, { text: "digger" }],
    [
      { type: "stop", payload: { reason: "late", force: true } },
      { reason: "late", force: true },
    ],
    [{ type: "pause", command_id: "c-1" }, { command_id: "c-1" }],
  ])("%j is the order %j", (body, order) => {
    expect(orderFromJson(ada, body, "api")).toEqual({
      id: ada,
      from: "api",
      type: body.type,
      ...order,
    } as never);
  });

  test.each<[unknown, string]>([
    [{ type: "shutdown" }, "type must be one of stop, pause, resume, task"],
    [{ type: "stop", force: "true" }, "force must be true or false"],
    [{ type: "task", text: 1 }, "text must be text"],
    [{ type: "stop", from: "the captain" }, 'unknown field "from"'],
    [{ type: "stop", payload: 7 }, "payload must be text or {text, reason, force}"],
    [{ type: "stop", command_id: "a.b" }, "the id must be 1 to 128 letters, digits, _ or -"],
    ["stop", "the body must be a JSON object"],
  ])("%j is refused", (body, message) => {
    const error = errorOf(() => orderFromJson(ada, body, "api"));
    expect(error).toMatchObject({ code: "message_invalid" });
    expect(error.message).toContain(message);
  });
});

describe("orderFromForm()", () => {
  test("a field that was left empty counts as not given", () => {
    const form = { type: "stop", text: "", reason: "late", force: "", command_id: "c1", other: "x" };
    expect(orderFromForm(ada, form, "dashboard")).toEqual({
      ...{ id: ada, from: "dashboard", type: "stop", reason: "late", command_id: "c1" },
    });
    expect(orderFromForm(ada, { type: "stop", force: "true" }, "dashboard").force).toBe(true);
    expect(errorOf(() => orderFromForm(ada, { type: "stop", force: "yes" }, "dashboard")).message).toContain(
      "force must be true",
    );
  });
});

describe("requireReady()", () => {
  test("refuses with the server's own reason while nothing can be stored", () => {
    const serverOf = (health: object) => ({ health: () => health }) as unknown as Server;
    expect(requireReady(serverOf({ ready: true }))).toBeUndefined();
    for (const [health, message] of [
      [{ ready: false, reason: "the disk is full" }, "the disk is full"],
      [{ ready: false }, "NATS cannot be reached"],
    ] as const)
      expect(errorOf(() => requireReady(serverOf(health)))).toMatchObject({
        code: "nats_unreachable",
        message,
      });
  });
});
