// This room holds the agents that speak ACP and that cliai was tried with: one row each, in a file of its own.
//
// The row of Qwen Code without a terminal. Measured with 0.24.4.
import { type ModeAbilities, no, partly, yes } from "../../../domain/abilities.ts";
import type { AgentLaunch, CliStart } from "../../agent-launch.ts";
import { passesOn } from "../../passed-on.ts";
import {
  administratorsDefaults,
  defaultsFile,
  defaultsVariable,
  ownToolPrefix,
  serverEnvironment,
  serversFile,
} from "../../qwen/qwen-files.ts";
import {
  modelServerArgs,
  modelServerDefaults,
  modelServerEnv,
  ownTokens,
} from "../../qwen/qwen-model-server.ts";
import { acpCli } from "../acp.ts";
import { ownServer } from "../acp-tools.ts";

/** If the user passes one of these, the user has decided how permissions are given. */
export const permissionFlags = ["--approval-mode", "--yolo", "-y"];
/** In a session without a terminal nobody sees a suggestion, and each one costs a request to the model. */
const defaults = {
  general: { enableAutoUpdate: false },
  ui: { enableFollowupSuggestions: false },
};

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

export const qwenOverAcp = acpCli({
  abilities,
  name: "qwen",
  program: "qwen",
  packageProgram: undefined,
  install: "npm install -g @qwen-code/qwen-code",
  account: { keys: ["OPENAI_API_KEY"], homeVariable: "QWEN_HOME", homeFolder: ".qwen" },
  triedVersion: "0.24.4",
  probedFlags: [
    ...["--acp", "--approval-mode", "--allowed-tools", "--append-system-prompt", "--model"],
    ...["--allowed-mcp-server-names", "--mcp-config"],
  ],
  modelServer: { ownTokens },
  permissionModes: ["plan", "default", "auto-edit", "auto", "yolo"],
  isServerPrepared: true,
  hasInstructions: true,
  toolNameOf: ({ _meta }) => (typeof _meta.toolName === "string" ? _meta.toolName : undefined),
  ownToolPrefix,
  steer: "craft/drainMidTurnQueue",
  rejectEndsTurn: true,
  leavesBridgeUnused: true,
  prepare: prepareQwen,
});

function prepareQwen(launch: AgentLaunch): CliStart {
  const { hooks, instructions, permissionMode = "default", allowedTools = [], model, passedOn } = launch;
  const hasMode = passesOn(launch, permissionFlags);
  const servers = serversFile(launch);
  const ours = administratorsDefaults(hooks?.env ?? {})
    ? undefined
    : defaultsFile(launch, { ...defaults, ...modelServerDefaults(launch) });
  return {
    args: [
      "--acp",
      ...["--mcp-config", servers.path],
      // Without this flag, Qwen Code uses a mode in which a model decides about permissions.
      ...(hasMode ? [] : ["--approval-mode", permissionMode]),
      ...(launch.strictMcp ? ["--allowed-mcp-server-names", ownServer] : []),
      ...allowedTools.flatMap((rule) => ["--allowed-tools", rule]),
      ...(model === undefined ? [] : ["--model", model]),
      ...modelServerArgs(launch),
      ...["--append-system-prompt", instructions],
      ...passedOn,
    ],
    env: {
      ...serverEnvironment,
      ...(ours === undefined ? {} : { [defaultsVariable]: ours.path }),
      ...modelServerEnv(launch),
    },
    files: [servers, ...(ours === undefined ? [] : [ours])],
  };
}
