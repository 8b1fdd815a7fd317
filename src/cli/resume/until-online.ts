// Waits for an agent that is about to connect.
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { pause } from "../../waiting.ts";
import { type FleetReader, viewOf } from "../fleet/fleet-reading.ts";

const settlesWithinMs = 20_000;
const lookEveryMs = 50;

/** Waits until the agent is online, or `mayCome` says that it does not come online, or the time is up. Resolves to its view by then. */
export async function untilOnline(
  view: AgentView,
  reader: Pick<FleetReader, "find">,
  mayCome: () => boolean,
): Promise<AgentView> {
  const deadline = performance.now() + settlesWithinMs;
  let latest = view;
  while (latest.axes.link.value !== "online" && mayCome() && performance.now() < deadline) {
    await pause(lookEveryMs);
    const reading = await reader.find(view.agent_id);
    if (reading !== undefined) latest = viewOf(reading);
  }
  return latest;
}
