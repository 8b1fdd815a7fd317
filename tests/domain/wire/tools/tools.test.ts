import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { isToolName, tools } from "../../../../src/domain/wire/tools/tools.ts";

describe("isToolName()", () => {
  test("takes no name of what every object has", () => {
    for (const name of ["toString", "constructor", "__proto__"]) expect(isToolName(name)).toBe(false);
    expect(isToolName("decide")).toBe(true);
  });
});

describe("the arguments of the tools", () => {
  test.each<[keyof typeof tools, object, boolean]>([
    ["report_progress", { note: "half", percent: 50 }, true],
    ["report_progress", { note: "half", percent: 101 }, false],
    ["report_progress", { note: "" }, false],
    ["send_message", { to: "role:captain", text: "hello" }, true],
    ["send_message", { to: "all", text: " \n" }, false],
    ["send_message", { to: "a b", text: "hello" }, false],
    ["send_message", { to: "ada.*", text: "hello" }, false],
    ["acknowledge", { command_id: "c1", outcome: "applied" }, true],
    ["acknowledge", { command_id: "c1", outcome: "seen" }, false],
    ["acknowledge", { command_id: "c.1", outcome: "applied" }, false],
    ["command_agent", { id: "ada", type: "stop" }, true],
    ["command_agent", { id: "ada", type: "shutdown" }, false],
    ["ask_human", { question: "left?", wait_s: 86_401 }, false],
    ["ask_human", { question: "left?", expires_s: 0 }, false],
    ["check_inbox", { offset: -1 }, false],
    ["reserve", { paths: Array(20).fill("a"), minutes: 1_440, why: "w".repeat(200) }, true],
    ["reserve", { paths: ["a"], minutes: 1, why: "w" }, true],
    ["reserve", { paths: [], minutes: 5, why: "w" }, false],
    ["reserve", { paths: Array(21).fill("a"), minutes: 5, why: "w" }, false],
    ["reserve", { paths: ["a"], minutes: 1_441, why: "w" }, false],
    ["reserve", { paths: ["a"], minutes: 0, why: "w" }, false],
    ["release", { paths: ["a"] }, true],
    ["release", { paths: [""] }, false],
    ["check_inbox", { offset: 0.5 }, false],
  ])("%s with %j: %p", (name, args, isTaken) => {
    expect(v.safeParse(tools[name].schema as v.GenericSchema, args).success).toBe(isTaken);
  });

  test("the input of a tool may be long, for which a permission is asked, but not without end", () => {
    const takes = (length: number) =>
      v.is(tools.request_permission.schema, { tool: "Bash", input: "x".repeat(length) });
    expect([takes(200_000), takes(200_001)]).toEqual([true, false]);
  });
});
