// Launches an agent on a node for a captain. As on the server's machine, the agent works on one task and ends. Its host there does not know
// when the work is over, so serve stops it then.
import type { LaunchedFor, LaunchesForCaptains } from "../../../../data-dir/launched-agents.ts";
import { definedOf } from "../../../../domain/defined.ts";
import type { AgentView } from "../../../../domain/fleet/agent-view.ts";
import { CliaiError, messageOf } from "../../../../domain/text/errors.ts";
import { summaryOf } from "../../../../domain/text/summary.ts";
import { outcomeOf, type WaitOutcome } from "../../../../domain/wait-outcome.ts";
import type { AgentId } from "../../../../domain/wire/agent-id.ts";
import type { LaunchedByCaptain, LaunchOrder, Server } from "../../../../server/server.ts";
import { pause } from "../../../../waiting.ts";
import type { Spawner } from "../../../../web/api/spawner.ts";
import type { CliContext } from "../../../frame/context.ts";
import { launchWithinMs } from "../agent-child.ts";
import { freeAgentId } from "../launch-request.ts";
import { isLeftToNextServe } from "../node-launch.ts";

export interface OnNodeOptions {
  /** Launches it there, and gives it its task. */
  readonly spawn: Spawner["spawn"];
  readonly server: Pick<Server, "fleet" | "sendCommand">;
  readonly context: Pick<CliContext, "now" | "log">;
  readonly lookEveryMs?: number;
}

/** The work is over only if two looks in a row say so: the end of a turn and the next order come by different streams. */
const standardLookEveryMs = 500;

/**
 * @returns the launch, which the captain is to be told of by {@link untilWorkEnds}; also if this serve ends meanwhile, because the node launches
 * the agent all the same
 * @throws CliaiError as `Spawner.spawn`; then nothing is remembered
 */
export async function launchForCaptain(
  order: LaunchOrder,
  onNode: OnNodeOptions | undefined,
  memory: LaunchesForCaptains,
): Promise<LaunchedByCaptain & { readonly known: LaunchedFor }> {
  if (onNode === undefined) throw new CliaiError("refused", "this server launches no agents on nodes");
  const { spawn, context } = onNode;
  const { captain, profile, project, task, node, callId } = order;
  const id = freeAgentId(profile, order.isKnown);
  context.log.info(`launching ${id} on ${node} for the captain ${captain}`);
  const since = context.now().toISOString();
  const known = { captain, task: summaryOf(task), since, call_id: callId, node };
  await memory.remember(id, known);
  try {
    const spawned = await spawn({ ...definedOf({ project }), profile, node, id, task, from: captain });
    return { agent_id: id, isConnected: spawned.starting !== true, known };
  } catch (error) {
    if (isLeftToNextServe(error)) return { agent_id: id, isConnected: false, known };
    await memory.forget(id);
    throw error;
  }
}

/**
 * Waits until the work of the agent is over, stops the agent, and resolves with how it has ended; at once when the signal aborts. One whose
 * link is cut is waited for: it works on.
 */
export async function untilWorkEnds(
  id: AgentId,
  { since }: Pick<LaunchedFor, "since">,
  { server, context, lookEveryMs = standardLookEveryMs }: OnNodeOptions,
  signal: AbortSignal,
): Promise<string> {
  const { fleet } = server;
  const comesUntil = performance.now() + 2 * launchWithinMs - (context.now().getTime() - Date.parse(since));
  let wasThere = false;
  let hadTask = false;
  let wasOver = false;
  while (!signal.aborted) {
    const view = fleet.get(id);
    if (view === undefined && wasThere) return "it was removed";
    if (view === undefined && performance.now() > comesUntil) return "it did not come";
    wasThere ||= view !== undefined;
    const outcome = view && outcomeOf(view, "done", context.now());
    if (view !== undefined && outcome !== undefined && isGone(view, outcome)) return outcome.reason;
    hadTask ||= view !== undefined && hasTask(view, since);
    const isOver = outcome !== undefined && view?.axes.link.value === "online" && hadTask;
    if (isOver && wasOver) await stopAfter(id, outcome, { server, context });
    wasOver = isOver && !wasOver;
    await pause(lookEveryMs, signal);
  }
  return "its end was not seen";
}

/** Whether its run is over. `lost` is not: the link may come back. */
function isGone(view: AgentView, { outcome }: WaitOutcome): boolean {
  return outcome !== "lost" && view.axes.link.value !== "online";
}

/**
 * Whether it was given its task. Until then it may be at rest. Of the orders that are settled, a record has only the last ones, so a turn since
 * the launch counts as well.
 */
function hasTask({ commands, session }: AgentView, since: string): boolean {
  if (session?.turn !== undefined && session.turn.since >= since) return true;
  return commands.some(({ type, stream_seq }) => type === "task" && stream_seq > 0);
}

async function stopAfter(
  id: AgentId,
  { outcome, reason }: WaitOutcome,
  { server, context }: Pick<OnNodeOptions, "server" | "context">,
): Promise<void> {
  const words = outcome === "done" ? "its work was done" : `its work was over: ${reason}`;
  const order = { id, type: "stop", force: true, reason: words, from: "cliai serve" } as const;
  await server.sendCommand(order).catch((error: unknown) => {
    // It has ended meanwhile, or NATS does not take it now: the next look tries again.
    if (!(error instanceof CliaiError) || error.code !== "refused")
      context.log.warn(`${id} is not stopped yet: ${messageOf(error)}`);
  });
}
