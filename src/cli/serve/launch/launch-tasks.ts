// Keeps the task of each launch in `agents/<id>/launch-task.json` until the task is stored as an order. If `serve` is killed before that,
// or ends while a node launches the agent, the next serve stores it.
import { isAgentHeld } from "../../../data-dir/agent-lock.ts";
import { createLaunchTasks, type LaunchTask } from "../../../data-dir/launched-agents.ts";
import { CliaiError, type ErrorCode, messageOf } from "../../../domain/text/errors.ts";
import type { AgentId } from "../../../domain/wire/agent-id.ts";
import { pause } from "../../../waiting.ts";
import { launchWithinMs } from "./agent-child.ts";
import { hasRunOf } from "./begun-launches.ts";
import { noteFailedLaunch, noteFailedTask } from "./failed-launch.ts";
import { type createLaunches, type LaunchesOptions, lookEveryMs } from "./launches.ts";
import { deadlineAfter, lockDeadline } from "./taken-up-host.ts";

/** How often to try again to store a task that NATS did not take. */
const giveEveryMs = 1_000;
/** Errors of NATS and its store: the same order may be taken later. */
const passing: ReadonlySet<ErrorCode> = new Set([
  ...(["no_answer", "server_unreachable", "nats_unreachable", "store_unavailable"] as const),
]);
/** After this many tries in a row with the error `failed`, the error counts as one that does not pass. */
const mostFailedTries = 60;

/** Keeps the task of each launch until it is stored as an order. */
export function keepLaunchTasks(
  options: LaunchesOptions,
  { memory: launched, children, stopping }: ReturnType<typeof createLaunches>,
) {
  const { context, server } = options;
  const { fleet } = server;
  const { log } = context;
  const memory = createLaunchTasks(options.dataDir, log);
  const forgetTask = (id: AgentId): Promise<void> =>
    memory.forget(id).catch((error: unknown) => log.warn(`${id}: ${messageOf(error)}`));
  /**
   * Stores the task as an order, and tries again until NATS takes it. The order has the same id each time, so it counts once. If the order is
   * refused, stores the receipt `failed`, because whoever launched the agent may know the order's id already.
   * @throws CliaiError `interrupted` if this serve ends before that: then the next one stores the task
   */
  const giveTask = async (id: AgentId, { command_id, text, from }: LaunchTask): Promise<void> => {
    let failedTries = 0;
    for (let tries = 0; ; tries++) {
      try {
        await server.sendCommand({ id, type: "task", text, from, command_id });
        return await forgetTask(id);
      } catch (error) {
        const reason = messageOf(error);
        failedTries = isUnnamed(error) ? failedTries + 1 : 0;
        if (!mayPass(error, failedTries)) {
          const failed = { id, task: text, commandId: command_id, reason };
          const wasRemoved = fleet.get(id) === undefined;
          if (!wasRemoved) await noteFailedTask(options.bus, failed, context.now());
          await forgetTask(id);
          throw error;
        }
        if (tries === 0) log.warn(`${id} does not have its task yet: ${reason}`);
        await pause(giveEveryMs, stopping.signal);
        if (stopping.signal.aborted)
          throw new CliaiError("interrupted", `${id} gets its task from the next server`, { cause: error });
      }
    }
  };
  /** The agents whose tasks are being written to a file now. They are launched after that. */
  const noting = new Set<AgentId>();
  const keepTask = async (id: AgentId, order: LaunchTask): Promise<void> => {
    noting.add(id);
    try {
      await memory.remember(id, order);
    } catch (error) {
      log.warn(`${id} does not get its task if this server is killed before: ${messageOf(error)}`);
    } finally {
      noting.delete(id);
    }
  };
  /** Gives the agent the task with which an earlier serve launched it, as soon as its host has connected. */
  const giveLeftTask = async (id: AgentId, task: LaunchTask): Promise<void> => {
    const { text, command_id: commandId, since, node } = task;
    // Of an agent on a node, nothing is seen here before it is connected.
    const deadline =
      node === undefined ? lockDeadline(since, context) : deadlineAfter(since, launchWithinMs, context);
    const hasConnected = () => hasRunOf(fleet.get(id), task);
    const mayCome = async () =>
      performance.now() < deadline ||
      isAgentHeld(options.dataDir, id) ||
      children.has(id) ||
      (await launched.read()).has(id) ||
      (await launched.launching.read()).has(id);
    while (!hasConnected() && (await mayCome()) && !stopping.signal.aborted) {
      await pause(lookEveryMs, stopping.signal);
    }
    // The agent may have been removed meanwhile, and the file with it.
    if (stopping.signal.aborted || !(await memory.read()).has(id)) return;
    if (hasConnected()) return await giveTask(id, task);
    const reason = "the server ended while it launched the agent, and the agent has not started";
    await noteFailedLaunch(
      { ...options, fleet, now: context.now },
      { id, task: text, commandId, since, reason },
    );
    await forgetTask(id);
  };
  const giveLeft = async (): Promise<Promise<void>[]> =>
    [...(await memory.read())].map(([id, task]) => giveLeftTask(id, task));
  return { noting, keep: keepTask, give: giveTask, forget: forgetTask, giveLeft };
}

/** Whether NATS has refused the order with an error that has no code of its own, such as one of a cluster that elects a leader. */
function isUnnamed(error: unknown): boolean {
  return error instanceof CliaiError && error.code === "failed";
}

/**
 * Whether the same order may be taken later. An error of this program itself does not pass.
 * @param failedTries how often in a row the error was `failed`
 */
export function mayPass(error: unknown, failedTries: number): boolean {
  if (!(error instanceof CliaiError)) return false;
  return isUnnamed(error) ? failedTries < mostFailedTries : passing.has(error.code);
}
