import { describe, expect, test } from "bun:test";
import { isWanted, parseHooksFile } from "../../../src/notify/hooks/hooks-file.ts";

const parse = (source: unknown) => {
  const text = typeof source === "string" ? source : JSON.stringify(source);
  const { entries: hooks, problems } = parseHooksFile(text, "hooks.json");
  return { hooks, problems: [...problems].map(([name, { message, hint }]) => [name, message, hint]) };
};

describe("parseHooksFile()", () => {
  test("reads the hooks by name, with 30 s for those that do not say", () => {
    const command = ["paplay", "ring.ogg"];
    const source = {
      $schema: "x",
      ring: { on: ["stuck"], command },
      log: { on: ["alert"], command, timeout_s: 5 },
    };
    expect(parse(source)).toEqual({
      hooks: [
        { name: "ring", on: ["stuck"], command, timeout_s: 30 },
        { name: "log", on: ["alert"], command, timeout_s: 5 },
      ],
      problems: [],
    });
  });

  test.each<[string, unknown, readonly [string, string, string]]>([
    [
      "an unknown key",
      { a: { on: ["done"], command: ["x"], comand: 1 } },
      ["a", 'hooks.json: unknown key "a.comand"', "did you mean command?"],
    ],
    [
      "an unknown kind",
      { a: { on: ["dnoe"], command: ["x"] } },
      [
        "a",
        'hooks.json: "a.on.0" must be one of needs_you, limit, budget, stuck, error, done, all_done, alert, not "dnoe"',
        "correct it in hooks.json",
      ],
    ],
    [
      "no kind",
      { a: { on: [], command: ["x"] } },
      ["a", 'hooks.json: "a.on" must name at least one kind of notice, not []', "correct it in hooks.json"],
    ],
    [
      "a line for a shell",
      { a: { on: ["done"], command: "rm -r x" } },
      [
        "a",
        'hooks.json: "a.command" must be a list: the program, and each of its arguments, not "rm -r x"',
        "correct it in hooks.json",
      ],
    ],
    [
      "a name with a dot",
      { "a.b": { on: ["done"], command: ["x"] } },
      ["a.b", 'hooks.json: "a.b" is not a name', "use 1 to 40 letters, digits, _ or -"],
    ],
    ["a list", { a: [] }, ["a", 'hooks.json: "a" must be an object, not a list', "correct it in hooks.json"]],
    [
      "too long a time",
      { a: { on: ["done"], command: ["x"], timeout_s: 9999 } },
      [
        "a",
        'hooks.json: "a.timeout_s" must be a whole number from 1 to 3600, not 9999',
        "correct it in hooks.json",
      ],
    ],
  ])("refuses %s in words, and keeps the other hooks", (_, wrong, expected) => {
    const good = { on: ["done"], command: ["x"] };
    const { hooks, problems } = parse({ ...(wrong as object), good });
    expect(problems).toEqual([expected as [string, string, string]]);
    expect(hooks.map(({ name }) => name)).toEqual(["good"]);
  });

  test.each([
    ["{", "hooks.json:1:2 is not JSON"],
    ["[]", "hooks.json: the file must be an object, not a list"],
    ["3", "hooks.json: must be a JSON object"],
  ])("refuses the file %j", (source, message) => {
    const { hooks, problems } = parse(source);
    expect(hooks).toEqual([]);
    expect(problems).toEqual([["hooks.json", message, expect.any(String)]]);
  });
});

test("isWanted() goes by the kind of the notice", () => {
  expect(isWanted({ on: ["stuck", "error"] }, { kind: "error" })).toBe(true);
  expect(isWanted({ on: ["stuck"] }, { kind: "done" })).toBe(false);
});
