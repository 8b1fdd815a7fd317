import { expect, test } from "bun:test";
import { isNotSteerable } from "../../../../src/agents/codex/app-server/codex-thread.ts";

test.each([
  // As 0.171.0 answers while it shortens the conversation.
  ["codex: turn/start: failed to submit turn input: ActiveTurnNotSteerable { turn_kind: Compact }", true],
  ["codex: turn/start: its app-server has ended", false],
])("isNotSteerable() of %p is %p", (message, expected) => {
  expect(isNotSteerable(new Error(message))).toBe(expected);
});
