// Claude Code: measured with 2.1.330.
import type { AgentCli } from "./agent-cli.ts";

/** With one of these, the session has an id already, and a second one is refused. */
const sessionFlags = ["--session-id", "--resume", "-r", "--continue", "-c", "--from-pr"];

export const claude: AgentCli = {
  name: "claude",
  program: "claude",
  install: "npm install -g @anthropic-ai/claude-code",
  triedVersion: "2.1.330",
  unattendedArgs: ["-p"],

  buildArgs({ sessionId, mcpConfigPath, strictMcp, model, instructions, task, passedOn }) {
    const namesSession = passedOn.some((arg) => sessionFlags.includes(arg.split("=")[0] ?? ""));
    return [
      // --mcp-config and --allowedTools take all words up to the next flag: none of them may stand last.
      "--mcp-config",
      mcpConfigPath,
      ...(strictMcp ? ["--strict-mcp-config"] : []),
      "--allowedTools",
      "mcp__cliai",
      ...(model === undefined ? [] : ["--model", model]),
      "--append-system-prompt",
      instructions,
      ...(namesSession ? [] : ["--session-id", sessionId]),
      ...passedOn,
      // After `--` a task may begin with dashes.
      ...(task === undefined ? [] : ["--", task]),
    ];
  },
};
