// Has a node launch an agent, and waits until the agent is there.
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
}

/** @throws CliaiError as {@link NodeLaunching.launch}; `failed` if the agent is not there in time; `interrupted` when the signal aborts */
export async function launchOnNode(
  nodes: NodeLaunching,
  node: string,
  { id, profile, project, flags, view, isThere, signal }: LaunchThere,
): Promise<void> {
  const runBefore = view()?.heartbeat?.instance_id;
  let failure: unknown;
  nodes
    .launch(node, { agent_id: id, profile, flags, ...(project === undefined ? {} : { project }) })
    .catch((error: unknown) => {
      failure = error;
    });
  const deadline = performance.now() + launchWithinMs;
  while (!isThere(view(), runBefore)) {
    if (failure !== undefined) throw failure;
    if (performance.now() > deadline)
      throw new CliaiError("failed", `${id} is not connected after ${launchWithinMs / 60_000} minutes`, {
        hint: `see its log on the node ${node}: agents/${id}/host.log in its data directory`,
      });
    await pause(lookEveryMs, signal);
    if (signal.aborted) throw new CliaiError("interrupted", `${id} was still starting when the server ended`);
  }
}
