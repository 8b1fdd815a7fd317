import { describe, expect, test } from "bun:test";
import type { AgentLaunch, HookPlace } from "../../../src/agents/agent-launch.ts";
import { buildStart } from "../../../src/agents/copilot/copilot-launch.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";

const hooks: HookPlace = {
  ...{ url: "http://127.0.0.1:5000/hook", token: "secret", holdS: 3_660, env: {} },
  telemetryUrl: "http://127.0.0.1:5000",
  command: { command: "/bin/cliai", args: ["hook", "--mcp-config", "/d/mcp.json"] },
  ...{ version: "1.0.102", isHeadless: false, asksPermissions: false, holdsEnds: false },
  userSettings: { noProxy: "" },
};
const launch: AgentLaunch = {
  ...{ agentId: parseAgentId("ada"), sessionId: "11111111-1111-4111-8111-111111111111" },
  ...{ dir: "/d", cwd: "/work" },
  mcpServer: { command: "cliai", args: ["bridge"], env: { NATS_CREDS: "/d/creds" } },
  ...{ mcpConfigPath: "/d/mcp.json", hooks, strictMcp: false, instructions: "You are ada.", passedOn: [] },
};
const fileOf = (given: AgentLaunch, name: string) =>
  JSON.parse(buildStart(given).files?.find(({ path }) => path.endsWith(name))?.content ?? "null");

describe("buildStart()", () => {
  test("its server, its plugin, its session and its task are arguments; the task may begin with dashes", () => {
    const given = { ...launch, task: "--all of it", model: "m", allowedTools: ["shell(git)"] };
    expect(buildStart(given).args).toEqual([
      ...["--additional-mcp-config", "@/d/copilot-mcp.json"],
      ...["--allow-tool", "cliai", "--allow-tool", "shell(git)", "--model", "m"],
      ...["--plugin-dir", "/d/copilot-plugin", "--session-id", launch.sessionId],
      "--interactive=--all of it",
    ]);
    expect(fileOf(launch, "copilot-mcp.json").mcpServers.cliai).toMatchObject({ command: "cliai" });
  });

  test("a session that the user names counts", () => {
    const { args } = buildStart({ ...launch, passedOn: ["--resume=x"] });
    expect(args).not.toContain("--session-id");
    expect(args.at(-1)).toBe("--resume=x");
  });

  test("the plugin has a command for each hook; Copilot waits longest where a person may take long", () => {
    const { hooks: ours } = fileOf(launch, "hooks.json");
    const command = (name: string, timeoutSec: number) => [
      { type: "command", exec: "/bin/cliai", args: [...hooks.command.args, "--event", name], timeoutSec },
    ];
    expect(ours.preToolUse).toEqual(command("preToolUse", 3_660));
    expect(ours.agentStop).toEqual(command("agentStop", 30));
    expect(fileOf(launch, "plugin.json")).toMatchObject({ name: "cliai", hooks: "hooks.json" });
  });

  test("only an agent whose permissions the inbox gives is asked for them", () => {
    expect(fileOf(launch, "hooks.json").hooks).not.toHaveProperty("permissionRequest");
    const asked = { ...launch, hooks: { ...hooks, asksPermissions: true } };
    expect(fileOf(asked, "hooks.json").hooks.permissionRequest).toMatchObject([{ timeoutSec: 3_660 }]);
  });

  test("without a host there is no plugin", () => {
    const { hooks: _, ...alone } = launch;
    expect(buildStart(alone).args).not.toContain("--plugin-dir");
    expect(fileOf(alone, "hooks.json")).toBeNull();
  });

  test("what it cannot hold is refused by name", () => {
    const held = { ...launch, hooks: { ...hooks, holdsEnds: true } };
    expect(() => buildStart(held)).toThrow('"stop_approval"');
    expect(() => buildStart({ ...launch, strictMcp: true })).toThrow("--strict-mcp");
  });
});
