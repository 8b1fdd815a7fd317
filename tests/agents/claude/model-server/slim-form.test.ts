import { expect, test } from "bun:test";
import { instructionArgs, ownTokens } from "../../../../src/agents/claude/model-server/slim-form.ts";

const server = { url: "http://gpu:8080", kind: "auto", calls: "auto" } as const;

test("instructionArgs() adds the agent's instructions to Claude's own; in the slim form they stand alone, with few tools", () => {
  for (const each of [undefined, server, { ...server, isSlim: false }]) {
    expect(instructionArgs("Be brief.", each)).toEqual(["--append-system-prompt", "Be brief."]);
  }
  const [flag, tools = "", prompt, instructions] = instructionArgs("Report.", { ...server, isSlim: true });
  expect([flag, prompt]).toEqual(["--tools", "--system-prompt"]);
  expect(tools.split(",")).toContain("Bash");
  expect(instructions).toEndWith("\n\nReport.");
  expect(ownTokens.slim).toBeLessThan(ownTokens.full / 2);
});
