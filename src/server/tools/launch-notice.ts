// Tells a captain how an agent that it launched has ended, as a message from that agent.
import { lastRunOf } from "../../domain/fleet/evidence-that-counts.ts";
import { summaryOf } from "../../domain/text/summary.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { agentSubject } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import { createOrderToken, messageStoredAs } from "../order-names.ts";
import { refuseStopped } from "../order-target.ts";
import { storeOnce } from "../removed-agents.ts";
import type { Server } from "../server.ts";

export interface EndedLaunch {
  readonly id: AgentId;
  readonly captain: AgentId;
  readonly task: string;
  /** How its process ended: `exit code 0`, `SIGKILL`. */
  readonly how: string;
}

export interface LaunchNoticeOptions {
  readonly bus: Bus;
  readonly server: Pick<Server, "fleet" | "catchUp">;
  readonly now: () => Date;
}

/** Does nothing for a captain that was removed. @throws CliaiError `refused` for one that was stopped or has ended */
export async function tellOfEnd(
  { bus, server: { fleet, catchUp }, now }: LaunchNoticeOptions,
  { id, captain, task, how }: EndedLaunch,
): Promise<void> {
  // The process has ended, so its goodbye and its last words are stored.
  await catchUp(id);
  const view = fleet.get(id);
  const receiver = fleet.get(captain);
  if (receiver === undefined) return;
  refuseStopped(receiver);
  const message_id = `launch-${id}-${(view && lastRunOf(view)) ?? "none"}`;
  const status = view === undefined || view.status === "ended" ? "has ended" : `is ${view.status}`;
  const why = view?.said?.message ?? how;
  const words = view?.last_words?.text;
  const text = [
    `${id}, which you launched with "${summaryOf(task)}", ${status} (${why}).`,
    words === undefined ? "It said nothing." : `Its last words: ${words}`,
  ].join("\n");
  const message = {
    ...{ message_id, token: createOrderToken(), from: id, to: captain, text, thread: message_id },
    timestamp: now().toISOString(),
  };
  const subject = agentSubject(captain, "message");
  await storeOnce(bus, { id: captain, subject, storedAs: messageStoredAs(captain, message_id) }, message);
}
