// What cliai has to know of an agent CLI to launch it: a row of data for each, in a file of its own beside this one.
import type { AgentId } from "../domain/agent-id.ts";

export interface AgentCli {
  /** As in a profile's `cli`. */
  readonly name: string;
  /** The program, as found on PATH. */
  readonly program: string;
  /** How a person gets it: a command. */
  readonly install: string;
  /** The release it was measured with; an older one may lack what is used of it. */
  readonly triedVersion: string;
  /** What makes it work on its task without a terminal, and end when that is done. */
  readonly unattendedArgs: readonly string[];
  buildArgs(launch: AgentLaunch): string[];
}

export interface AgentLaunch {
  readonly agentId: AgentId;
  /** A UUID by which the session can be found and resumed. */
  readonly sessionId: string;
  readonly mcpConfigPath: string;
  /** No other MCP servers than ours. */
  readonly strictMcp: boolean;
  readonly model?: string | undefined;
  /** Role and profile's instructions, added to the CLI's own. */
  readonly instructions: string;
  readonly task?: string | undefined;
  /** What the user passes on to the CLI as it is. */
  readonly passedOn: readonly string[];
}
