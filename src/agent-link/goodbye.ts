// Sends the last status of an agent's run: whether it was stopped, by whom and why, or ended by itself.
import { messageOf } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import type { StatusReport } from "../domain/wire/messages.ts";
import { agentSubject } from "../domain/wire/subjects.ts";
import type { Logger } from "../log.ts";
import type { Link } from "./link.ts";
import type { TakenOrder } from "./read-order.ts";

export interface GoodbyeOptions {
  readonly id: AgentId;
  readonly instanceId: string;
  readonly link: Pick<Link, "bus">;
  readonly now: () => Date;
  readonly log: Logger;
}

/** How a run ended without an order. */
export interface RunEnd {
  readonly how: string;
  /** The status to report, if more is known than that the agent is gone. Default: `disconnected`. */
  readonly as?: "ended" | "crashed" | "failed_to_start" | undefined;
  /** The task of the launch. It has failed, unless the CLI has shown that it took it. */
  readonly launchTask?: string | undefined;
}

/**
 * Publishes the last status, without waiting: `stopped` if an order ended the run, else `as`.
 * @param stop the order that ended the run; undefined if none did
 * @returns the status, if there is no connection on which to publish it
 */
export function sayGoodbye(
  options: GoodbyeOptions,
  stop: TakenOrder | undefined,
  { how, as }: RunEnd,
): StatusReport | undefined {
  const { id, instanceId, link, now, log } = options;
  const report: StatusReport = {
    agent_id: id,
    ...(stop === undefined
      ? { status: as ?? "disconnected", message: how }
      : { status: "stopped", message: wordsOf(stop) }),
    timestamp: now().toISOString(),
    instance_id: instanceId,
  };
  try {
    const bus = link.bus();
    bus?.publish(agentSubject(id, "status"), report);
    return bus === undefined ? report : undefined;
  } catch (error) {
    log.debug(`goodbye: ${messageOf(error)}`); // the connection has just been lost, which tells serve the same
    return report;
  }
}

function wordsOf({ type, from, reason }: TakenOrder): string {
  return reason === "" ? `${type} by ${from}` : `${type} by ${from}: ${reason}`;
}
