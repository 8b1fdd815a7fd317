import { describe, expect, test } from "bun:test";
import { ruleInputOf } from "../../../src/domain/rules/rule-input.ts";

const inputOf = (context: string) => ruleInputOf({ kind: "permission", tool: "Bash", context });

describe("ruleInputOf()", () => {
  test("writes equal inputs alike, also what stands inside them, and without words about a command", () => {
    const one = inputOf('{"command":"npm test","env":{"B":"2","A":"1"},"description":"Run the tests"}');
    expect(one).toBe('{"command":"npm test","env":{"A":"1","B":"2"}}');
    expect(inputOf('{ "env": {"A":"1", "B":"2"}, "command": "npm test" }')).toBe(one);
  });

  test.each([
    ["a list", '["npm test"]'],
    ["no JSON", "npm test"],
    ["a command that nobody reads to its end", JSON.stringify({ command: "x".repeat(30_000) })],
    ["what stands too deep", `{"command":"a","deep":${"[".repeat(15_000)}${"]".repeat(15_000)}}`],
  ])("%s is no input of a rule", (_what, context) => {
    expect(inputOf(context)).toBeUndefined();
  });
});
