// Screens as Claude Code 2.1.330 wrote them, on a terminal of ours, and what may be typed there.
import { describe, expect, test } from "bun:test";
import {
  readClaudePrompt,
  readClaudeRetry,
  readClaudeTurn,
} from "../../../src/agents/claude/claude-prompt.ts";
import { createTerminalScreen } from "../../../src/agents/terminal/terminal-screen.ts";

const columns = 60;
const edge = "─".repeat(columns);
const modes = "  ⏵⏵ auto mode on (shift+tab to cycle)";
const inverse = "\u001b[7m \u001b[0m";

/** Shows the lines from the top, and puts the cursor there: row and column count from 0. */
async function read(lines: readonly string[], row: number, column: number) {
  const screen = createTerminalScreen(columns, 24);
  screen.write(Buffer.from(`\u001b[?1049h\u001b[2J\u001b[H${lines.join("\r\n")}`));
  screen.write(Buffer.from(`\u001b[${row + 1};${column + 1}H\u001b[?25l`));
  return readClaudePrompt(await screen.read());
}
const box = (...written: readonly string[]) => ["● OK.", "", edge, ...written, edge];

describe("readClaudePrompt()", () => {
  test("an empty line in its box, in each permission mode and with a status line, takes words", async () => {
    const ends = [
      [modes],
      ["  ⏸ manual mode on · ? for shortcuts · ← for agents"],
      ["  ⏵⏵ accept edits on (shift+tab to cycle) · ← for agents"],
      ["  ⏸ plan mode on (shift+tab to cycle)"],
      ["  ⏵⏵ bypass permissions on (shift+tab to cycle)"],
      ["  ⏵⏵ auto mode on"],
      ["  what the user's own status line says", modes],
      ["  ⏸ manual mode on · /tasks to see subagents", "", "  ● main", "  ◯ general-purpose  stopped"],
    ];
    for (const end of ends) {
      expect([end, await read([...box(`❯ ${inverse}`), ...end], 3, 2)]).toEqual([end, "empty"]);
      // While its window has no focus.
      expect([end, await read([...box("❯ "), ...end], 3, 2)]).toEqual([end, "empty"]);
    }
  });

  test("a suggestion, which is written dim, is nobody's line", async () => {
    const focused = "❯ \u001b[7mr\u001b[0;2mun the tests\u001b[0m";
    expect(await read([...box(focused), modes], 3, 2)).toBe("empty");
    expect(await read([...box("❯ \u001b[2mrun the tests\u001b[0m"), modes], 3, 2)).toBe("empty");
  });

  test("what is written there is somebody's line, wherever the cursor stands in it", async () => {
    const lines: [readonly string[], number, number][] = [
      [["❯ half a line"], 3, 13],
      [["❯ half a line"], 3, 2],
      [["❯ two", "  lines"], 4, 7],
      [["❯ ", "  lines"], 3, 2],
      [["❯ /"], 3, 3],
      [["❯ /\u001b[2m model\u001b[0m"], 3, 2],
      [["❯ [Pasted text #1 +4 lines]"], 3, 27],
      [["❯ x"], 3, 2],
    ];
    for (const [written, row, column] of lines) {
      expect([written, await read([...box(...written), modes], row, column)]).toEqual([written, "written"]);
    }
  });

  const permission = [
    "● OK.",
    edge,
    " Bash command · from the general-purpose agent",
    " touch sub-made.txt",
    " Do you want to proceed?",
    " ❯ 1. Yes",
    "   2. No",
    "",
    " Esc to cancel · Tab to amend",
  ];
  const rewind = [
    "▔".repeat(columns),
    "  Rewind",
    "",
    "  Restore the code and/or conversation to the point before…",
    "",
    "    hi",
    "    No code changes",
    "",
    "  ❯ (current)",
    "",
    "  Enter to continue · Esc to cancel",
  ];
  const agents = [
    "  Needs input",
    "❯ ✻ hello there   OK.                            0s",
    "",
    edge,
    "❯ \u001b[7md\u001b[0;38;5;246mescribe a task for a new session\u001b[0m",
    edge,
    "  ⏵⏵ auto mode · enter to return · space to reply · ? for shortcuts",
  ];
  const trust = [
    " Do you trust the files in this folder?",
    " ❯ 1. Yes, I trust this folder",
    "   2. No, exit",
    "",
    " Enter to confirm · Esc to cancel",
  ];
  const others: Readonly<Record<string, readonly [readonly string[], number, number]>> = {
    "a subagent's permission dialog": [permission, 5, 1],
    "the Rewind menu": [rewind, 8, 2],
    "the agents view": [agents, 4, 2],
    "the trust dialog": [trust, 1, 1],
    "the shell mode": [[...box("! "), "  ! for shell mode"], 3, 2],
    "the list of shortcuts": [[...box("❯ "), "  ! for shell mode      esc esc to clear input"], 3, 2],
    "the list of subagents": [[...box("❯ "), "  ↑/↓ to select", "", "❯ ● main"], 7, 0],
    "the way out": [[...box("❯ "), "  Press Ctrl-C again to exit"], 3, 2],
    "the transcript": [["● OK.", edge, "  Showing detailed transcript · ctrl+o to toggle"], 2, 0],
    "nothing yet": [[], 0, 0],
    "a box whose lower part is not there": [["● OK.", edge, "❯ "], 2, 2],
  };
  for (const [what, [lines, row, column]] of Object.entries(others)) {
    test(`${what} is no prompt`, async () => {
      expect(await read(lines, row, column)).toBe("other");
    });
  }
});

