import { describe, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import {
  judgeUserSettings,
  readClaudeUserSettings,
  type SettingsFile,
} from "../../../src/agents/claude/claude-user-settings.ts";
import { noProxyWithLoopback } from "../../../src/agents/direct-loopback.ts";
import { tempDir } from "../../support/temp-dir.ts";

const loopback = "127.0.0.1,localhost,::1";

function file(path: string, settings: object, isManaged = false): SettingsFile {
  return { path, isManaged, settings: { env: {}, ...settings } };
}

describe("readClaudeUserSettings()", () => {
  test("NO_PROXY keeps what its user keeps from the proxy, once each, and has loopback besides", () => {
    const table: [(string | undefined)[], string][] = [
      [[], loopback],
      [[undefined, ""], loopback],
      [["corp.example, .lan"], `corp.example,.lan,${loopback}`],
      [["corp.example", "corp.example,::1"], "corp.example,::1,127.0.0.1,localhost"],
      [["corp.example,*"], "*"],
    ];
    for (const [lists, wanted] of table) expect(noProxyWithLoopback(lists)).toBe(wanted);
  });

  test("of several files that set NO_PROXY the last counts, and it counts more than the environment", () => {
    const files = [
      file("user", { env: { NO_PROXY: "a.example" } }),
      file("project", { env: { NO_PROXY: "b.example", HTTP_PROXY: "http://proxy.example" } }),
      file("local", { env: { no_proxy: 7 } }),
    ];
    expect(judgeUserSettings(files, { NO_PROXY: "c.example" }).noProxy).toBe(`b.example,${loopback}`);
    expect(judgeUserSettings([], { NO_PROXY: "c.example" }).noProxy).toBe(`c.example,${loopback}`);
  });

  test("hooks are off where the last word says so, or the administrator takes no others than his own", () => {
    const off = { disableAllHooks: true };
    const on = { disableAllHooks: false };
    expect(judgeUserSettings([file("user", off)], {}).hooksOff).toBe("user sets disableAllHooks");
    expect(judgeUserSettings([file("user", off), file("local", on)], {}).hooksOff).toBeUndefined();
    expect(judgeUserSettings([file("user", on), file("local", off)], {}).hooksOff).toContain("local");
    const only = { allowManagedHooksOnly: true };
    expect(judgeUserSettings([file("managed", only, true)], {}).hooksOff).toContain("allowManagedHooksOnly");
    // Claude takes it from no other file.
    expect(judgeUserSettings([file("user", only)], {}).hooksOff).toBeUndefined();
  });

  test("HTTP hooks are off where a list of addresses is kept, or the administrator's proxy takes loopback too", () => {
    const listed = (urls: unknown[]) => judgeUserSettings([file("user", { allowedHttpHookUrls: urls })], {});
    expect(listed(["https://hooks.example/*"]).httpHooksOff).toBe("user sets allowedHttpHookUrls");
    expect(listed([]).httpHooksOff).toBe("user sets allowedHttpHookUrls");
    expect(listed(["*"]).httpHooksOff).toBeUndefined();
    const managed = (NO_PROXY: string) =>
      judgeUserSettings([file("managed", { env: { NO_PROXY } }, true)], {});
    expect(managed("corp.example").httpHooksOff).toContain("NO_PROXY");
    expect(managed("corp.example,127.0.0.1").httpHooksOff).toBeUndefined();
    expect(judgeUserSettings([], {})).toEqual({ noProxy: loopback });
  });

  test("telemetry goes elsewhere where any file or the environment has a setting of it", () => {
    const why = (files: SettingsFile[], env = {}) => judgeUserSettings(files, env).telemetryElsewhere;
    const otel = { OTEL_EXPORTER_OTLP_ENDPOINT: "https://otel.example.org" };
    expect(why([file("user", { env: { HTTP_PROXY: "x" } })], { PATH: "/bin" })).toBeUndefined();
    expect(why([file("managed", { env: otel }, true)])).toBe("managed sets OTEL_EXPORTER_OTLP_ENDPOINT");
    expect(why([file("user", { env: { CLAUDE_CODE_ENABLE_TELEMETRY: "1" } })], otel)).toBe(
      "user sets CLAUDE_CODE_ENABLE_TELEMETRY",
    );
    expect(why([], otel)).toBe("its environment sets OTEL_EXPORTER_OTLP_ENDPOINT");
  });

  test("the files are those that Claude reads: the user's, the project's, the local ones, the administrator's with its parts", async () => {
    await using dir = await tempDir();
    const cwd = dir.join("work");
    const managedDir = dir.join("managed");
    const read = (env: Record<string, string>) =>
      readClaudeUserSettings({ cwd, env, platform: "linux", managedDir });
    const write = async (path: string, text: string) => {
      await mkdir(dir.join(path, ".."), { recursive: true });
      await writeFile(dir.join(path), text);
    };
    const env = { HOME: dir.join("home") };
    expect(await read(env)).toEqual({ noProxy: loopback });
    await write("home/.claude/settings.json", '{"env":{"NO_PROXY":"user.example"}}');
    expect((await read(env)).noProxy).toContain("user.example");
    await write("config/settings.json", '{"disableAllHooks":true}');
    const moved = { ...env, CLAUDE_CONFIG_DIR: dir.join("config") };
    expect((await read(moved)).hooksOff).toContain(dir.join("config/settings.json"));
    await write(
      "work/.claude/settings.json",
      '{"disableAllHooks":false,"env":{"NO_PROXY":"project.example"}}',
    );
    expect((await read(moved)).hooksOff).toBeUndefined();
    await write("work/.claude/settings.local.json", '{"allowedHttpHookUrls":["https://hooks.example/*"]}');
    expect((await read(moved)).httpHooksOff).toContain("settings.local.json");
    await write("work/.claude/settings.local.json", "no json");
    await write("managed/managed-settings.json", '{"env":{"NO_PROXY":"127.0.0.1"}}');
    await write("managed/managed-settings.d/10-hooks.json", '{"allowManagedHooksOnly":true}');
    expect(await read(moved)).toEqual({
      noProxy: loopback,
      hooksOff: `${dir.join("managed/managed-settings.d/10-hooks.json")} sets allowManagedHooksOnly`,
    });
  });
});
