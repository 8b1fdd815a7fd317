import { describe, expect, test } from "bun:test";
import {
  type Abilities,
  abilitiesOf,
  abilityNames,
  abilitySummary,
  no,
  partly,
  releaseText,
  untried,
  yes,
} from "../../src/domain/abilities.ts";

const all = Object.fromEntries(
  abilityNames.map((name) => [name, yes("by its stream")]),
) as unknown as Abilities;
const clis = [
  { name: "tiny", triedVersion: "1.2.3", abilities: { headless: { ...all, cost: no("it tells none") } } },
];
const launched = { agent_cli: "tiny", agent_cli_version: "1.2.3", session_mode: "headless" };

describe("abilitySummary()", () => {
  test("names what does not simply hold, with its condition", () => {
    expect(abilitySummary(all)).toBe("all");
    const some = { ...all, cost: partly("with prices"), pause: untried("a plugin"), task: no("no way in") };
    expect(abilitySummary(some)).toBe(
      "all but task (no: no way in), pause (untried: a plugin), cost (partly: with prices)",
    );
  });
});

describe("releaseText()", () => {
  test("says of a release that it was never tried", () => {
    expect(releaseText({ triedVersion: "1.2.3" }, "1.2.3")).toBe("1.2.3");
    expect(releaseText({ triedVersion: "1.2.3" }, "1.2.30")).toBe("1.2.30 (untried; tried: 1.2.3)");
  });
});

describe("abilitiesOf()", () => {
  test.each([
    [launched, "tiny 1.2.3, headless: all but cost (no: it tells none)"],
    [{ ...launched, agent_cli_version: "2.0.0" }, "tiny 2.0.0 (untried; tried: 1.2.3), headless: "],
    [{ ...launched, agent_cli_version: undefined }, "tiny of an unknown release, headless: "],
  ])("of %j are %j", (of, summary) => {
    const found = abilitiesOf(of, clis);
    expect(found?.summary).toStartWith(summary);
    expect(found?.abilities).toBe(clis[0]?.abilities.headless as Abilities);
  });

  test.each([
    [undefined],
    [{}],
    [{ ...launched, agent_cli: "other" }],
    [{ ...launched, session_mode: "terminal" }],
    [{ ...launched, session_mode: "constructor" }],
  ])("of %j are not known", (of) => {
    expect(abilitiesOf(of, clis)).toBeUndefined();
  });
});
