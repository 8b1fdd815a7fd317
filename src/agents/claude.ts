// Claude Code: measured with 2.1.330.
import type { AgentCli } from "./agent-cli.ts";
import { buildClaudeSettings, claudeSession } from "./claude-session.ts";
import { claudeStream } from "./claude-stream.ts";

/** With one of these, the session has an id already, and a second one is refused. */
const sessionFlags = ["--session-id", "--resume", "-r", "--continue", "-c", "--from-pr"];

export const claude: AgentCli = {
  name: "claude",
  program: "claude",
  install: "npm install -g @anthropic-ai/claude-code",
  triedVersion: "2.1.330",
  unattendedArgs: ["-p"],
  session: claudeSession,
  buildSettings: buildClaudeSettings,
  headless: claudeStream,

  buildArgs(launch) {
    const { sessionId, mcpConfigPath, settingsPath, strictMcp, model, instructions, task, passedOn } = launch;
    const namesSession = passedOn.some((arg) => sessionFlags.includes(arg.split("=")[0] ?? ""));
    return [
      // --mcp-config and --allowedTools take all words up to the next flag: none of them may stand last.
      "--mcp-config",
      mcpConfigPath,
      ...(strictMcp ? ["--strict-mcp-config"] : []),
      ...(settingsPath === undefined ? [] : ["--settings", settingsPath]),
      "--allowedTools",
      "mcp__cliai",
      ...(model === undefined ? [] : ["--model", model]),
      "--append-system-prompt",
      instructions,
      ...(namesSession ? [] : ["--session-id", sessionId]),
      ...(launch.isHeadless === true ? claudeStream.args : []),
      ...passedOn,
      // After `--` a task may begin with dashes. A headless session is given it as its first message.
      ...(task === undefined || launch.isHeadless === true ? [] : ["--", task]),
    ];
  },
};
