import { describe, expect, test } from "bun:test";
import { allowedRatio, bestOfTries, gateFailures, wantsAnotherTry } from "../../src/bench/gate.ts";
import { buildRow, type Row, type Target } from "../../src/bench/scenario.ts";
import { scenarios } from "../../src/bench/scenarios/scenarios.ts";

const atMost: Target = { of: "ratio", most: 1.5, reached: 3.3 };
const atLeast: Target = { of: "ratio", least: 0.5, reached: 0.46 };

function row(ratio: number, target: Target = atMost, what = "a call"): Row {
  return buildRow({ what, unit: "ms", ours: [ratio], limit: [1], targets: [target] });
}

describe("allowedRatio()", () => {
  test("allows twice what was reached", () => {
    expect(allowedRatio(atMost)).toEqual({ most: 6.6 });
    expect(allowedRatio(atLeast)).toEqual({ least: 0.23 });
  });

  test("is never stricter than the target", () => {
    expect(allowedRatio({ of: "ratio", most: 1.2, reached: 0.35 })).toEqual({ most: 1.2 });
    expect(allowedRatio({ of: "ratio", least: 0.5, reached: 1.4 })).toEqual({ least: 0.5 });
  });
});

describe("wantsAnotherTry()", () => {
  test.each([
    ["one try that passes", [[row(6.6)]], false],
    ["one try that fails", [[row(6.7)]], true],
    ["two tries that fail", [[row(7)], [row(8)]], true],
    ["three tries that fail", [[row(7)], [row(8)], [row(9)]], false],
    ["a second try that passes", [[row(7)], [row(6)]], false],
    ["too little a second", [[row(0.22, atLeast)]], true],
    ["just enough a second", [[row(0.23, atLeast)]], false],
    ["a ratio that is not a number", [[row(Number.NaN)]], true],
    ["a ratio of nothing", [[row(0, atLeast)]], true],
  ])("%s", (_, tries, expected) => {
    expect(wantsAnotherTry(tries)).toBe(expected);
  });

  test("looks at ratios alone: no figure of the machine's is worth another try", () => {
    const slow = buildRow({ what: "a", unit: "ms", ours: [900], targets: [{ of: "p95", most: 10 }] });
    expect(wantsAnotherTry([[slow]])).toBe(false);
    expect(gateFailures([{ name: "s", title: "S", rows: [slow] }])).toEqual([]);
  });

  test("ends when each ratio has passed in a try of its own", () => {
    const tries = [
      [row(9, atMost, "read"), row(2, atMost, "store")],
      [row(3, atMost, "read"), row(8, atMost, "store")],
    ];
    expect(wantsAnotherTry(tries)).toBe(false);
  });
});

describe("bestOfTries()", () => {
  test("takes each row from the try where its ratio was best, in the order of the first try", () => {
    const tries = [
      [row(9, atMost, "read"), row(0.4, atLeast, "taken")],
      [row(3, atMost, "read"), row(0.3, atLeast, "taken")],
      [row(4, atMost, "read"), row(0.2, atLeast, "taken")],
    ];
    expect(bestOfTries(tries).map(({ what, ratio }) => [what, ratio])).toEqual([
      ["read", 3],
      ["taken", 0.4],
    ]);
  });

  test("prefers any figure to a ratio that is not a number", () => {
    expect(bestOfTries([[row(Number.NaN)], [row(9)]]).map(({ ratio }) => ratio)).toEqual([9]);
  });
});

describe("gateFailures()", () => {
  test("names the scenario, the row, its best ratio and what the gate allows", () => {
    const rows = [row(7.4), row(0.1, atLeast, "taken"), row(2, atMost, "fine")];
    expect(gateFailures([{ name: "tool-call", title: "T", rows, tries: 3 }])).toEqual([
      "tool-call: a call: ratio 7.40 in the best of 3 tries; the gate allows at most 6.60",
      "tool-call: taken: ratio 0.10 in the best of 3 tries; the gate allows at least 0.23",
    ]);
  });

  test("tells a scenario that failed by its failure", () => {
    expect(gateFailures([{ name: "send", title: "S", rows: [], failure: "lost: ada" }])).toEqual([
      "send: lost: ada",
    ]);
  });

  test("passes what the other processor came to, busy and quiet", () => {
    const [reading] = scenarios.flatMap(({ name, judge }) =>
      name === "tool-call" ? judge({ of: () => [1], has: () => true }) : [],
    );
    if (reading === undefined) throw new Error("the scenario has no row");
    for (const ratio of [3.28, 3.7]) {
      expect(gateFailures([{ name: "tool-call", title: "T", rows: [{ ...reading, ratio }] }])).toEqual([]);
    }
  });
});
