import { describe, expect, test } from "bun:test";
import { findProfile } from "../../../src/cli/spawn/profile.ts";
import { defaultProfile, parseConfig } from "../../../src/config.ts";

const config = parseConfig('{"agents":{"coder":{"model":"m1"},"captain":{"role":"captain"}}}', "here");

describe("findProfile()", () => {
  test("gives the profile of that name, and the defaults of every profile for none", () => {
    expect(findProfile("coder", config)).toMatchObject({ model: "m1", role: "agent" });
    expect(findProfile(undefined, config)).toBe(defaultProfile);
    expect(findProfile(undefined, { serve: {} })).toBe(defaultProfile);
  });

  test.each([
    ["codr", config, "did you mean coder?"],
    ["zzzzzzzz", config, "the profiles are coder, captain"],
    ["coder", { serve: {} }, 'the profiles are none: add one under "agents"'],
    ["toString", config, "the profiles are coder, captain"],
  ])("refuses %s, and names what there is", (name, settings, hint) => {
    expect(() => findProfile(name, settings)).toThrow(`no profile "${name}"`);
    try {
      findProfile(name, settings);
    } catch (error) {
      expect(error).toMatchObject({ code: "config_invalid", hint });
    }
  });
});
