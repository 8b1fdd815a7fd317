import { describe, expect, test } from "bun:test";
import { readMcpServerFacts } from "../../src/agents/mcp-server-facts.ts";

describe("readMcpServerFacts()", () => {
  test.each([
    [{}, {}],
    [{ CLAUDE_CODE_SESSION_ID: "", CLAUDE_PROJECT_DIR: "" }, {}],
    [
      { CLAUDE_PROJECT_DIR: "/project", CLAUDE_CODE_SESSION_ID: "s1" },
      { projectPath: "/project", sessionId: "s1" },
    ],
    [{ CLAUDE_CODE_MESSAGING_TOKEN: "t" }, {}],
    [
      { CLAUDE_CODE_MESSAGING_SOCKET: "/run/s", CLAUDE_CODE_MESSAGING_TOKEN: "t" },
      { messaging: { path: "/run/s", token: "t" } },
    ],
  ])("of the environment %j a bridge learns %j", (env, facts) => {
    expect(readMcpServerFacts(env)).toEqual(facts);
  });
});
