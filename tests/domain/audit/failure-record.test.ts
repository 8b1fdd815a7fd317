import { describe, expect, test } from "bun:test";
import { isFailureRecord } from "../../../src/domain/audit/failure-record.ts";

describe("isFailureRecord()", () => {
  test.each<[string, unknown, boolean]>([
    ["agent.ada.event", { kind: "tool_failed", tool: "Bash" }, true],
    ["agent.ada.event", { kind: "turn_failed" }, true],
    ["agent.ada.event", { kind: "tool_denied" }, true],
    ["agent.ada.event", { kind: "tool_end" }, false],
    ["agent.ada.receipt", { state: "refused" }, true],
    ["agent.ada.receipt", { state: "expired" }, true],
    ["agent.ada.receipt", { state: "applied" }, false],
    ["agent.ada.status", { status: "error" }, true],
    ["agent.ada.status", { status: "failed_to_start" }, true],
    ["agent.ada.status", { status: "idle", message: "error" }, false],
    ["agent.ada.command", { type: "stop", success: false }, false],
    ["audit.tools.ada", { tool: "check_inbox", success: false }, true],
    ["audit.tools.ada", { tool: "check_inbox", success: true }, false],
    ["audit.malformed", { error: "no JSON" }, true],
    ["audit.malformed.ada", { error: "no JSON" }, true],
    ["dashboard.alert", { severity: "warning" }, true],
    ["dashboard.alert", { severity: "info" }, false],
    ["dashboard.alert", { severity: "critical", resolved_at: "2026-01-01T00:00:00Z" }, false],
    ["agent.ada.event", null, false],
    ["agent.ada.event", "tool_failed", false],
  ])("%s %j", (subject, message, isFailure) => {
    expect(isFailureRecord(subject, message)).toBe(isFailure);
  });
});
