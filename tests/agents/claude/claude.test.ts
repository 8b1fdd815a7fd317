// The command line and the files with which Claude Code is started.
import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import template from "../../../configs/mcp-nats.json" with { type: "json" };
import { findAgentCli } from "../../../src/agents/agent-clis.ts";
import type { AgentLaunch } from "../../../src/agents/agent-launch.ts";
import { buildClaudeArgs, claude } from "../../../src/agents/claude/claude.ts";
import { fillTemplate } from "../../../src/agents/mcp-config.ts";
import { shellQuote } from "../../../src/agents/shell-quote.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";

const launch: AgentLaunch = {
  agentId: parseAgentId("ada"),
  sessionId: "11111111-2222-4333-8444-555555555555",
  dir: "/data/agents/ada",
  cwd: "/work",
  mcpServer: { command: "cliai", args: ["bridge"], env: {} },
  mcpConfigPath: "/data/agents/ada/mcp.json",
  strictMcp: false,
  instructions: "Be brief.",
  passedOn: [],
};
const standard = ["--mcp-config", "/data/agents/ada/mcp.json", "--allowedTools", "mcp__cliai"];

describe("buildClaudeArgs()", () => {
  test("gives the configuration, the tools, the instructions and the session", () => {
    expect(buildClaudeArgs(launch)).toEqual([
      ...standard,
      "--append-system-prompt",
      "Be brief.",
      "--session-id",
      launch.sessionId,
    ]);
  });

  test("goes on in a session that is there already", () => {
    const args = buildClaudeArgs({ ...launch, isResumed: true });
    expect(args.slice(-2)).toEqual(["--resume", launch.sessionId]);
  });

  test("puts the task last, behind --, so that it may begin with dashes", () => {
    const args = buildClaudeArgs({ ...launch, task: "--help me; $(rm -rf /) & %PATH%", passedOn: ["-p"] });
    expect(args.slice(-3)).toEqual(["-p", "--", "--help me; $(rm -rf /) & %PATH%"]);
  });

  test("names model and strictness where they are wanted", () => {
    const args = buildClaudeArgs({ ...launch, strictMcp: true, model: "opus" });
    expect(args).toContain("--strict-mcp-config");
    expect(args[args.indexOf("--model") + 1]).toBe("opus");
  });

  test.each([
    { passedOn: ["--resume"] },
    { passedOn: ["--resume=abc"] },
    { passedOn: ["-c"] },
    { passedOn: ["--session-id", "x"] },
  ])("names no session of its own when the user passes on $passedOn", ({ passedOn }) => {
    const args = buildClaudeArgs({ ...launch, passedOn });
    expect(args).not.toContain(launch.sessionId);
    expect(args.slice(-passedOn.length)).toEqual([...passedOn]);
  });

  test("allows the tools and takes the mode that a profile names, unless the user passes on a mode", () => {
    const profile = { allowedTools: ["Bash(npm test:*)", "Edit"], permissionMode: "acceptEdits" };
    const args = buildClaudeArgs({ ...launch, ...profile, asksPermissions: true });
    expect(args.slice(0, 7)).toEqual([...standard, "Bash(npm test:*)", "Edit", "--append-system-prompt"]);
    expect(args.slice(-2)).toEqual(["--permission-mode", "acceptEdits"]);
    const own = buildClaudeArgs({ ...launch, ...profile, passedOn: ["--permission-mode", "plan"] });
    expect(own.slice(-2)).toEqual(["--permission-mode", "plan"]);
    expect(own).not.toContain("acceptEdits");
  });

  test("on a model server of the user's it is not Claude's own mode, which asks Claude's service", () => {
    const modelServer = { url: "http://127.0.0.1:8080", model: "qwen" };
    expect(buildClaudeArgs(launch)).not.toContain("--permission-mode");
    const modeOf = (more: object) => {
      const args = buildClaudeArgs({ ...launch, modelServer, ...more } as Parameters<
        typeof buildClaudeArgs
      >[0]);
      return args[args.indexOf("--permission-mode") + 1];
    };
    expect(modeOf({})).toBe("default");
    expect(modeOf({ permissionMode: "acceptEdits" })).toBe("acceptEdits");
    expect(modeOf({ passedOn: ["--permission-mode", "plan"] })).toBe("plan");
  });

  test("a headless session that asks for permissions asks by its stream, unless the user has named another way", () => {
    const asks = (more: object) =>
      buildClaudeArgs({ ...launch, asksPermissions: true, ...more })
        .join(" ")
        .includes("--permission-prompt-tool stdio");
    expect(asks({ isHeadless: true })).toBe(true);
    expect(asks({ isHeadless: false })).toBe(false);
    expect(asks({ isHeadless: true, asksPermissions: false })).toBe(false);
    expect(asks({ isHeadless: true, passedOn: ["--permission-prompt-tool", "mcp__mine__ask"] })).toBe(false);
  });

  test("no word of the user's stands where --mcp-config or --allowedTools would take it for one more value", () => {
    for (const task of [undefined, "do it"]) {
      const args = buildClaudeArgs({
        ...launch,
        ...(task === undefined ? {} : { task }),
        passedOn: ["word"],
      });
      for (const flag of ["--mcp-config", "--allowedTools"]) {
        expect(args[args.indexOf(flag) + 2]).toStartWith("--");
      }
    }
  });
});

