import { describe, expect, test } from "bun:test";
import { buildClaudeSettings, claudeHooks } from "../../../src/agents/claude/claude-session.ts";

const place = {
  url: "http://127.0.0.1:1/hook",
  token: "secret",
  holdS: 60,
  command: { command: "/opt/my tools/cliai", args: ["hook"] },
  telemetryUrl: "http://127.0.0.1:1",
  env: {},
  isHeadless: false,
  asksPermissions: false,
  userSettings: { noProxy: "corp.example,127.0.0.1,localhost,::1" },
  holdsEnds: false,
};

function hookOf(settings: unknown, event: string): Record<string, unknown> | undefined {
  const { hooks } = settings as { hooks: Record<string, { hooks: Record<string, unknown>[] }[]> };
  return hooks[event]?.[0]?.hooks[0];
}

describe("claudeHooks", () => {
  test("hooks are HTTP from the release that brought them on, and commands before", () => {
    for (const version of [undefined, "2.1.63", "2.1.330", "3.0.0"]) {
      expect(hookOf(buildClaudeSettings({ ...place, version }), "PreToolUse")).toMatchObject({
        type: "http",
        url: place.url,
        headers: { authorization: "Bearer secret" },
        timeout: 60,
      });
    }
    for (const version of ["2.1.62", "2.0.99", "1.9.400"]) {
      const hook = hookOf(buildClaudeSettings({ ...place, version }), "PreToolUse");
      expect(hook).toEqual({ type: "command", command: "'/opt/my tools/cliai' hook", timeout: 60 });
    }
  });

  test("what the stream of a headless session carries is not in its settings besides, from the same release on", () => {
    const events = (version: string) =>
      Object.keys(
        (buildClaudeSettings({ ...place, version, isHeadless: true }) as { hooks: object }).hooks,
      ).filter((event) => event.endsWith("ToolUse") || event.endsWith("ToolUseFailure"));
    expect(events("2.1.330")).toEqual([]);
    expect(events("2.1.62")).toEqual(["PreToolUse", "PostToolUse", "PostToolUseFailure"]);
  });

  test("its settings keep loopback, and what the user keeps, from every proxy of the user's settings", () => {
    const settings = buildClaudeSettings({ ...place, version: "2.1.330", isHeadless: true });
    const noProxy = place.userSettings.noProxy;
    expect((settings as { env: object }).env).toEqual({ NO_PROXY: noProxy, no_proxy: noProxy });
  });

  test("where somebody has to approve the ends of turns, Claude does not end them by itself after eight", () => {
    const { env } = buildClaudeSettings({ ...place, version: "2.1.330", holdsEnds: true }) as {
      env: Record<string, string>;
    };
    expect(Number(env.CLAUDE_CODE_STOP_HOOK_BLOCK_CAP)).toBeGreaterThan(100_000);
  });

  test("where HTTP hooks are not allowed, every hook is a command", () => {
    const userSettings = { ...place.userSettings, httpHooksOff: "a file sets allowedHttpHookUrls" };
    const { hooks } = buildClaudeSettings({ ...place, version: "2.1.330", userSettings }) as {
      hooks: Record<string, { hooks: { type: string }[] }[]>;
    };
    const types = Object.values(hooks).flatMap((entries) => entries.flatMap((entry) => entry.hooks));
    expect(new Set(types.map(({ type }) => type))).toEqual(new Set(["command"]));
  });

  test("the start of a session is told by a command with arguments of its own, which no shell reads", () => {
    const hook = hookOf(buildClaudeSettings({ ...place, version: "2.1.330" }), "SessionStart");
    expect(hook).toMatchObject({ type: "command", command: "/opt/my tools/cliai", args: ["hook"] });
  });

  test("a field of another type than is known leaves the gate closed: the tool is read all the same", () => {
    const hook = claudeHooks.read({
      hook_event_name: "PreToolUse",
      tool_name: "Bash",
      tool_input: {},
      agent_id: null,
      stop_hook_active: "no",
      transcript_path: 7,
    });
    expect(hook).toMatchObject({
      facts: { kind: "tool_start" },
      tool: { name: "Bash", isOwn: false },
      isSubagent: false,
    });
  });

  test("only the tools of our own server are our own", () => {
    const isOwn = (tool_name: string) =>
      claudeHooks.read({ hook_event_name: "PreToolUse", tool_name, tool_input: {} })?.tool?.isOwn;
    expect(isOwn("mcp__cliai__report_status")).toBe(true);
    expect(isOwn("mcp__cliai__evil__report_status")).toBe(false);
    expect(isOwn("mcp__other__report_status")).toBe(false);
  });

  test("what asks its user is read with its questions or its plan, and answered with the tool's own input", () => {
    const questions = [
      {
        ...{ question: "Which?", header: "Q", multiSelect: true },
        options: [{ label: "a", description: "first", preview: "A" }, { label: "b" }],
      },
    ];
    const asked = {
      hook_event_name: "PermissionRequest",
      tool_name: "AskUserQuestion",
      tool_input: { questions },
    };
    const hook = claudeHooks.read(asked);
    expect(hook?.facts).toMatchObject({ kind: "question", detail: "Which?" });
    expect(hook?.tool?.questions).toEqual([
      {
        ...{ question: "Which?", header: "Q", several: true },
        choices: [{ label: "a", description: "first", preview: "A" }, { label: "b" }],
      },
    ]);
    if (hook === undefined) throw new Error("it is a hook");
    expect(claudeHooks.buildAnswer(hook, { type: "answer", answers: ["a, b"] })).toEqual({
      hookSpecificOutput: {
        hookEventName: "PermissionRequest",
        decision: { behavior: "allow", updatedInput: { questions, answers: { "Which?": "a, b" } } },
      },
    });
    // Of another shape than we know: nothing that could be asked.
    const odd = claudeHooks.read({ ...asked, tool_input: { questions: "Which?" } });
    expect(odd?.tool?.questions).toEqual([]);

    const plan = claudeHooks.read({ ...asked, tool_name: "ExitPlanMode", tool_input: { plan: "# P" } });
    expect(plan?.facts).toMatchObject({ kind: "permission", detail: "# P" });
    expect(plan?.tool?.plan).toBe("# P");
    expect(plan && claudeHooks.buildAnswer(plan, { type: "permit" })).toMatchObject({
      hookSpecificOutput: { decision: { behavior: "allow", updatedInput: { plan: "# P" } } },
    });
  });

  test("a headless session that asks for permissions by its stream has no hook for them in its settings", () => {
    const settings = (more: object) =>
      Object.keys(
        (buildClaudeSettings({ ...place, version: "2.1.330", ...more }) as { hooks: object }).hooks,
      );
    expect(settings({ isHeadless: true, asksPermissions: true })).not.toContain("PermissionRequest");
    expect(settings({ isHeadless: true })).toContain("PermissionRequest");
    expect(settings({ asksPermissions: true })).toContain("PermissionRequest");
  });

  test("it exports its telemetry to the host, but where its user has it export elsewhere, or its results say the same", () => {
    const endpointOf = (more: object) => {
      const settings = buildClaudeSettings({ ...place, version: "2.1.330", ...more });
      return (settings as { env: Record<string, string> }).env.OTEL_EXPORTER_OTLP_ENDPOINT;
    };
    expect(endpointOf({})).toBe("http://127.0.0.1:1");
    const userSettings = { noProxy: "", telemetryElsewhere: "user sets OTEL_LOGS_EXPORTER" };
    expect(endpointOf({ userSettings })).toBeUndefined();
    expect(endpointOf({ isHeadless: true })).toBeUndefined();
  });

  test("no session moves to Claude's own daemon, away from its host", () => {
    expect(buildClaudeSettings({ ...place, version: "2.1.330" })).toMatchObject({ disableAgentView: true });
  });
});
