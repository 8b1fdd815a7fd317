import { describe, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { readCopilotUserSettings } from "../../../src/agents/copilot/copilot-user-settings.ts";
import { tempDir } from "../../support/temp-dir.ts";

async function hooksOff(name: string, content: string, isHeadless = false) {
  await using dir = await tempDir();
  await mkdir(dir.join(".github", "copilot"), { recursive: true });
  await writeFile(dir.join(".github", "copilot", name), content);
  const place = { cwd: dir.path, env: {}, platform: process.platform, isHeadless } as const;
  return (await readCopilotUserSettings(place)).hooksOff?.replace(dir.path, "");
}

describe("readCopilotUserSettings()", () => {
  test("the project's settings turn hooks off; a session that speaks ACP needs none", async () => {
    const off = '{"disableAllHooks": true}';
    for (const name of ["settings.json", "settings.local.json"])
      expect(await hooksOff(name, off)).toBe(`/.github/copilot/${name} sets disableAllHooks`);
    expect(await hooksOff("settings.json", off, true)).toBeUndefined();
  });

  test("other settings, and what is no JSON, leave them on", async () => {
    for (const content of ["{", "{}", '{"disableAllHooks": false}', '{"disableAllHooks": "true"}'])
      expect(await hooksOff("settings.json", content)).toBeUndefined();
  });
});
