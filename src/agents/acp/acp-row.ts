// What cliai has to know about an agent that speaks the Agent Client Protocol (ACP). Each agent has one row.
import type { AgentCli } from "../agent-cli.ts";
import type { AgentLaunch, CliStart } from "../agent-launch.ts";
import type { AcpCall, AcpPermission } from "./acp-messages.ts";

type Known = "name" | "abilities" | "program" | "packageProgram" | "install" | "triedVersion" | "probedFlags";
type Own = "account" | "permissionModes" | "isOwn" | "programArgs" | "modelServer";

export interface AcpRow extends Pick<AgentCli, Known | Own> {
  /** Says how to start the agent, so that it speaks ACP over its standard input and output. */
  prepare(launch: AgentLaunch): CliStart;
  /** Whether `prepare` gives the agent cliai's MCP server. If not, the request that opens the session gives it. */
  readonly isServerPrepared?: boolean;
  /** Whether `prepare` gives the agent its instructions. If not, they come with the first prompt. */
  readonly hasInstructions?: boolean;
  /** The name of the called tool, in the agent's own notation. It must not come from what a model can write. */
  toolNameOf(call: AcpCall): string | undefined;
  /** What the agent writes before the name of a tool of cliai's MCP server. Absent if these tools cannot be told from others. */
  readonly ownToolPrefix?: string;
  /**
   * The request by which the agent asks, while a turn runs, for texts that are to join it. Absent for an agent that never asks: then a
   * text waits for the end of the turn, because a second prompt would cut it off.
   */
  readonly steer?: string | undefined;
  /**
   * Says for a request whether a person has to decide. Present if the agent asks before every tool, so that a pause can hold every tool.
   * Absent for an agent that asks only for what a person has to decide.
   */
  readonly needsPerson?: (asked: AcpPermission) => boolean;
  /** Whether the agent sends a notice with `_meta.isRetry` when it asks its model again. */
  readonly noticesRetries?: boolean;
  /** Whether a refused permission ends the turn, without a word to the model. */
  readonly rejectEndsTurn?: boolean | undefined;
  /** See `SessionCli`. */
  readonly leavesBridgeUnused?: boolean;
  /** Whether the usage in the answer to a prompt is the sum of the whole session. */
  readonly sumsUsage?: boolean;
  /** Matches what the agent writes before it ends, if `prepare` named a session to resume that it does not have. */
  readonly goneWords?: RegExp;
  /** Matches what the agent itself says of a failed request, in the place of its model's words. It then ends the turn as if it were done. */
  readonly ownWords?: RegExp;
}
