import { describe, expect, test } from "bun:test";
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { cut, pad, plain, widthOf, wrap } from "../../../src/cli/frame/terminal.ts";
import { fleetTable } from "../../../src/cli/ls/fleet-table.ts";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import { reduceAgent } from "../../../src/domain/fleet/reduce-agent.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";

describe("plain()", () => {
  test("leaves nothing by which an agent's words could steer the terminal", () => {
    expect(plain("a\u001b[2Jb\u0007c\u009b1md")).toBe("a\ufffd[2Jb\ufffdc\ufffd1md");
    expect(plain("one\ntwo\r\n three\t four")).toBe("one two three four");
    expect(plain("abc\u202edef")).toBe("abc\ufffddef");
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => !/[\p{Cc}\u202a-\u202e]/u.test(plain(text))),
    );
  });
});

describe("cut() and pad()", () => {
  test.each([
    ["short", 5, "short"],
    ["longer", 5, "long…"],
    ["漢字漢字", 5, "漢字…"],
    ["漢字漢字", 4, "漢…"],
  ])("cuts %s to %d columns", (text, width, expected) => {
    expect(cut(text, width)).toBe(expected);
  });

  test("a text is never wider than it was cut to, nor narrower than it was padded to", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 40 }), (text, width) => {
        expect(widthOf(cut(text, width))).toBeLessThanOrEqual(width);
        expect(widthOf(pad(text, width))).toBeGreaterThanOrEqual(width);
      }),
    );
  });
});

describe("fleetTable()", () => {
  const now = new Date("2026-05-03T12:00:00Z");
  const record = (text: string, current_task: string): AgentRecord => {
    const id = parseAgentId(text);
    const message = { status: "working", config_name: "coder", current_task };
    return reduceAgent(undefined, { type: "heartbeat", id, at: "2026-05-03T11:59:50Z", message });
  };
  const agents = [record("ada", "x".repeat(200)), record("Snake-1234", "tidy\u001b[31m up")].map((each) =>
    viewAgent(each, now),
  );

  test("on a terminal, no line is wider than it", () => {
    const lines = fleetTable(agents, now, { isTerminal: true, columns: 72, color: true });
    expect(
      lines.map((line) => widthOf(stripVTControlCharacters(line))).filter((width) => width > 72),
    ).toEqual([]);
    expect(lines[1]).toContain("\u001b[32m● working");
  });

  test("in a pipe, it has the whole task and no colour", () => {
    const lines = fleetTable(agents, now, { isTerminal: false, columns: 80, color: false });
    expect(lines[1]).toContain("x".repeat(200));
    expect(lines.join("")).not.toContain("\u001b");
    expect(lines[2]).toMatch(/^Snake-1234 {2}● working {2}10 s {2}/);
  });
});

describe("wrap()", () => {
  test.each([
    ["a long line", 6, ["a long", "line"]],
    ["  indented words here", 12, ["  indented", "  words here"]],
    ["漢字漢字 漢字", 5, ["漢字", "漢字", "漢字"]],
    ["", 5, [""]],
    ["abcdefgh", 3, ["abc", "def", "gh"]],
  ])("breaks %j at %d columns", (text, width, lines) => {
    expect(wrap(text, width)).toEqual(lines);
  });

  test("keeps all that is not blank, and no line is wider", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.integer({ min: 2, max: 40 }), (text, width) => {
        const lines = wrap(plain(text), width);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
        expect(lines.join("").replaceAll(" ", "")).toBe(plain(text).replaceAll(" ", ""));
      }),
    );
  });
});

test("widthOf() knows the wide characters beyond the basic plane, and narrow ones beside them", () => {
  expect(["漢", "𠀀", "￥", "ꥠ", "☰", "é", "·", "●"].map(widthOf)).toEqual([2, 2, 2, 2, 2, 1, 1, 1]);
});
