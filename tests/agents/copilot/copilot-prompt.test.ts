// Screens as Copilot CLI 1.0.102 wrote them, and what may be typed there.
import { describe, expect, test } from "bun:test";
import { readCopilotPrompt, readCopilotTurn } from "../../../src/agents/copilot/copilot-prompt.ts";
import type { ScreenView } from "../../../src/agents/terminal/terminal-screen.ts";

const edge = "─".repeat(80);
const idle = " ← open sidebar · Interactive · Manual Approval · / commands           model-1";
const written = " Interactive · Manual Approval · @ files · # issues                    model-1";
const working = " ◎ Working · 64 B esc esc interrupt                                    model-1";

/** The lines below what was said; the cursor is in the first line of the prompt. */
function shown(prompt: readonly string[], below: string, column = 2): ScreenView {
  const texts = [" ● Done.", " /work", edge, ...prompt, edge, below];
  return { rows: texts.map((text) => ({ text, brightText: text })), cursor: { row: 3, column } };
}
const dialog: ScreenView = {
  rows: ["╭────────────╮", "│ ❯ 1. Yes   │", "│   2. No    │", "╰────────────╯"].map((text) => ({
    ...{ text, brightText: text },
  })),
  cursor: { row: 1, column: 2 },
};

describe("readCopilotPrompt()", () => {
  test.each([
    idle,
    idle.replace("Interactive", "Plan"),
    idle.replace("Interactive", "Autopilot"),
    " ● Waiting for background shells · 64 B esc esc interrupt              model-1",
  ])("is empty above %j", (below) => {
    expect(readCopilotPrompt(shown(["❯"], below))).toBe("empty");
  });

  test("words stand in it, on one line or more", () => {
    expect(readCopilotPrompt(shown(["❯ hello"], written, 7))).toBe("written");
    expect(readCopilotPrompt(shown(["❯ [Paste #1 - 32 lines]"], written, 23))).toBe("written");
    expect(readCopilotPrompt(shown(["❯ one", "  two"], written, 5))).toBe("written");
    expect(readCopilotPrompt(shown(["❯"], idle, 1))).toBe("written");
  });

  test.each([
    ["while it works", shown(["❯"], working)],
    ["while it begins", shown(["❯"], " ◉ Loading: 1 plugin, 13 hooks, 2 skills, 1 MCP server     model-1")],
    ["in the shell mode", shown(["! Execute shell command"], idle.replace("Interactive", "Shell"))],
    ["in the help", shown(["❯"], " any key close help                            model-1")],
    ["in a dialog", dialog],
    ["before it has drawn anything", { rows: [], cursor: { row: 0, column: 0 } }],
  ])("is not there %s", (_, screen) => {
    expect(readCopilotPrompt(screen)).toBe("other");
  });
});

describe("readCopilotTurn()", () => {
  test("a turn runs, runs not, or the screen does not say so", () => {
    expect(readCopilotTurn(shown(["❯"], working))).toBe("running");
    expect(readCopilotTurn(shown(["❯ SLOW now"], " ◎ Working esc esc edit prompt"))).toBe("running");
    expect(readCopilotTurn(shown(["❯ SLOW now"], written))).toBe("none");
    expect(readCopilotTurn(dialog)).toBe("other");
  });
});
