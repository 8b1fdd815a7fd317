// The host of an agent that an earlier serve has launched, and that has outlived it. This serve finds the host by the agent's lock and run
// file, and watches it until it ends.
import { isAgentHeld } from "../../../data-dir/agent-lock.ts";
import { readRunFile } from "../../../data-dir/run-file.ts";
import type { AgentId } from "../../../domain/wire/agent-id.ts";
import { type KnownProcess, stillRunning } from "../../../processes/process-table.ts";
import { pause } from "../../../waiting.ts";
import type { CliContext } from "../../frame/context.ts";
import { type AgentChild, type AgentChildOptions, sweep } from "./agent-child.ts";

/** How long after it took the agent's lock a host may write its run file. On a busy machine that is more than a few seconds. */
const namedWithinMs = 60_000;
/** The same if there is a run file without a host, such as that of 0.2.0. */
const unnamedForMs = 5_000;
const foundEveryMs = 200;
/** How long after the beginning of its launch a host may take the agent's lock. */
const lockedWithinMs = 30_000;

/**
 * Watches a host that has outlived the serve that launched it. Resolves when its process has ended and nothing of its run is left; at once
 * when the signal aborts. Resolves to how the host ended, which is not known here.
 */
async function watchHost(
  options: Pick<AgentChildOptions, "dataDir" | "id" | "context" | "hosts"> & {
    readonly host: KnownProcess;
    readonly signal: AbortSignal;
  },
): Promise<string> {
  const { dataDir, id, host, signal } = options;
  while (!signal.aborted && (await stillRunning([host])).length > 0) await pause(foundEveryMs, signal);
  if (!signal.aborted) await options.hosts.look(id);
  // If somebody holds the lock now, another run has begun.
  if (!signal.aborted && !isAgentHeld(dataDir, id)) await sweep(options);
  return "its exit code is not known";
}

/** If the agent's host runs, watches it as {@link watchHost} does, and changes nothing for the agent. Otherwise undefined. */
export async function takeUpHost(
  id: AgentId,
  { dataDir, context, hosts }: Pick<AgentChildOptions, "dataDir" | "context" | "hosts">,
  signal: AbortSignal,
): Promise<Pick<AgentChild, "ended"> | undefined> {
  const host = await findHost(dataDir, id, signal);
  if (host === undefined) return undefined;
  context.log.info(`${id} runs on (pid ${host.pid}): this server has it again`);
  return { ended: watchHost({ dataDir, id, context, host, hosts, signal }) };
}

/**
 * Waits until somebody holds the agent's lock, because an earlier serve may have launched the host just before that serve was killed.
 * Resolves when {@link lockDeadline} has passed, and at once when the signal aborts.
 * @param since when the launch began, RFC 3339
 */
export async function untilLocked(
  id: AgentId,
  since: string,
  { dataDir, context }: { readonly dataDir: string; readonly context: Pick<CliContext, "now"> },
  signal: AbortSignal,
): Promise<void> {
  const deadline = lockDeadline(since, context);
  while (!isAgentHeld(dataDir, id) && performance.now() < deadline && !signal.aborted)
    await pause(foundEveryMs, signal);
}

/** The time, by `performance.now()`, until which the host of a launch that began at `since` may take the agent's lock. */
export function lockDeadline(since: string, context: Pick<CliContext, "now">): number {
  return deadlineAfter(since, lockedWithinMs, context);
}

/** The time, by `performance.now()`, that is `withinMs` after `since`; if the clock was set back since, `withinMs` from now. */
export function deadlineAfter(since: string, withinMs: number, { now }: Pick<CliContext, "now">): number {
  const sinceMs = now().getTime() - Date.parse(since);
  return performance.now() + Math.min(withinMs, withinMs - sinceMs);
}

/** The process of the agent's host, from its run file. Waits for that file while the agent's lock is held, because a new host writes it later. */
async function findHost(
  dataDir: string,
  id: AgentId,
  signal: AbortSignal,
): Promise<KnownProcess | undefined> {
  const startedMs = performance.now();
  while (isAgentHeld(dataDir, id) && !signal.aborted) {
    const file = await readRunFile(dataDir, id);
    const host = file?.host;
    const [found] = host === undefined ? [] : await stillRunning([host]);
    if (found !== undefined) return found;
    const withinMs = file !== undefined && host === undefined ? unnamedForMs : namedWithinMs;
    if (performance.now() - startedMs > withinMs) return undefined;
    await pause(foundEveryMs, signal);
  }
  return undefined;
}
