// Which settings file counts, and where a profile's instructions come from.
import { describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { loadConfig, readPrompt } from "../../../src/cli/frame/config-file.ts";
import { defaultProfile } from "../../../src/profiles/profile.ts";
import type { FoundProfile } from "../../../src/profiles/profile-set.ts";
import { tempDir } from "../../support/temp-dir.ts";

const settings = (name: string) => JSON.stringify({ agents: { [name]: {} } });

describe("loadConfig()", () => {
  test("reads the file of the flag, else of CLIAI_CONFIG, else the one inside the program", async () => {
    await using dir = await tempDir();
    await writeFile(dir.join("flag.json"), settings("of-flag"));
    await writeFile(dir.join("env.json"), settings("of-env"));
    const load = async (flag: string | undefined, CLIAI_CONFIG?: string) => {
      const { config, path } = await loadConfig(flag, { cwd: dir.path, env: { CLIAI_CONFIG } });
      return [Object.keys(config.agents ?? {}), path];
    };
    expect(await load("flag.json", "env.json")).toEqual([["of-flag"], dir.join("flag.json")]);
    expect(await load(undefined, "env.json")).toEqual([["of-env"], dir.join("env.json")]);
    const [names, path] = await load(undefined, "");
    expect([names?.includes("demo"), path]).toEqual([true, undefined]);
  });

  test("names a file that is not there, and does not read another one in its place", async () => {
    await expect(loadConfig("gone.json", { cwd: "/", env: {} })).rejects.toMatchObject({
      code: "config_invalid",
      message: "cannot read the settings file /gone.json: there is no such file",
    });
  });
});

describe("readPrompt()", () => {
  const found = (profile: object, file?: string): FoundProfile => ({
    name: "x",
    profile: { ...defaultProfile, ...profile } as FoundProfile["profile"],
    origins: new Map(Object.keys(profile).map((key) => [key, file])),
  });

  test("puts the file's words before the profile's own", async () => {
    await using dir = await tempDir();
    await writeFile(dir.join("words.txt"), "\nfrom the file\n");
    const named = found({ prompt_file: "words.txt", prompt: "own" }, dir.join("profiles.json"));
    expect(await readPrompt(named, new Map())).toBe("from the file\n\nown");
    expect(await readPrompt(found({ prompt: "own" }), new Map())).toBe("own");
    expect(await readPrompt(found({}), new Map())).toBe("");
  });

  test("takes of a trusted project the words that were checked, not those that stand there now", async () => {
    await using dir = await tempDir();
    const path = dir.join("words.txt");
    await writeFile(path, "changed since");
    const named = found({ prompt_file: "words.txt" }, dir.join("profiles.json"));
    const trusted = new Map([[path, new TextEncoder().encode("as it was trusted")]]);
    expect(await readPrompt(named, trusted)).toBe("as it was trusted");
  });

  test("knows the files of the profiles inside the program, which are nowhere on the disk", async () => {
    expect(await readPrompt(found({ prompt_file: "prompts/coder.txt" }), new Map())).not.toBe("");
  });

  test("fails with the file that it misses, and does not launch without instructions", async () => {
    const named = found({ prompt_file: "gone.txt" }, "/p/profiles.json");
    await expect(readPrompt(named, new Map())).rejects.toMatchObject({
      code: "config_invalid",
      message: 'cannot read the prompt_file "gone.txt" of /p/profiles.json: there is no such file',
    });
  });
});
