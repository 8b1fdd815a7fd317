// This room holds all that knows Claude Code: its arguments, hooks, stream, settings, telemetry.
//
// The `AgentCli` of Claude Code. Measured with 2.1.330.
import { join } from "node:path";
import type { AgentCli } from "../agent-cli.ts";
import type { AgentLaunch } from "../agent-launch.ts";
import { passesOn } from "../passed-on.ts";
import { claudeModes } from "./claude-abilities.ts";
import { readClaudePrompt, readClaudeRetry, readClaudeTurn } from "./claude-prompt.ts";
import { buildClaudeSettings, claudeSession } from "./claude-session.ts";
import { readClaudeUserSettings } from "./claude-user-settings.ts";
import { processEnv } from "./model-server/model-server-env.ts";
import { instructionArgs, ownTokens } from "./model-server/slim-form.ts";
import { openClaudeStream, sessionFlags, streamArgs } from "./stream/claude-stream.ts";
import { permissionArgs } from "./stream/claude-stream-hooks.ts";

/** If the user passes one of these, the user has decided how permissions are given. */
const permissionFlags = ["--permission-mode", "--dangerously-skip-permissions"];

export const claude: AgentCli = {
  name: "claude",
  program: "claude",
  packageProgram: "@anthropic-ai/claude-code/bin/claude.exe",
  install: "npm install -g @anthropic-ai/claude-code",
  account: {
    keys: ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"],
    homeVariable: "CLAUDE_CONFIG_DIR",
    homeFolder: ".claude",
  },
  triedVersion: "2.1.330",
  abilities: claudeModes,
  probedFlags: [
    ...["--mcp-config", "--strict-mcp-config", "--settings", "--allowedTools", "--append-system-prompt"],
    ...["--model", "--session-id", "--resume", "--permission-mode", "--permission-prompt-tool"],
    ...["--input-format", "--output-format", "--verbose", "--replay-user-messages"],
  ],
  modelServer: { api: "/v1/messages", takes: ["max_steps", "slim"], ownTokens },
  permissionModes: ["default", "manual", "acceptEdits", "plan", "auto", "dontAsk", "bypassPermissions"],
  unattendedArgs: ["-p"],
  session: claudeSession,
  readUserSettings: readClaudeUserSettings,
  openSession: openClaudeStream,
  readPrompt: readClaudePrompt,
  readRetry: readClaudeRetry,
  readTurn: readClaudeTurn,
  isSessionGone: (lastWords) => lastWords.includes("No conversation found with session ID"),

  async prepare(launch) {
    const { hooks, modelServer } = launch;
    const env = modelServer === undefined ? {} : { env: processEnv(modelServer, hooks?.env ?? {}) };
    if (hooks === undefined) return { args: buildClaudeArgs(launch), ...env };
    const path = join(launch.dir, "settings.json");
    const content = `${JSON.stringify(buildClaudeSettings(hooks, modelServer), null, 2)}\n`;
    return { args: buildClaudeArgs(launch, path), files: [{ path, content }], ...env };
  },
};

/** @param settingsPath a settings file that Claude reads in addition to the user's own */
export function buildClaudeArgs(launch: Omit<AgentLaunch, "hooks">, settingsPath?: string): string[] {
  const { sessionId, mcpConfigPath, strictMcp, model, modelServer, instructions, task, passedOn } = launch;
  const namesSession = passesOn(launch, sessionFlags);
  // Without a permission mode, Claude uses "auto", in which a classifier of its own service decides. No model server of the user's has that
  // classifier, so Claude would open a dialog at each call that it has to check.
  const cannotUseAuto = launch.asksPermissions === true || modelServer !== undefined;
  const ownMode = launch.permissionMode ?? (cannotUseAuto ? "default" : undefined);
  const mode = passesOn(launch, permissionFlags) ? undefined : ownMode;
  const asksByStream =
    launch.asksPermissions === true &&
    launch.isHeadless === true &&
    !passesOn(launch, ["--permission-prompt-tool"]);
  return [
    // --mcp-config and --allowedTools take all words up to the next flag, so another flag must follow them.
    "--mcp-config",
    mcpConfigPath,
    ...(strictMcp ? ["--strict-mcp-config"] : []),
    ...(settingsPath === undefined ? [] : ["--settings", settingsPath]),
    "--allowedTools",
    "mcp__cliai",
    ...(launch.allowedTools ?? []),
    ...(model === undefined ? [] : ["--model", model]),
    ...instructionArgs(instructions, modelServer),
    ...(namesSession ? [] : [launch.isResumed === true ? "--resume" : "--session-id", sessionId]),
    ...(launch.isHeadless === true ? streamArgs : []),
    ...(asksByStream ? permissionArgs : []),
    ...(mode === undefined ? [] : ["--permission-mode", mode]),
    ...(modelServer?.max_steps === undefined ? [] : ["--max-turns", String(modelServer.max_steps)]),
    ...passedOn,
    // After `--` a task may begin with dashes. A headless session gets its task as the first message instead.
    ...(task === undefined || launch.isHeadless === true ? [] : ["--", task]),
  ];
}
