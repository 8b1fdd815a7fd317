// This room holds the agents that speak ACP and that cliai was tried with: one row each, in a file of its own.
//
// The row of Qwen Code. Measured with 0.24.4.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type ModeAbilities, no, partly, yes } from "../../../domain/abilities.ts";
import type { AgentLaunch, CliStart } from "../../agent-launch.ts";
import { acpCli } from "../acp.ts";
import { ownServer } from "../acp-tools.ts";

/** If the user passes one of these, the user has decided how permissions are given. */
const permissionFlags = ["--approval-mode", "--yolo", "-y"];
/** In a session without a terminal nobody sees a suggestion, and each one costs a request to the model. */
const defaults = {
  general: { enableAutoUpdate: false },
  ui: { enableFollowupSuggestions: false },
  // Qwen Code writes a file without its version anew, readable for everybody.
  $version: 4,
};
/** The longest that a call of one of our tools may wait for a person: a week. Qwen Code's own limit is ten minutes. */
const callTimeoutMs = 7 * 86_400_000 + 60_000;
const environment = {
  // Without it, the session begins before its MCP servers are there, so that the first turn has none of cliai's tools.
  QWEN_CODE_LEGACY_MCP_BLOCKING: "1",
  // Without it, a call of a tool that says nothing for five minutes is given up.
  QWEN_CODE_MCP_TOOL_IDLE_TIMEOUT_MS: "0",
};
const defaultsVariable = "QWEN_CODE_SYSTEM_DEFAULTS_PATH";

const abilities: ModeAbilities = {
  headless: {
    task: yes("a prompt of ACP"),
    steer: partly("after its next tool; if it calls none, with its next turn"),
    pause: partly("the tools that ask for a permission, and what it is told, but no other tool"),
    stop_in_tool: yes("its turn is cancelled, and all that it has started is ended"),
    permission: yes("the requests of its rules go to the inbox"),
    question: yes("its questions go to the inbox"),
    seen: yes("its model's first answer after the text"),
    usage: yes("the tokens of each answer of its model"),
    cost: no("it does not tell a cost"),
    resume: yes("by its own session id"),
    shared: no("it has no terminal"),
  },
};

export const qwen = acpCli({
  abilities,
  name: "qwen",
  program: "qwen",
  packageProgram: undefined,
  install: "npm install -g @qwen-code/qwen-code",
  triedVersion: "0.24.4",
  probedFlags: [
    ...["--acp", "--approval-mode", "--allowed-tools", "--append-system-prompt", "--model"],
    ...["--allowed-mcp-server-names", "--mcp-config"],
  ],
  permissionModes: ["plan", "default", "auto-edit", "auto", "yolo"],
  isServerPrepared: true,
  hasInstructions: true,
  toolNameOf: ({ _meta }) => (typeof _meta.toolName === "string" ? _meta.toolName : undefined),
  ownToolPrefix: "mcp__cliai__",
  steer: "craft/drainMidTurnQueue",
  rejectEndsTurn: true,
  prepare: prepareQwen,
});

function prepareQwen(launch: AgentLaunch): CliStart {
  const { dir, hooks, instructions, permissionMode = "default", allowedTools = [], model, passedOn } = launch;
  const hasMode = passedOn.some((arg) => permissionFlags.includes(arg.split("=")[0] ?? ""));
  const server = { ...launch.mcpServer, timeout: callTimeoutMs, alwaysLoadTools: true };
  const servers = jsonFile(dir, "qwen-mcp.json", { mcpServers: { [ownServer]: server } });
  const ours = hasDefaults(hooks?.env ?? {}) ? undefined : jsonFile(dir, "qwen-defaults.json", defaults);
  return {
    args: [
      "--acp",
      ...["--mcp-config", servers.path],
      // Without it, its default is a mode in which a model decides about permissions.
      ...(hasMode ? [] : ["--approval-mode", permissionMode]),
      ...(launch.strictMcp ? ["--allowed-mcp-server-names", ownServer] : []),
      ...allowedTools.flatMap((rule) => ["--allowed-tools", rule]),
      ...(model === undefined ? [] : ["--model", model]),
      ...["--append-system-prompt", instructions],
      ...passedOn,
    ],
    env: { ...environment, ...(ours === undefined ? {} : { [defaultsVariable]: ours.path }) },
    files: [servers, ...(ours === undefined ? [] : [ours])],
  };
}

function jsonFile(dir: string, name: string, value: unknown) {
  return { path: join(dir, name), content: `${JSON.stringify(value, null, 2)}\n` };
}

/** Whether an administrator gives defaults, which ours would replace. */
function hasDefaults(env: Readonly<NodeJS.ProcessEnv>): boolean {
  if (env[defaultsVariable] || env.QWEN_CODE_SYSTEM_SETTINGS_PATH) return true;
  const dir = {
    darwin: "/Library/Application Support/QwenCode",
    win32: "C:\\ProgramData\\qwen-code",
  }[process.platform as string];
  return existsSync(join(dir ?? "/etc/qwen-code", "system-defaults.json"));
}
