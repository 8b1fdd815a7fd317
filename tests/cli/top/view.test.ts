import { describe, expect, test } from "bun:test";
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { widthOf } from "../../../src/cli/frame/terminal.ts";
import { viewRows } from "../../../src/cli/top/view.ts";
import { agent, ago, asking, onModel, requestOf, topOf, working } from "./top-fleet.ts";

const long = "digging a long way through the garden, past the old shed and the well. ".repeat(4);
const request = requestOf("eve");
const fleet = [
  working("ada", long),
  agent("bob", { last_seen: ago(120), heartbeat: { at: ago(120), interval_s: 15 } }),
  agent("cleo"),
  working("漢字漢字漢字".length > 3 ? "dora" : "", "漢字漢字漢字 ".repeat(20)),
  asking(request),
  onModel("fred", { state: "waiting", place: 2, waiting: 3, tokens_per_s: 31 }),
  onModel("gina", { state: "working", prompt_read: 50, prompt_tokens: 200 }),
];
const sizes = [
  { columns: 80, rows: 24 },
  { columns: 40, rows: 10 },
  { columns: 200, rows: 60 },
  { columns: 20, rows: 5 },
  { columns: 1, rows: 1 },
];
const many = Array.from({ length: 60 }, (_, place) => working(`agent-${place}`, long));

describe("viewRows()", () => {
  test.each(sizes)("of %j has exactly its rows, none wider than it, on every page", (size) => {
    for (const views of [[], fleet, many]) {
      for (const keys of [[], ["enter"], ["?"], ["t"], ["s"], ["/"], ["end", "enter", "end"]]) {
        const top = topOf(views, [request], size);
        top.press(...keys);
        for (const color of [false, true]) {
          const rows = viewRows(top.state(), color);
          expect(rows).toHaveLength(size.rows);
          const widths = rows.map((row) => widthOf(stripVTControlCharacters(row)));
          expect(Math.max(...widths)).toBeLessThanOrEqual(size.columns);
        }
      }
    }
  });

  test("at 80×24: the counts, the list by need, what the selected agent asks, and the keys", () => {
    const rows = viewRows(topOf(fleet, [request]).state(), false);
    expect(rows[0]).toBe("1 needs you · 4 working · 1 idle · 1 away");
    expect(rows.slice(2, 9).map((row) => row.slice(0, 6).trimEnd())).toEqual([
      ...["> eve", "  ada", "  dor", "  fre", "  gin", "  cle", "  bob"].map((text) =>
        expect.stringContaining(text),
      ),
    ]);
    expect(rows.find((row) => row.startsWith("── eve "))).toContain("1 of 7");
    expect(rows.join("\n")).toContain("run Bash: rm -r out");
    expect(rows.at(-1)).toStartWith("y/n answer  ? help  q quit");
  });

  test("shows the place in the queue, the wait, the progress of the prompt and the last tokens a second", () => {
    const rows = viewRows(topOf(fleet).state(), false);
    expect(rows.find((row) => row.includes(" fred "))).toContain("place 2/3, 7 s, 31 tok/s");
    expect(rows.find((row) => row.includes(" gina "))).toContain("prompt 25 %, 7 s");
    const top = topOf([onModel("fred", { state: "waiting", place: 2, waiting: 3, tokens_per_s: 31 })]);
    expect(viewRows(top.state(), false).join("\n")).toContain(
      "waits for gpu:8080, place 2 of 3, for 7 s (last: 31 tokens/s)",
    );
  });

  test("shows why, the running tools, the task and the last events of the selected agent", () => {
    const top = topOf([working("ada", "digging")]);
    const entry = {
      seq: 1,
      at: ago(12),
      agent_id: "ada" as never,
      kind: "calls" as const,
      what: "Bash",
      text: "make -j",
    };
    top.take({ type: "history", history: { agent: "ada" as never, entries: [entry] } });
    const text = viewRows(top.state(), false).join("\n");
    expect(text).toMatch(/^why +runs Bash, for 30 s$/m);
    expect(text).toMatch(/^runs +Bash: make -j, for 12 s$/m);
    expect(text).toMatch(/^task +digging$/m);
    expect(text).toMatch(/^\d\d:\d\d:\d\d {2}calls +Bash: make -j$/m);
  });

  test("says what was spent today, as the bar of the page does, and nothing while serve has not told it", () => {
    const top = topOf([working("ada", "digging")]);
    expect(viewRows(top.state(), false)[0]).not.toContain("today");
    const agents = [
      { agent_id: "ada", tokens: 900, cost: 1.5 },
      { agent_id: "removed", tokens: 100, cost: 2.6 },
    ];
    const spentToday = { is_complete: true, agents };
    top.take({ type: "fleet", views: [working("ada", "digging")], lost: undefined, spentToday });
    expect(viewRows(top.state(), false)[0]).toContain("1 working · $4.10 today");
  });

  test("without colour there is no escape sequence, and the selected agent has a mark", () => {
    const rows = viewRows(topOf(fleet, [request]).state(), false);
    expect(rows.join("")).not.toContain("\u001b");
    expect(rows[2]).toStartWith("> eve");
  });

  test("says that the server is gone, and what limits the list", () => {
    const top = topOf(fleet);
    top.press("/", "d", "i", "g", "enter");
    expect(viewRows(top.state(), false)[0]).toEndWith("/dig 1 of 7");
    top.take({ type: "fleet", views: fleet, lost: "no serve answers" });
    expect(viewRows(top.state(), false)[0]).toEndWith("no serve answers");
    top.press("t");
    expect(viewRows(top.state(), false).at(-1)).toBe("not possible now: no serve answers");
  });

  test("nothing that an agent says reaches the terminal as an order", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        const evil = `${text}\u001b]0;title\u0007\u001b]52;c;eA==\u0007\u009b2J\u001b[31m`;
        const asks = requestOf("eve", { question: evil, context: evil, choices: [evil], kind: "question" });
        const top = topOf(
          [asking(asks), working("ada", evil, { progress: { note: evil, at: ago(1) }, config_name: evil })],
          [asks],
        );
        for (const keys of [[], ["enter"], ["escape", "j"], ["enter"]]) {
          top.press(...keys);
          expect(viewRows(top.state(), false).join("")).not.toMatch(/\p{Cc}/u);
        }
      }),
      { numRuns: 30 },
    );
  });
});
