import { expect, test } from "bun:test";
import { runBench } from "../../src/bench/bench.ts";
import { gateFailures } from "../../src/bench/gate.ts";
import { reportTable } from "../../src/bench/report.ts";
import { buildRow, measuredRow, type Scenario } from "../../src/bench/scenario.ts";
import { silentLogger } from "../../src/log.ts";

/** A scenario whose ratio comes to one of the given at each try; an Error is what a try fails with. */
function scenarioOf(ratios: readonly (number | Error)[]) {
  let tries = 0;
  const scenario: Scenario = {
    name: "calls",
    title: "calls",
    rounds: { full: 1, short: 1 },
    isInShort: true,
    prepare: async () => {
      const ratio = ratios[tries];
      tries += 1;
      if (ratio === undefined || ratio instanceof Error) throw ratio ?? new Error("one try too many");
      return [
        {
          name: "ours",
          async measure(note) {
            note("ours", ratio);
          },
        },
      ];
    },
    judge: (samples) => [
      buildRow({
        what: "a call",
        unit: "ms",
        ours: samples.of("ours"),
        limit: [1],
        targets: [{ of: "ratio", most: 1.5, reached: 2 }],
      }),
    ],
  };
  return { scenario, tries: () => tries };
}

async function run(scenario: Scenario, isGate: boolean, signal = new AbortController().signal) {
  return await runBench({
    scenarios: [scenario],
    version: "0.0.0",
    program: ["cliai"],
    self: ["cliai"],
    workshop: undefined,
    isShort: true,
    isGate,
    signal,
    log: silentLogger,
    note: () => undefined,
  });
}

test.each([
  ["a try that passes ends it", [3, 9, 9], 1, []],
  ["the second try counts when the first was disturbed", [9, 3, 9], 2, []],
  [
    "three tries are all there are",
    [9, 8, 10, 1],
    3,
    ["calls: a call: ratio 8.00 in the best of 3 tries; the gate allows at most 4.00"],
  ],
  ["a failure is not tried again", [new Error("lost: ada"), 1], 1, ["calls: lost: ada"]],
  [
    "a failure counts after a try that was only slow",
    [9, new Error("lost: ada"), 1],
    2,
    ["calls: lost: ada"],
  ],
])("runBench() for the gate: %s", async (_, ratios, tries, failures) => {
  const measured = scenarioOf(ratios);
  const report = await run(measured.scenario, true);
  expect(measured.tries()).toBe(tries);
  expect(gateFailures(report.scenarios)).toEqual(failures);
});

test("runBench() for a person measures once, and the table tells of several tries", async () => {
  const once = scenarioOf([9, 3]);
  const report = await run(once.scenario, false);
  expect(once.tries()).toBe(1);
  expect(reportTable(report)).not.toContain("tries");
  expect(reportTable(await run(scenarioOf([9, 3]).scenario, true))).toContain(
    "calls (calls), best of 2 tries",
  );
});

test("runBench() keeps the rows that were measured when a side fails, and measures the other sides to the end", async () => {
  const fails = new Error("lost: ada");
  let tries = 0;
  const scenario: Scenario = {
    name: "fleets",
    title: "fleets",
    rounds: { full: 2, short: 2 },
    isInShort: true,
    prepare: async () => [
      {
        name: "100 agents",
        async measure(note) {
          tries += 1;
          note("100 paint", 7);
          throw fails;
        },
      },
      { name: "1,000 agents", measure: async (note) => note("1,000 paint", 9) },
    ],
    judge: (samples) =>
      ["100 paint", "100 receipt", "1,000 paint"].flatMap((what) =>
        measuredRow(samples, { what, unit: "ms", ours: what }),
      ),
  };
  const report = await run(scenario, false);
  expect(tries).toBe(1);
  expect(report.scenarios).toMatchObject([
    {
      failure: "100 agents: lost: ada",
      rows: [
        { what: "100 paint", ours: { count: 1 } },
        { what: "1,000 paint", ours: { count: 2 } },
      ],
    },
  ]);
  const table = reportTable(report);
  expect(table).toContain("1,000 paint, ms");
  expect(table).toContain("failed: 100 agents: lost: ada");
});

test("runBench() measures no other side after Ctrl-C", async () => {
  const interrupt = new AbortController();
  const measured: string[] = [];
  const side = (name: string, then: () => void) => ({
    name,
    async measure() {
      measured.push(name);
      then();
    },
  });
  const scenario: Scenario = {
    ...{ name: "fleets", title: "fleets", rounds: { full: 2, short: 2 }, isInShort: true },
    prepare: async () => [side("ours", () => interrupt.abort()), side("the limit", () => undefined)],
    judge: () => [],
  };
  await run(scenario, false, interrupt.signal);
  expect(measured).toEqual(["ours"]);
});
