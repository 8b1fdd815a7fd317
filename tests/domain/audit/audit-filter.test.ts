import { describe, expect, test } from "bun:test";
import { auditSubjects, createAuditTest, parseAuditKind } from "../../../src/domain/audit/audit-filter.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { eventKinds } from "../../../src/domain/wire/event-messages.ts";

const data = (body: object) => new TextEncoder().encode(JSON.stringify(body));
const record = (body: object) => ({
  subject: "agent.ada.event",
  at: "2026-01-01T00:00:00.000Z",
  data: data(body),
});

describe("parseAuditKind()", () => {
  test.each([...eventKinds])("takes the kind of event %s", (kind) => {
    expect(parseAuditKind(kind)).toBe(kind);
    expect(auditSubjects({ kind, agent: parseAgentId("ada") })).toEqual(["agent.ada.event"]);
  });

  test("refuses a word that is no kind, and names the nearest", () => {
    expect(() => parseAuditKind("turn_faled")).toThrow(
      expect.objectContaining({ code: "usage", hint: expect.stringContaining("turn_failed") }),
    );
  });
});

test("createAuditTest() takes events of the wanted kind alone", () => {
  const isWanted = createAuditTest({ kind: "turn_failed" });
  expect(isWanted(record({ kind: "turn_failed" }))).toBe(true);
  expect(isWanted(record({ kind: "turn_end" }))).toBe(false);
});

test("createAuditTest() takes only what went wrong", () => {
  const isWanted = createAuditTest({ failed: true });
  expect(isWanted(record({ kind: "tool_failed" }))).toBe(true);
  expect(isWanted(record({ kind: "tool_end" }))).toBe(false);
  expect(isWanted({ ...record({}), data: new TextEncoder().encode("no JSON") })).toBe(false);
});
