import { describe, expect, test } from "bun:test";
import type { AgentLaunch, HookPlace } from "../../../src/agents/agent-launch.ts";
import { buildStart, longestHoldMs } from "../../../src/agents/qwen/qwen-launch.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { mostWaitS } from "../../../src/domain/wire/tools/tool-definition.ts";
import { callTimeoutMs } from "../../../src/domain/wire/tools/tool-rules.ts";

const hooks: HookPlace = {
  ...{
    url: "http://127.0.0.1:5000/hook",
    token: "secret",
    holdS: 3_660,
    telemetryUrl: "http://127.0.0.1:5000",
  },
  command: { command: "cliai", args: ["hook"] },
  env: { QWEN_CODE_SYSTEM_SETTINGS_PATH: "/nowhere/settings.json" },
  ...{ version: "0.24.4", isHeadless: false, asksPermissions: false, holdsEnds: false },
  userSettings: { noProxy: "" },
};
const launch: AgentLaunch = {
  ...{
    agentId: parseAgentId("ada"),
    sessionId: "11111111-1111-4111-8111-111111111111",
    dir: "/d",
    cwd: "/work",
  },
  mcpServer: { command: "cliai", args: ["bridge"], env: { NATS_CREDS: "/d/creds" } },
  ...{ mcpConfigPath: "/d/mcp.json", hooks, strictMcp: false, instructions: "You are ada.", passedOn: [] },
};
const fileOf = (given: AgentLaunch, name: string) =>
  JSON.parse(buildStart(given, true).files?.find(({ path }) => path.endsWith(name))?.content ?? "null");

describe("buildStart()", () => {
  test("a task, its session, its server and its file for texts are arguments; the task may begin with dashes", () => {
    const { args } = buildStart(
      {
        ...launch,
        task: "--all of it",
        model: "m",
        permissionMode: "plan",
      },
      true,
    );
    expect(args).toEqual([
      ...["--mcp-config", "/d/qwen-mcp.json", "--input-file", "/d/qwen-input.jsonl"],
      ...["--json-file", "/d/qwen-events.pipe"],
      ...["--session-id", launch.sessionId, "--approval-mode", "plan", "--model", "m"],
      ...["--append-system-prompt", "You are ada.", "--prompt-interactive=--all of it"],
    ]);
  });

  test("a session is resumed; what the user passes on counts", () => {
    expect(buildStart({ ...launch, isResumed: true }, true).args).toContain("--resume");
    const passedOn = ["--continue", "--yolo"];
    const { args } = buildStart({ ...launch, permissionMode: "plan", passedOn }, true);
    expect(args.filter((arg) => /session-id|resume|approval/.test(arg))).toEqual([]);
    expect(args.slice(-2)).toEqual(passedOn);
  });

  test("the file of defaults has every hook, within a minute; an older file for texts is emptied", () => {
    const { env, files } = buildStart(launch, true);
    expect(env).toMatchObject({ QWEN_CODE_SYSTEM_DEFAULTS_PATH: "/d/qwen-defaults.json" });
    const defaults = fileOf(launch, "qwen-defaults.json");
    const hook = { type: "http", url: hooks.url, timeout: 60, headers: { authorization: "Bearer secret" } };
    for (const name of ["SessionStart", "UserPromptSubmit", "PreToolUse", "Notification", "Stop"])
      expect(defaults.hooks[name]).toMatchObject([{ hooks: [hook] }]);
    expect(files).toContainEqual({ path: "/d/qwen-input.jsonl", content: "" });
    expect(fileOf(launch, "qwen-mcp.json").mcpServers.cliai).toMatchObject({ command: "cliai", trust: true });
    expect(longestHoldMs).toBeLessThan(60_000);
  });

  test("a question of the agent waits for as long as it may, which is longer than Qwen Code lets a call of a tool take", () => {
    const { timeout } = fileOf(launch, "qwen-mcp.json").mcpServers.cliai;
    const longestMs = callTimeoutMs("ask_human", { wait_s: mostWaitS });
    expect(timeout).toBeGreaterThanOrEqual(longestMs);
    expect(buildStart(launch, true).env).toMatchObject({ QWEN_CODE_MCP_TOOL_IDLE_TIMEOUT_MS: "0" });
  });

  test("without a host there are no hooks, and an administrator's defaults are left as they are", () => {
    const { hooks: _, ...alone } = launch;
    const env = { QWEN_CODE_SYSTEM_DEFAULTS_PATH: "/etc/own.json" };
    for (const given of [alone, { ...launch, hooks: { ...hooks, env } }]) {
      expect(buildStart(given, true).env).not.toHaveProperty("QWEN_CODE_SYSTEM_DEFAULTS_PATH");
      expect(fileOf(given, "qwen-defaults.json")).toBeNull();
    }
  });

  test("whoever answers permissions is asked for them, and no model", () => {
    const { args } = buildStart({ ...launch, asksPermissions: true }, true);
    expect(args.join(" ")).toContain("--approval-mode default");
    expect(buildStart(launch, true).args).not.toContain("--approval-mode");
  });

  test("what Qwen Code tells by its pipe is not told by a hook, too", () => {
    const hooksOf = (hasPipe: boolean) =>
      JSON.parse(
        buildStart(launch, hasPipe).files?.find(({ path }) => path.endsWith("defaults.json"))?.content ?? "",
      );
    expect(hooksOf(true).hooks).not.toHaveProperty("PermissionRequest");
    expect(hooksOf(false).hooks).toHaveProperty("PermissionRequest");
    expect(buildStart(launch, false).args).not.toContain("--json-file");
  });

  test("what it cannot hold on a terminal is refused by name", () => {
    expect(() => buildStart({ ...launch, asksPermissions: true }, false)).toThrow('"permissions": "inbox"');
    const held = { ...launch, hooks: { ...hooks, holdsEnds: true } };
    expect(() => buildStart(held, true)).toThrow('"stop_approval"');
  });
});
