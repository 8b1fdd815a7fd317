import { describe, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { readQwenUserSettings } from "../../../src/agents/qwen/qwen-user-settings.ts";
import { tempDir } from "../../support/temp-dir.ts";

interface Files {
  readonly user?: string;
  readonly project?: string;
  readonly system?: string;
  readonly env?: object;
}

async function settingsWith({ user, project, system, env = {} }: Files) {
  await using dir = await tempDir();
  for (const [folder, content] of Object.entries({ home: user, work: project })) {
    await mkdir(dir.join(folder, ".qwen"), { recursive: true });
    if (content !== undefined) await writeFile(dir.join(folder, ".qwen", "settings.json"), content);
  }
  if (system !== undefined) await writeFile(dir.join("system.json"), system);
  const place = { cwd: dir.join("work"), platform: process.platform } as const;
  const own = { HOME: dir.join("home"), QWEN_CODE_SYSTEM_SETTINGS_PATH: dir.join("system.json"), ...env };
  const read = await readQwenUserSettings({ ...place, env: own });
  return {
    ...read,
    hooksOff: read.hooksOff?.replace(dir.path, ""),
    headless: await readQwenUserSettings({ ...place, env: own, isHeadless: true }),
  };
}

describe("readQwenUserSettings()", () => {
  test("without settings that matter its hooks are called", async () => {
    for (const user of [
      undefined,
      "{",
      '{"security": {"allowedHttpHookUrls": []}}',
      '{"disableAllHooks": "x"}',
    ])
      expect((await settingsWith(user === undefined ? {} : { user })).hooksOff).toBeUndefined();
  });

  test("hooks are off by the user's or the project's settings; a session that speaks ACP needs none", async () => {
    const off = await settingsWith({ user: '{"disableAllHooks": true}' });
    expect(off.hooksOff).toBe("/home/.qwen/settings.json sets disableAllHooks");
    expect(off.headless.hooksOff).toBeUndefined();
    const narrow = await settingsWith({ project: '{"security": {"allowedHttpHookUrls": ["https://a"]}}' });
    expect(narrow.hooksOff).toBe("/work/.qwen/settings.json sets security.allowedHttpHookUrls");
  });

  test("hooks are off by an administrator's settings, which win over the user's and the project's", async () => {
    const [on, off] = ['{"disableAllHooks": false}', '{"disableAllHooks": true}'];
    const byAdministrator = await settingsWith({ system: off, user: on, project: on });
    expect(byAdministrator.hooksOff).toBe("/system.json sets disableAllHooks");
    expect((await settingsWith({ system: on, user: off, project: off })).hooksOff).toBeUndefined();
    expect((await settingsWith({ user: off, project: on })).hooksOff).toBeUndefined();
    const [all, narrow] = [[], ["https://a"]].map((allowedHttpHookUrls) =>
      JSON.stringify({ security: { allowedHttpHookUrls } }),
    );
    const narrowed = await settingsWith({ system: narrow ?? "", user: all ?? "" });
    expect(narrowed.hooksOff).toBe("/system.json sets security.allowedHttpHookUrls");
    // In this setting a project cannot replace what its user has set.
    expect((await settingsWith({ user: all ?? "", project: narrow ?? "" })).hooksOff).toBeUndefined();
  });

  test("settings with comments are read, and what only looks like a comment is none", async () => {
    const commented = `\uFEFF// all of them
{
  /* until "Monday" */ "theme": "a // \\" b /* c", // "disableAllHooks": false,
  "disableAllHooks": true // off
}`;
    expect((await settingsWith({ user: commented })).hooksOff).toBe(
      "/home/.qwen/settings.json sets disableAllHooks",
    );
    expect((await settingsWith({ user: '{ // "disableAllHooks": true\n}' })).hooksOff).toBeUndefined();
  });

  test("an administrator's file of defaults keeps ours out", async () => {
    const { hooksOff } = await settingsWith({ env: { QWEN_CODE_SYSTEM_DEFAULTS_PATH: "/etc/own.json" } });
    expect(hooksOff).toBe("cliai's own file of defaults would replace /etc/own.json");
  });
});
