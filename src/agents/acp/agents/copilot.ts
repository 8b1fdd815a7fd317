// The row of GitHub Copilot CLI without a terminal. Measured with 1.0.102, offline, with a model server of our own.
import { type ModeAbilities, no, partly, yes } from "../../../domain/abilities.ts";
import { commonStart, quietEnv } from "../../copilot/copilot-files.ts";
import { acpCli } from "../acp.ts";

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

/** What Copilot CLI itself says, in the place of its model's words, of a request that has failed or that it repeats. */
export const ownWords =
  /^(Info: Request failed due to a transient API error|Error: (\d{3}\b|Failed to get response from the AI model\b|[^\n]*\(HTTP \d{3}\)))/;

export const copilotOverAcp = acpCli({
  abilities,
  name: "copilot",
  program: "copilot",
  packageProgram: "@github/copilot-win32-x64/copilot.exe",
  install: "npm install -g @github/copilot",
  account: {
    keys: ["COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"],
    homeVariable: "COPILOT_HOME",
    homeFolder: ".copilot",
  },
  triedVersion: "1.0.102",
  probedFlags: ["--acp", "--additional-mcp-config", "--allow-tool", "--model"],
  // Copilot CLI drops a server that comes with the session, and does not say so.
  isServerPrepared: true,
  // Its model writes the titles of some tools. Its rules allow cliai's own tools, so that they do not ask.
  toolNameOf: () => undefined,
  rejectEndsTurn: true,
  sumsUsage: true,
  ownWords,
  prepare(launch) {
    const { args, files } = commonStart(launch);
    return { args: ["--acp", ...args, ...launch.passedOn], env: quietEnv, files };
  },
});