describe("findAgentCli()", () => {
  test("names the nearest for one that is not there", () => {
    expect(findAgentCli("claude")).toBe(claude);
    expect(() => findAgentCli("cladue")).toThrow(
      expect.objectContaining({ message: 'no agent CLI "cladue"', hint: "did you mean claude?" }),
    );
  });
});

describe("fillTemplate()", () => {
  const values = {
    command: "/opt/cli ai/cliai",
    args: ["run", "-A", "/src/main.ts"],
    agent_id: "ada",
    nats_url: "nats://127.0.0.1:4222",
    config_name: "coder",
    project_path: '/home/a "quoted"\\path\n{{agent_id}}',
    role: "captain",
  };
  interface Filled {
    mcpServers: {
      cliai: { command: string; args: string[]; env: Record<string, string>; alwaysLoad: boolean };
    };
  }

  test("starts this program's bridge for this agent, and leaves out what is not set", () => {
    const { cliai } = (fillTemplate(template, values) as Filled).mcpServers;
    expect(cliai).toMatchObject({
      command: values.command,
      args: [...values.args, "bridge"],
      alwaysLoad: true,
    });
    expect(cliai.env).toEqual({
      AGENT_ID: "ada",
      NATS_URL: values.nats_url,
      CLIAI_CONFIG_NAME: "coder",
      CLIAI_PROJECT_PATH: values.project_path,
      CLIAI_ROLE: "captain",
    });
  });

  test("names the credentials where there are some", () => {
    const { cliai } = (fillTemplate(template, { ...values, nats_creds: "/c.creds" }) as Filled).mcpServers;
    expect(cliai.env.NATS_CREDS).toBe("/c.creds");
  });

  test("has a value for every place of the template", () => {
    const filled = fillTemplate(template, { ...values, project_path: "/p", nats_creds: "/c" });
    expect(JSON.stringify(filled)).not.toContain("{{");
  });
});

describe("shellQuote()", () => {
  test("a shell reads back the very words", () => {
    const words = fc.array(
      fc.string({ unit: "grapheme" }).map((word) => word.replaceAll("\0", "")),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(words, (given) => {
        const script = `for word in ${shellQuote(given)}; do printf '%s\\0' "$word"; done`;
        const read = execFileSync("sh", ["-c", script], { encoding: "utf8" });
        expect(read.split("\0").slice(0, -1)).toEqual(given);
      }),
      { numRuns: 30 },
    );
  });
});
