import { describe, expect, test } from "bun:test";
import { CliaiError } from "../../src/domain/text/errors.ts";
import { defaultProfile } from "../../src/profiles/profile.ts";
import { createProfileSet } from "../../src/profiles/profile-set.ts";
import { parseProfilesFile } from "../../src/profiles/profiles-file.ts";

const base = parseProfilesFile(
  '{"coder":{"model":"m1","permissions":"inbox"},"captain":{"role":"captain"}}',
  "/base",
);
const file = (value: unknown, path = "/own") => parseProfilesFile(JSON.stringify(value), path);

describe("createProfileSet()", () => {
  test("adds profiles, and takes each key from the nearest file that gives it", () => {
    const set = createProfileSet([base, file({ coder: { model: "m2" }, fixer: {} })]);
    expect(set.list().map(({ name }) => name)).toEqual(["coder", "captain", "fixer"]);
    const { profile, origins } = set.find("coder");
    expect(profile).toMatchObject({ model: "m2", permissions: "inbox", role: "agent" });
    expect(Object.fromEntries(origins)).toEqual({ model: "/own", permissions: "/base" });
  });

  test("without a name it gives the defaults, whatever the files say", () => {
    const broken = parseProfilesFile("{", "/own");
    expect(createProfileSet([broken]).find(undefined).profile).toEqual(defaultProfile);
    const named = createProfileSet([file({ agent: { model: "m9" } })]);
    expect(named.find(undefined).profile).toEqual(defaultProfile);
    expect(named.find("agent").profile.model).toBe("m9");
  });

  test("gives the defaults by the name that an agent without a profile has, so that it can be launched again", () => {
    expect(createProfileSet([base]).find("agent")).toMatchObject({ name: "agent", profile: defaultProfile });
    expect(() => createProfileSet([parseProfilesFile("{", "/own")]).find("agent")).toThrow("is not JSON");
  });

  test("never takes a farther profile in the place of a wrong one, and takes the others", () => {
    const set = createProfileSet([base, file({ coder: { permissions: "inbx" }, fixer: {} })]);
    expect(() => set.find("coder")).toThrow('/own: "coder.permissions" must be cli or inbox, not "inbx"');
    expect(set.find("fixer").name).toBe("fixer");
    expect(set.find("captain").profile.role).toBe("captain");
    expect(set.list()[0]).toMatchObject({ name: "coder", problem: expect.any(CliaiError) });
    expect(set.list()[0]?.found).toBeUndefined();
  });

  test("gives no profile while a file cannot be read at all: it may change any of them", () => {
    const set = createProfileSet([base, parseProfilesFile("{", "/own")]);
    expect(() => set.find("coder")).toThrow("/own:1:2 is not JSON");
  });

  test.each([
    ["codr", "did you mean coder?"],
    ["zzzzzzzz", "the profiles are coder, captain"],
    ["toString", "the profiles are coder, captain"],
  ])("refuses %s, and names what there is", (name, hint) => {
    expect(() => createProfileSet([base]).find(name)).toThrow(`no profile "${name}"`);
    try {
      createProfileSet([base]).find(name, "message_invalid");
    } catch (error) {
      expect(error).toMatchObject({ code: "message_invalid", hint });
    }
  });

  test("says with an unknown name which file was not used", () => {
    const unused = new CliaiError("config_invalid", "/p is not used", { hint: "trust it" });
    try {
      createProfileSet([base], [unused]).find("mine");
      expect.unreachable();
    } catch (error) {
      expect((error as CliaiError).hint).toBe("the profiles are coder, captain; /p is not used: trust it");
    }
  });
});
