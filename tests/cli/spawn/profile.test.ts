import { describe, expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { claude } from "../../../src/agents/claude/claude.ts";
import { checkPermissionMode, environmentOf, projectOf } from "../../../src/cli/spawn/profile.ts";
import { createProfileSet, type FoundProfile } from "../../../src/profiles/profile-set.ts";
import { parseProfilesFile } from "../../../src/profiles/profiles-file.ts";
import { tempDir } from "../../support/temp-dir.ts";

const found = (profile: object, path = "/p/profiles.json"): FoundProfile =>
  createProfileSet([parseProfilesFile(JSON.stringify({ fixer: profile }), path)]).find("fixer");

describe("projectOf()", () => {
  test("gives the profile's directory, relative to its file, and nothing where it names none", async () => {
    await using dir = await tempDir();
    await mkdir(dir.join("work"));
    const file = dir.join("profiles.json");
    expect(await projectOf(found({ project: "work" }, file))).toBe(dir.join("work"));
    expect(await projectOf(found({ project: dir.join("work") }))).toBe(dir.join("work"));
    expect(await projectOf(found({}))).toBeUndefined();
  });

  test("refuses one that is not there, with its file, its key and its path", async () => {
    await expect(projectOf(found({ project: "gone" }, "/p/profiles.json"))).rejects.toMatchObject({
      code: "config_invalid",
      message: '/p/profiles.json: "fixer.project" /p/gone is not a directory',
      hint: expect.stringContaining("--project DIR"),
    });
  });
});

describe("environmentOf()", () => {
  const env = { PATH: "/bin", TOKEN: "t", SECRET: "s" };

  test("sets a text, passes on what is true, takes away what is false, and leaves the rest", () => {
    const own = found({ env: { CI: "1", TOKEN: true, SECRET: false } });
    expect(environmentOf(own, env)).toEqual({ PATH: "/bin", TOKEN: "t", CI: "1" });
    expect(environmentOf(found({}), env)).toEqual(env);
  });

  test("refuses a variable that has to be passed on and is not set", () => {
    expect(() => environmentOf(found({ env: { GONE: true } }), env)).toThrow(
      '/p/profiles.json: "fixer.env.GONE" is true, and GONE is not set',
    );
  });
});

describe("checkPermissionMode()", () => {
  test("takes the CLI's own modes, and refuses another by naming file, key and value", () => {
    checkPermissionMode(found({ permission_mode: "acceptEdits" }), claude);
    checkPermissionMode(found({}), claude);
    try {
      checkPermissionMode(found({ permission_mode: "acceptEdit" }), claude);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({
        code: "config_invalid",
        message: expect.stringMatching(
          /^\/p\/profiles.json: "fixer.permission_mode" must be one of .*, not "acceptEdit"$/,
        ),
        hint: "did you mean acceptEdits?",
      });
    }
  });
});
