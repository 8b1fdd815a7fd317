// What is wrong with a settings file, in one line that names the file, the key and the value.
import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { describeIssue, mustBeObject, parseSettingsJson } from "../../../src/domain/text/schema-issue.ts";
import { textSetting, wholeNumber } from "../../../src/domain/text/setting-schemas.ts";
import { errorOf } from "../../support/error-of.ts";

const Schema = v.strictObject({
  name: textSetting("a name"),
  port: v.optional(wholeNumber(1, 65_535)),
  inner: v.optional(v.strictObject({ model: v.optional(v.string("must be text")) })),
});
const describeIt = (value: unknown, at?: readonly string[]) => {
  const { issues: [issue] = [] } = v.safeParse(Schema, value);
  if (issue === undefined) throw new Error("nothing is wrong");
  const asked: (readonly string[])[] = [];
  const error = describeIssue(issue, {
    ...{ name: "/d/s.json", ...(at === undefined ? {} : { at }) },
    knownKeys: (parents) => {
      asked.push(parents);
      return ["name", "port", "model"];
    },
  });
  return { ...error.toJSON().error, asked };
};

describe("describeIssue()", () => {
  test.each([
    [{ name: 7 }, '/d/s.json: "name" must be a name, not 7'],
    [{ name: "" }, '/d/s.json: "name" must be a name, not ""'],
    [{ name: "a", port: 0 }, '/d/s.json: "port" must be a whole number from 1 to 65535, not 0'],
    [{ name: "a", port: 1.5 }, '/d/s.json: "port" must be a whole number from 1 to 65535, not 1.5'],
    [{ name: "a", port: "80" }, '/d/s.json: "port" must be a whole number from 1 to 65535, not "80"'],
    [{ name: "a", inner: { model: 7 } }, '/d/s.json: "inner.model" must be text, not 7'],
  ])("of %p is %p", (value, message) => {
    expect(describeIt(value)).toMatchObject({
      code: "config_invalid",
      message,
      hint: "correct it in /d/s.json",
    });
  });

  test("names a key that is unknown, and the one that was meant", () => {
    expect(describeIt({ name: "a", prot: 1 })).toMatchObject({
      message: '/d/s.json: unknown key "prot"',
      hint: expect.stringContaining("port"),
      asked: [[]],
    });
    expect(describeIt({ name: "a", inner: { zzzzzz: 1 } }, ["agents"])).toMatchObject({
      message: '/d/s.json: unknown key "agents.inner.zzzzzz"',
      hint: "the keys are name, port, model",
      asked: [["agents", "inner"]],
    });
  });

  test("writes nothing that the terminal would obey, and of a long value only its beginning", () => {
    expect(describeIt({ name: "a", "\u001b[2J": 1 }).message).not.toContain("\u001b");
    expect(describeIt({ name: ["x".repeat(900)] }).message.length).toBeLessThan(120);
  });
});

test("parseSettingsJson() says where a file is no JSON", () => {
  expect(parseSettingsJson('{"a": 1}', "s.json")).toEqual({ a: 1 });
  expect(errorOf(() => parseSettingsJson('{\n  "a": 1,\n}', "s.json"))).toMatchObject({
    ...{ code: "config_invalid", message: "s.json:3:1 is not JSON" },
    hint: expect.stringContaining("no comma after the last entry"),
  });
});

test("mustBeObject() names what must not be a list", () => {
  expect(mustBeObject("s.json", "the file").message).toBe("s.json: the file must be an object, not a list");
});
