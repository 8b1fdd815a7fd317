import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { toJsonSchema } from "@valibot/to-json-schema";
import { ProfilesFileSchema, parseProfilesFile } from "../../src/profiles/profiles-file.ts";

const parse = (value: unknown) => parseProfilesFile(JSON.stringify(value), "/d/profiles.json");

describe("parseProfilesFile()", () => {
  test("gives of each profile the keys that the file has, and none of the defaults", () => {
    const { profiles, problems, broken } = parse({
      $schema: "x",
      fixer: { model: "m", args: ["--verbose"] },
      bare: {},
    });
    expect(Object.fromEntries(profiles)).toEqual({ fixer: { model: "m", args: ["--verbose"] }, bare: {} });
    expect([problems.size, broken]).toEqual([0, undefined]);
  });

  test.each<[object, string, string]>([
    [{ fixer: { modle: "m" } }, '/d/profiles.json: unknown key "fixer.modle"', "did you mean model"],
    [
      { fixer: { args: "-v" } },
      '"fixer.args" must be a list of texts: an argument of the CLI, not "-v"',
      "correct it",
    ],
    [{ fixer: { args: [7] } }, '"fixer.args.0" must be an argument of the CLI, not 7', "correct it"],
    [{ fixer: { env: { CI: 1 } } }, '"fixer.env.CI" must be text, true or false, not 1', "correct it"],
    [
      { fixer: { env: { CLIAI_RUN: "" } } },
      '"fixer.env.CLIAI_RUN" is not the name of a variable',
      "correct it",
    ],
    [
      { fixer: { env: { Cliai_Run: "" } } },
      '"fixer.env.Cliai_Run" is not the name of a variable',
      "correct it",
    ],
    [{ fixer: { routes: ["telepathy"] } }, '"fixer.routes.0" must be one of stream-json, ', "correct it"],
    [{ fixer: { allowed_tools: [""] } }, '"fixer.allowed_tools.0" must be a rule such as', "correct it"],
    [{ fixer: { acp: { command: "x", arg: [] } } }, 'unknown key "fixer.acp.arg"', "did you mean args"],
    [{ fixer: { acp: {} } }, '"fixer.acp.command" must be given', "correct it"],
    [
      { fixer: { acp: { command: "" } } },
      '"fixer.acp.command" must be the name or path of a program',
      "correct it",
    ],
    [
      { fixer: { acp: { command: "x", steer: true } } },
      '"fixer.acp.steer" must be the name of a request',
      "correct it",
    ],
    [{ fixer: [] }, '/d/profiles.json: "fixer" must be an object, not a list', "correct it"],
    [{ fixer: 7 }, '/d/profiles.json: "fixer" must be an object, not 7', "correct it"],
    [{ "a b": {} }, '"a b" is not a profile name', "correct it"],
    [
      { agents: { fixer: {} } },
      'unknown key "agents.fixer"',
      'this file holds the profiles at its top level: {"NAME": {…}}',
    ],
  ])("names what is wrong with %j, and takes the other profiles", (value, message, hint) => {
    const { profiles, problems, broken } = parse({ ...value, good: { model: "m" } });
    const [problem] = problems.values();
    expect(problem?.message).toContain(message);
    expect(problem?.hint).toContain(hint);
    expect([profiles.get("good"), profiles.size, broken]).toEqual([{ model: "m" }, 1, undefined]);
  });

  test("writes no control character of a key into its message: it goes to a terminal", () => {
    const [problem] = parse({ fixer: { "x\u001b[2J": 1 } }).problems.values();
    expect(problem?.message).toBe('/d/profiles.json: unknown key "fixer.x\\u001b[2J"');
  });

  test.each([
    ['{\n "fixer": {},\n}', "/d/profiles.json:3:1 is not JSON"],
    ["[]", "/d/profiles.json: the file must be an object, not a list"],
    ["7", "/d/profiles.json: must be a JSON object, not 7"],
  ])("is broken as a whole by %s", (source, message) => {
    expect(parseProfilesFile(source, "/d/profiles.json").broken?.message).toBe(message);
  });

  test("has the JSON Schema for editors that follows from the program's own", () => {
    const file = join(import.meta.dirname, "../../configs/profiles.schema.json");
    const schema: unknown = JSON.parse(readFileSync(file, "utf8"));
    expect(schema).toEqual(
      JSON.parse(
        JSON.stringify(toJsonSchema(ProfilesFileSchema, { typeMode: "input", ignoreActions: ["check"] })),
      ),
    );
  });
});
