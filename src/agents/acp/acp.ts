// This room holds all that knows the Agent Client Protocol (ACP): the session with an agent that speaks it.
//
// Makes the `AgentCli` of an agent that speaks ACP from its row.
import { definedOf } from "../../domain/defined.ts";
import type { AgentCli } from "../agent-cli.ts";
import type { AcpRow } from "./acp-row.ts";
import { openAcpSession } from "./acp-session.ts";
import { sessionGone } from "./opening/acp-opening.ts";

export function acpCli(row: AcpRow): AgentCli {
  const { name, abilities, program, packageProgram, install, triedVersion, probedFlags, ...rest } = row;
  const { account, permissionModes, isOwn, programArgs, modelServer, goneWords, leavesBridgeUnused } = rest;
  return {
    ...{ name, abilities, program, packageProgram, install, triedVersion, probedFlags },
    ...definedOf({ account, permissionModes, isOwn, programArgs, modelServer }),
    session: { routes: ["acp"], ...definedOf({ leavesBridgeUnused }) },
    tellsSession: "always",
    isHeadlessOnly: true,
    // Several of these agents are a launcher and the agent itself, and end only together.
    isProcessGroup: true,
    openSession: (pipes) => openAcpSession(pipes, row),
    isSessionGone: (lastWords) => lastWords.includes(sessionGone) || goneWords?.test(lastWords) === true,
    prepare: (launch) => Promise.resolve(row.prepare(launch)),
  };
}
