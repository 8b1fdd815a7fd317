import { expect, test } from "bun:test";
import { claudeAbilities, showsDialogBesideHook } from "../../../src/agents/claude/claude-abilities.ts";

test.each([
  ["2.1.62", false, false],
  ["2.1.63", true, false],
  ["2.1.329", true, false],
  ["2.1.330", true, true],
  ["2.2.0", true, true],
  ["3.0.1", true, true],
  ["2.1.330-beta", true, true],
  ["2.0.400", false, false],
  // A dialog is held only where it was seen to be shown meanwhile.
  [undefined, true, false],
])(
  "release %p has HTTP hooks: %p, and shows a dialog beside its hook: %p",
  (version, httpHooks, isBeside) => {
    expect(claudeAbilities(version).httpHooks).toBe(httpHooks);
    expect(showsDialogBesideHook(version)).toBe(isBeside);
  },
);
