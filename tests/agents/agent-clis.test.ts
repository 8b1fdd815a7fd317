// The agent CLIs as a list: what each of them is found by.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { agentClis, defaultAgentCli, findAgentCli } from "../../src/agents/agent-clis.ts";
import { abilityNames, sessionModes } from "../../src/domain/abilities.ts";
import type { CliaiError } from "../../src/domain/text/errors.ts";
import { abilitiesTable, clisTable } from "../support/abilities-table.ts";

const hintOf = (act: () => unknown) => {
  try {
    act();
  } catch (error) {
    return (error as CliaiError).hint ?? "";
  }
  return "";
};

describe("agentClis", () => {
  test("a profile that names no CLI gets one of the list", () => {
    expect(agentClis.map(({ name }) => name)).toContain(defaultAgentCli);
    expect(findAgentCli(defaultAgentCli).name).toBe(defaultAgentCli);
  });

  test("each has its abilities for exactly the modes in which it can be launched, with words that fit a line of a table", () => {
    for (const { name, abilities, openSession, isHeadlessOnly } of agentClis) {
      const launched = sessionModes.filter((mode) =>
        mode === "headless" ? openSession !== undefined : isHeadlessOnly !== true,
      );
      expect([name, ...Object.keys(abilities)]).toEqual([name, ...launched]);
      for (const mode of launched) {
        const readings = Object.entries(abilities[mode] ?? {});
        expect([name, mode, ...readings.map(([each]) => each).sort()]).toEqual([
          ...[name, mode, ...[...abilityNames].sort()],
        ]);
        for (const [, { how }] of readings) expect(how).toMatch(/^[^|\n]{5,90}$/);
      }
    }
  });

  test.each([
    ["docs/steering.md", abilitiesTable()],
    ["README.md", clisTable()],
  ])("%s has the same abilities", (path, table) => {
    expect(readFileSync(join(import.meta.dirname, "../..", path), "utf8")).toContain(table);
  });

  test.each([
    ["claud", undefined, 'no agent CLI "claud"', "did you mean claude?"],
    ["acp:mine", undefined, 'the profile of "acp:mine" has no key "acp"', '"acp": {"command": "PROGRAM"'],
    [
      "acp:",
      { command: "mine", args: [], rejectEndsTurn: false },
      '"acp:" is not acp: and a name',
      '"cli": "acp:mine"',
    ],
  ])("of %j with %j there is none", (name, acp, message, hint) => {
    const find = () => findAgentCli(name, acp);
    expect(find).toThrow(message);
    expect(hintOf(find)).toContain(hint);
  });
});
