// The `AgentCli` of Qwen Code: on its own terminal, with hooks; without a terminal, over ACP. Measured with 0.24.4.
import { type Abilities, no, partly, yes } from "../../domain/abilities.ts";
import { qwenOverAcp } from "../acp/agents/qwen.ts";
import type { AgentCli } from "../agent-cli.ts";
import { readRecordEntries } from "./qwen-entries.ts";
import { qwenHooks } from "./qwen-hooks.ts";
import { openQwenInput, readShellMode } from "./qwen-input.ts";
import { longestHoldMs, prepareOnTerminal } from "./qwen-launch.ts";
import { readRecordedRequest, readRecordLine } from "./qwen-record.ts";
import { readQwenUserSettings } from "./qwen-user-settings.ts";

const onTerminal: Abilities = {
  task: yes("by the file from which its terminal takes texts"),
  steer: partly("after its next tool; if it calls none, with its next turn"),
  pause: yes("the hook before each tool, and then a question at its terminal that waits"),
  stop_in_tool: yes("the process and all that it has started are ended"),
  permission: yes('with "permissions": "inbox", and at its terminal: the first answer counts'),
  question: no("its own terminal asks"),
  seen: yes("its record of the conversation, and its model's answer after it"),
  usage: yes("its record has the tokens of each answer of its model"),
  cost: no("it does not tell a cost"),
  resume: yes("--resume"),
  shared: yes("its user types at the terminal, and cliai hands over orders beside that"),
};

export const qwen: AgentCli = {
  ...qwenOverAcp,
  abilities: { terminal: onTerminal, ...qwenOverAcp.abilities },
  probedFlags: [
    ...qwenOverAcp.probedFlags,
    ...["--input-file", "--session-id", "--resume", "--prompt-interactive"],
  ],
  session: {
    routes: ["acp", "input-file"],
    leavesBridgeUnused: true,
    whenBridgeEnds: {
      terminal:
        "qwen starts it again with the next call of one of its tools, and tells its model that this call may have failed",
    },
    hooks: qwenHooks,
    tellsIdle: true,
    startShowsHolding: true,
    longestHoldMs,
    readRecordLine,
    readRecordEntries,
    readRecordedRequest,
  },
  tellsSession: "headless",
  isHeadlessOnly: false,
  needsTerminal: true,
  readUserSettings: readQwenUserSettings,
  openInput: openQwenInput,
  readInputHindrance: readShellMode,
  prepare: (launch) => (launch.isHeadless === true ? qwenOverAcp.prepare(launch) : prepareOnTerminal(launch)),
};
