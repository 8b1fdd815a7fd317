// The row of Gemini CLI. Measured with 0.61.0.
import { type ModeAbilities, no, partly, yes } from "../../../domain/abilities.ts";
import { CliaiError } from "../../../domain/text/errors.ts";
import type { AgentLaunch, CliStart } from "../../agent-launch.ts";
import { passesOn } from "../../passed-on.ts";
import { acpCli } from "../acp.ts";

/** What it writes before it ends, if it has no session of the id that `--resume` names. */
const goneWords = /Error resuming session: (Invalid session identifier|No previous sessions found)/;
/** If the user passes one of these, the user has decided how permissions are given. */
const permissionFlags = ["--approval-mode", "--yolo", "-y"];

const abilities: ModeAbilities = {
  headless: {
    task: yes("a prompt of ACP"),
    steer: no("the text waits for the end of the turn, which a second prompt would cut off"),
    pause: partly("a tool that asks for a permission, and what it is told; no other tool"),
    stop_in_tool: yes("its turn is cancelled, and all that it has started is ended"),
    permission: yes("what its rules ask is asked in the inbox"),
    question: no("it has no such tool over ACP"),
    seen: yes("its model's first answer after the text"),
    usage: yes("the tokens of each turn"),
    cost: no("it does not tell a cost"),
    resume: yes("by its own session id"),
    shared: no("it has no terminal"),
  },
};

export const gemini = acpCli({
  abilities,
  name: "gemini",
  program: "gemini",
  packageProgram: undefined,
  install: "npm install -g @google/gemini-cli",
  account: { keys: ["GEMINI_API_KEY", "GOOGLE_API_KEY"], homeFolder: ".gemini" },
  triedVersion: "0.61.0",
  probedFlags: ["--acp", "--skip-trust", "--approval-mode", "--allowed-tools", "--model"],
  permissionModes: ["default", "auto_edit", "yolo", "plan"],
  // Gemini CLI makes the id of a call from the tool's name and the model's own id: `run_shell_command__fc_1`.
  toolNameOf: ({ toolCallId }) => (toolCallId.includes("__") ? toolCallId.split("__")[0] : undefined),
  ownToolPrefix: "mcp_cliai_",
  goneWords,
  prepare,
});

/** @throws CliaiError `config_invalid` */
function prepare(launch: AgentLaunch): CliStart {
  const { permissionMode, allowedTools = [], strictMcp, model, passedOn, isResumed, sessionId } = launch;
  if (strictMcp) {
    throw new CliaiError("config_invalid", "--strict-mcp: gemini uses its user's MCP servers, too", {
      hint: "leave --strict-mcp out",
    });
  }
  const hasMode = passesOn(launch, permissionFlags);
  return {
    args: [
      "--acp",
      // In a folder that is not trusted, Gemini CLI starts no MCP server, and does not say so. With this flag it starts them, but the folder's
      // own settings and hooks still do not count.
      "--skip-trust",
      // `session/load` alone resumes a session only once. It leaves a file that has the session's id and no conversation. The next start takes
      // this file for a broken one, and deletes all files of its id, the conversation too, unless that start itself is for this session.
      ...(isResumed === true ? ["--resume", sessionId] : []),
      ...(hasMode || permissionMode === undefined ? [] : ["--approval-mode", permissionMode]),
      ...allowedTools.flatMap((tool) => ["--allowed-tools", tool]),
      ...(model === undefined ? [] : ["--model", model]),
      ...passedOn,
    ],
    // Otherwise its launcher stays between cliai and the agent, and takes the signals.
    env: { GEMINI_CLI_NO_RELAUNCH: "true" },
  };
}
