import { describe, expect, test } from "bun:test";
import { copilot } from "../../../src/agents/copilot/copilot.ts";

describe("copilot", () => {
  test("a session's record is in Copilot's own folder, which its environment may name", () => {
    const pathOf = copilot.session?.recordPath;
    expect(pathOf?.("s-1", { COPILOT_HOME: "/c" })).toBe("/c/session-state/s-1/events.jsonl");
    const home = process.platform === "win32" ? "USERPROFILE" : "HOME";
    expect(pathOf?.("s-1", { [home]: "/h" })).toBe("/h/.copilot/session-state/s-1/events.jsonl");
    expect(pathOf?.("s-1", {})).toBeUndefined();
    expect(pathOf?.("../s-1", { COPILOT_HOME: "/c" })).toBeUndefined();
  });
});
