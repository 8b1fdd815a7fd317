import { describe, expect, test } from "bun:test";
import { createTerminalModes } from "../../../src/agents/terminal/terminal-modes.ts";

const resetAfter = (...pieces: string[]): string => {
  const modes = createTerminalModes();
  for (const piece of pieces) modes.read(Buffer.from(piece.replaceAll("^[", "\u001b")));
  return modes.reset().replaceAll("\u001b", "^[");
};

describe("what a killed program leaves of the terminal is undone", () => {
  test.each<[string, string, string]>([
    ["mouse reports", "^[[?1000h^[[?1002h^[[?1003h^[[?1006h", "^[[?1000l^[[?1002l^[[?1003l^[[?1006l"],
    ["several modes in one sequence", "^[[?1002;1006h", "^[[?1002l^[[?1006l"],
    ["pasting in brackets, and focus events", "^[[?2004h^[[?1004h", "^[[?2004l^[[?1004l"],
    ["the hidden cursor", "^[[?25l", "^[[?25h"],
    ["lines that do not wrap", "^[[?7l", "^[[?7h"],
    ["kitty's keyboard flags, as often as they were pushed", "^[[>1u^[[>5u", "^[[<2u"],
    ["and those that were set", "^[[=5;1u", "^[[=0u"],
    ["xterm's modifyOtherKeys", "^[[>4;2m", "^[[>4m"],
    ["the cursor's shape, and the region that scrolls", "^[[6 q^[[2;20r", "^[[r^[[0 q"],
    [
      "output that is held back first, the second screen last",
      "^[[?1049h^[[>1u^[[?2026h^[[?1003h",
      "^[[?2026l^[[<1u^[[?1003l^[[?1049l",
    ],
  ])("%s", (_, written, undone) => {
    expect(resetAfter(`some text ${written} and more`)).toBe(`${undone}^[[0m`);
  });

  test.each<[string, string]>([
    ["it has put back", "^[[?1049h^[[?25l^[[>1u^[[>4;2m^[[?2004h^[[?2004l^[[>4m^[[<u^[[?25h^[[?1049l"],
    ["it has only asked for", "^[[?u^[[c^[[>0q^[[?2026$p^[[18t"],
    ["a reset of the whole terminal has put back", "^[[?1049h^[[>1u^[[6 q^[c"],
    ["is no mode at all", "plain ?1049h [?25l text ^[[31mred^[[0m ^[[2J"],
  ])("nothing is written for what %s", (_, written) => {
    expect(resetAfter(written)).toBe("");
  });

  test("a sequence that comes in pieces is one", () => {
    const written = "^[[?1049h^[[>1u^[[?25l^[[6 q".replaceAll("^[", "\u001b");
    const whole = resetAfter(written);
    for (let cut = 1; cut < written.length; cut += 1) {
      expect(resetAfter(written.slice(0, cut), written.slice(cut))).toBe(whole);
    }
    expect(resetAfter(...written)).toBe(whole);
  });
});
