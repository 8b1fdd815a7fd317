import { expect, test } from "bun:test";
import { idOfCall, type KnownCall } from "../../../src/server/tools/call-id.ts";
import { ada, bob } from "../../support/agents.ts";

const call: KnownCall = { id: ada, requestId: "r1", tool: "ask_human", arguments: { question: "why?" } };

test("idOfCall() is the same for a repeated call", () => {
  expect(idOfCall(call)).toMatch(/^[0-9a-f]{16}$/);
  expect(idOfCall({ ...call, arguments: { question: "why?" } })).toBe(idOfCall(call));
});

test.each<[string, Partial<KnownCall>]>([
  ["another agent's", { id: bob }],
  ["another call's", { requestId: "r2" }],
  ["another tool's", { tool: "send_message" }],
  ["that of other words under the same call id", { arguments: { question: "how?" } }],
])("idOfCall() differs from %s", (_what, other) => {
  expect(idOfCall({ ...call, ...other })).not.toBe(idOfCall(call));
});
