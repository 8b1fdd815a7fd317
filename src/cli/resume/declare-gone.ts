// Says goodbye for a run whose host was killed, and first ends the processes and stores the reports that the host has left. Otherwise the
// agent stays online until its heartbeats are missed, and until then it cannot be started again. The bridge of a CLI that outlives its host
// would even send heartbeats without end.
import { isAgentHeld, takeAgentLock } from "../../data-dir/agent-lock.ts";
import { readRunFile } from "../../data-dir/run-file.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { agentSubject } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import { pause } from "../../waiting.ts";
import { type AgentReading, createFleetReader, viewOf } from "../fleet/fleet-reading.ts";
import type { CliContext } from "../frame/context.ts";
import { sendUnsent } from "../serve/launch/unsent-reports.ts";
import { endLeftoverRun } from "../spawn/leftover-processes.ts";
import type { Standing } from "./standing.ts";

const readWithinMs = 5_000;
const lookEveryMs = 50;

/**
 * Resolves when the agent is offline for the fleet.
 * @throws CliaiError `no_answer`, `already_running`, or if NATS does not take what the host has left
 */
export async function declareGone(
  bus: Bus,
  { view, why }: Standing,
  { dataDir, now, log }: Pick<CliContext, "now" | "log"> & { readonly dataDir: string },
): Promise<void> {
  const { agent_id, heartbeat, axes } = view;
  await endLeft(agent_id, { dataDir, log });
  // Otherwise the next run gets what this one has done already, and does it again.
  await sendUnsent(agent_id, { dataDir, bus, log });
  if (axes.link.value === "offline") return;
  const reader = createFleetReader(bus, { now, note: () => undefined });
  // The server may have found the end meanwhile, and knows more of it than is known here.
  const isGoneBy = (reading: AgentReading) =>
    viewOf(reading).axes.link.value === "offline" ||
    reading.record.heartbeat?.instance_id !== heartbeat?.instance_id;
  const found = await reader.find(agent_id);
  if (found === undefined || isGoneBy(found)) return;
  bus.publish(agentSubject(agent_id, "status"), {
    ...{ agent_id, status: "disconnected", message: why, timestamp: now().toISOString() },
    ...(heartbeat?.instance_id === undefined ? {} : { instance_id: heartbeat.instance_id }),
  });
  const deadline = performance.now() + readWithinMs;
  while (performance.now() < deadline) {
    const reading = await reader.find(agent_id);
    // If another run has begun meanwhile, the launch that follows is refused.
    if (reading === undefined || isGoneBy(reading)) return;
    await pause(lookEveryMs);
  }
  throw new CliaiError("no_answer", `the server still shows ${agent_id} as online: ${why}`, {
    hint: `try again in a minute: cliai resume ${agent_id}`,
  });
}

/** @throws CliaiError `already_running` if the agent is just being started */
async function endLeft(
  id: AgentId,
  { dataDir, log }: Pick<CliContext, "log"> & { readonly dataDir: string },
): Promise<void> {
  if (isAgentHeld(dataDir, id) || (await readRunFile(dataDir, id)) === undefined) return;
  const lock = await takeAgentLock(dataDir, id);
  try {
    await endLeftoverRun(dataDir, id, log);
  } finally {
    lock.release();
  }
}
