// The `AgentCli` of GitHub Copilot CLI: on its own terminal, with hooks; without a terminal, over ACP. Measured with 1.0.102.
import { join } from "node:path";
import { type Abilities, no, partly, yes } from "../../domain/abilities.ts";
import { copilotOverAcp } from "../acp/agents/copilot.ts";
import type { AgentCli } from "../agent-cli.ts";
import { copilotHome } from "./copilot-files.ts";
import { copilotHooks } from "./copilot-hooks.ts";
import { prepareOnTerminal } from "./copilot-launch.ts";
import { readCopilotPrompt, readCopilotTurn } from "./copilot-prompt.ts";
import { hookTexts, readRecordedRequest, readRecordLine } from "./copilot-record.ts";
import { readCopilotUserSettings } from "./copilot-user-settings.ts";

const onTerminal: Abilities = {
  task: yes("typed at its empty prompt"),
  steer: partly("with the end of its next tool; if it calls none, or the text is long, with its next turn"),
  pause: yes("the hook before each tool, unless the project's settings turn hooks off"),
  stop_in_tool: yes("the process and all that it has started are ended"),
  permission: yes('with "permissions": "inbox", which is then asked also for what its rules allow'),
  question: no("its own terminal asks"),
  seen: yes("its record of the conversation, and its model's answer after it"),
  usage: yes("its record has the tokens of each answer of its model"),
  cost: no("it does not tell a cost"),
  resume: yes("--session-id"),
  shared: yes("its user types at the terminal, and cliai hands over orders beside that"),
};

export const copilot: AgentCli = {
  ...copilotOverAcp,
  abilities: { terminal: onTerminal, ...copilotOverAcp.abilities },
  probedFlags: [...copilotOverAcp.probedFlags, "--plugin-dir", "--session-id", "--interactive"],
  session: {
    routes: ["acp", "hook", "terminal"],
    hookTexts,
    mayAskAtStart: "it may ask whether it trusts this folder",
    hooks: copilotHooks,
    startShowsHolding: true,
    beginsByPrompt: true,
    isInstructedAtStart: true,
    recordPath,
    readRecordLine,
    readRecordedRequest,
  },
  tellsSession: "headless",
  isHeadlessOnly: false,
  needsTerminal: true,
  readUserSettings: readCopilotUserSettings,
  readPrompt: readCopilotPrompt,
  readTurn: readCopilotTurn,
  prepare: (launch) =>
    launch.isHeadless === true ? copilotOverAcp.prepare(launch) : prepareOnTerminal(launch),
};

/** The path of the session's record; undefined if the id cannot be the name of a folder. */
function recordPath(sessionId: string, env: Readonly<NodeJS.ProcessEnv>): string | undefined {
  const home = copilotHome(env);
  if (!home || !/^[\w-]+$/.test(sessionId)) return undefined;
  return join(home, "session-state", sessionId, "events.jsonl");
}
