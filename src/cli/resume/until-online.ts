// Waits for an agent that is about to connect, and for the session in which it works then.
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { pause } from "../../waiting.ts";
import { type FleetReader, viewOf } from "../fleet/fleet-reading.ts";

const settlesWithinMs = 20_000;
/** Some CLIs tell nothing before the next prompt. */
const tellsWithinMs = 10_000;
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

/**
 * Waits until the CLI of the agent's new run has itself told its session. Resolves to that session's id, or to undefined if it is not told in
 * time. What heartbeats name counts for nothing here: they have the session that is to be resumed also if the CLI turns out not to have it.
 * @param before the agent before its new run
 */
export async function untilSessionTold(
  before: AgentView,
  reader: Pick<FleetReader, "find">,
  withinMs = tellsWithinMs,
): Promise<string | undefined> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const told = toldSession((await reader.find(before.agent_id))?.record, before.heartbeat?.instance_id);
    if (told !== undefined || performance.now() >= deadline) return told;
    await pause(lookEveryMs);
  }
}

function toldSession(record: AgentRecord | undefined, runBefore: string | undefined): string | undefined {
  const { session, heartbeat } = record ?? {};
  const run = heartbeat?.instance_id;
  if (session === undefined || run === undefined || run === runBefore) return undefined;
  // A CLI also names the session when it ends because it no longer has that session.
  return session.instance_id === run && session.ended === undefined ? session.session_id : undefined;
}