describe("readClaudeRetry()", () => {
  const readRetry = async (lines: readonly string[]) => {
    const screen = createTerminalScreen(columns, 24);
    screen.write(Buffer.from(`\u001b[?1049h\u001b[2J\u001b[H${lines.join("\r\n")}`));
    return readClaudeRetry(await screen.read());
  };
  const shown = (line: string) => ["❯ do it", "", line, "", edge, `❯ ${inverse}`, edge, modes];

  test.each([
    [
      "✻ 401 invalid x-api-key · retrying in 3s · attempt 4/10",
      "4/10: 401 invalid x-api-key",
      "authentication",
    ],
    ["✶ 529 Overloaded · retrying in 1m 2s · attempt 1/10", "1/10: 529 Overloaded", "overloaded"],
    ["✻ 500 boom · retrying in 25s · attempt 10/10", "10/10: 500 boom", "server"],
    ["✻ 429 slow down · retrying in 0s · attempt 2/10", "2/10: 429 slow down", "usage_limit"],
    [`✻ 401 sk-${"a".repeat(20)} · retrying in 0s · attempt 2/9`, "2/9: 401 ***", "authentication"],
    ["✻ Connection error · retrying in 2s · attempt 3/10", "3/10: Connection error", "other"],
  ])("reads %s", async (line, detail, error) => {
    expect(await readRetry(shown(line))).toEqual({ detail, error } as never);
  });

  test("reads one that a narrow terminal has broken into two rows", async () => {
    const lines = shown("✻ 529 The service has more to do than it can · retrying");
    lines.splice(3, 0, "  in 25s · attempt 4/10");
    expect(await readRetry(lines)).toMatchObject({ error: "overloaded" });
  });

  test("reads nothing where no retry stands, nor words of the model's further up", async () => {
    expect(await readRetry(shown("✻ Thinking… (3s)"))).toBeUndefined();
    const quoted = "✻ 401 no · retrying in 3s · attempt 4/10";
    expect(await readRetry([quoted, "", "", "● So it said.", "", ...shown("✻ Thinking…")])).toBeUndefined();
    expect(await readRetry([quoted])).toBeUndefined();
  });
});

describe("readClaudeTurn()", () => {
  /** @param above what stands between the conversation and the box */
  const readTurn = async (above: readonly string[], written: string, below: string) => {
    const screen = createTerminalScreen(columns, 24);
    const lines = [
      "❯ count the files…",
      "● I count…",
      "  1. one…",
      "",
      ...above,
      "",
      edge,
      written,
      edge,
      below,
    ];
    screen.write(Buffer.from(`\u001b[?1049h\u001b[2J\u001b[H${lines.join("\r\n")}`));
    screen.write(Buffer.from(`\u001b[${lines.length - 2};${written === "❯ " ? 3 : 12}H\u001b[?25l`));
    return readClaudeTurn(await screen.read());
  };
  const tip = "  ⎿  Tip: Start small, ask Claude for a plan";
  const interrupt = "  ⏸ manual mode on · esc to interrupt";

  test.each([
    [["✽ Ideating…"], "❯ ", interrupt],
    [["· Perambulating… (running PreToolUse hook · 0s)", tip], "❯ ", interrupt],
    [
      ["* Zigzagging… (3s · ↓ 50 tokens)", tip],
      "❯ ",
      `${modes} · /tasks to see subagents · esc to interrupt`,
    ],
    [["✻ Compacting conversation… (0s)"], "❯ ", interrupt],
    // While something is written there, the line below the box does not say it.
    [["✢ Embellishing…"], "❯ typing meanwhile", "  ⏸ manual mode on"],
    [["✻ 529 Overloaded · retrying in 3s · attempt 4/10"], "❯ typing meanwhile", "  ⏸ manual mode on"],
  ])("a turn runs: %j", async (above, written, below) => {
    expect(await readTurn(above, written, below)).toBe("running");
  });

  test.each([
    // After Esc before the model's first word.
    [["✻ Crunched for 3s · done 12:15 AM"], "❯ cut me now", "  ⏸ manual mode on"],
    [[], "❯ cut me now", modes],
    [["✻ Churned for 6s · done 12:15 AM"], "❯ ", "  ⏸ manual mode on · ? for shortcuts"],
    [["✻ Waiting for 1 background agent to finish"], "❯ ", `${modes} · ↓ to manage`],
  ])("no turn runs: %j", async (above, written, below) => {
    expect(await readTurn(above, written, below)).toBe("none");
  });

  test("without its box, nothing is known", async () => {
    expect(await readTurn([], "❯ ", "  Esc to cancel")).toBe("other");
  });
});
