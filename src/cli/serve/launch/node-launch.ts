// Has a node launch an agent, and waits until the agent is there.
import { definedOf } from "../../../domain/defined.ts";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import type { LaunchFlags } from "../../../domain/launch-flags.ts";
import { CliaiError } from "../../../domain/text/errors.ts";
import type { AgentId } from "../../../domain/wire/agent-id.ts";
import { pause } from "../../../waiting.ts";
import type { LaunchableNode } from "../../../web/api/spawner.ts";
import type { NodeLaunch } from "../../nodes/agent-desks.ts";
import { launchWithinMs } from "./agent-child.ts";

/** The nodes, as the launcher needs them. */
export interface NodeLaunching {
  /** The nodes that may launch agents. */
  launchable(): Promise<readonly LaunchableNode[]>;
  /** @throws CliaiError as `launch` does before it asks the node */
  require(node: string): Promise<unknown>;
  /**
   * Places the agent on the node, and has it launched there. Resolves only after minutes, because the fleet shows that an agent is there.
   * @throws CliaiError `message_invalid` for a name that is no node; `refused` if that may launch none, or is away; the error of the node
   */
  launch(node: string, launch: NodeLaunch): Promise<unknown>;
}

const lookEveryMs = 50;

export interface LaunchThere {
  readonly id: AgentId;
  readonly profile: string;
  readonly project: string | undefined;
  readonly flags: LaunchFlags;
  readonly view: () => AgentView | undefined;
  readonly isThere: (view: AgentView | undefined, runBefore: string | undefined) => boolean;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  /** How long the agent may take until it is there. Default: {@link launchWithinMs}. */
  readonly withinMs?: number;
}

/**
 * If the node does not answer, the agent may come all the same: it is waited for as long as for any other. The node does not begin later than that.
 * @throws CliaiError as {@link NodeLaunching.launch}, but not `no_answer`; `failed` if the agent is not there in time; `interrupted` when the
 * signal aborts
 */
export async function launchOnNode(
  nodes: NodeLaunching,
  node: string,
  { id, profile, project, flags, view, isThere, signal, now, withinMs = launchWithinMs }: LaunchThere,
): Promise<void> {
  const runBefore = view()?.heartbeat?.instance_id;
  let failure: unknown;
  let unanswered: CliaiError | undefined;
  const expires_at = new Date(now().getTime() + withinMs).toISOString();
  nodes
    .launch(node, { agent_id: id, profile, flags, expires_at, ...definedOf({ project }) })
    .catch((error: unknown) => {
      if (error instanceof CliaiError && error.code === "no_answer") unanswered = error;
      else failure = error;
    });
  const deadline = performance.now() + withinMs;
  while (!isThere(view(), runBefore)) {
    if (failure !== undefined) throw failure;
    if (performance.now() > deadline) throw lateError(id, node, withinMs, unanswered);
    await pause(lookEveryMs, signal);
    if (signal.aborted) throw leftError(id, node);
  }
}

function leftError(id: AgentId, node: string): CliaiError {
  return new CliaiError("interrupted", `${id} was still starting when the server ended`, {
    hint: `the node ${node} may start it all the same, and then the next server has it: cliai show ${id}`,
  });
}

/** Whether the launch on a node goes on, although this serve ends: the node has the order, and the next serve waits for the agent. */
export function isLeftToNextServe(error: unknown): boolean {
  return error instanceof CliaiError && error.code === "interrupted";
}

function lateError(
  id: AgentId,
  node: string,
  withinMs: number,
  unanswered: CliaiError | undefined,
): CliaiError {
  const message = `${id} is not connected after ${withinMs / 60_000} minutes`;
  if (unanswered !== undefined)
    return new CliaiError("failed", `${message}, and the node ${node} has not answered`, {
      hint: "see when it was heard: cliai nodes",
      cause: unanswered,
    });
  return new CliaiError("failed", message, {
    hint: `see its log on the node ${node}: agents/${id}/host.log in its data directory`,
  });
}
