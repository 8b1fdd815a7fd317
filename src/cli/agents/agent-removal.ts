// `cliai agents remove`: removes an agent from the fleet, its queue, requests, credentials and files. The history stays in
// AUDIT.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { removeGrants } from "../../credentials/agent-accounts.ts";
import { readMintedAgents } from "../../credentials/agent-grants.ts";
import { revokeAgent } from "../../credentials/agent-keys.ts";
import { readKeys } from "../../credentials/keys.ts";
import { tellRevocations } from "../../credentials/push-revocations.ts";
import { isAgentHeld } from "../../data-dir/agent-lock.ts";
import { isOwnDir } from "../../data-dir/private-files.ts";
import { isOpen } from "../../domain/requests.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { buckets } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { openExistingBucket } from "../../nats/jetstream/bucket.ts";
import { removeBridge } from "../../nats/jetstream/consumers.ts";
import { noteRemoval } from "../../server/removed-agents.ts";
import { decideStored } from "../../server/requests/request-store.ts";
import { pause } from "../../waiting.ts";
import { type FleetReader, viewOf } from "../fleet/fleet-reading.ts";
import { readRequests } from "../fleet/request-reading.ts";

const forgottenWithinMs = 2_000;
const lookEveryMs = 20;

/** @throws CliaiError `agent_unknown` with similar ids; `refused` if the agent is online or its process runs, unless forced */
export async function checkRemovable(
  fleet: FleetReader,
  id: AgentId,
  { dataDir, force }: { dataDir: string; force: boolean },
): Promise<void> {
  const { axes } = viewOf(await fleet.require(id));
  const isOnline = axes.link.value === "online";
  if (force || !(isOnline || isAgentHeld(dataDir, id))) return;
  throw new CliaiError(
    "refused",
    isOnline ? `${id} is online` : `${id} is not online, but its process still runs`,
    {
      hint: `stop it first: cliai send stop ${id}; or remove it anyway: cliai agents remove ${id} --force`,
    },
  );
}

/** Revokes the agent's credentials, and then removes it, so that it cannot report anything in between. */
export async function removeWithCredentials(
  bus: Bus,
  fleet: FleetReader,
  id: AgentId,
  { dataDir, now, log }: { dataDir: string; now: () => Date; log: Logger },
): Promise<void> {
  const keys = await readKeys(dataDir);
  if (keys !== undefined && readMintedAgents(dataDir).includes(id)) {
    await revokeAgent(dataDir, id, now());
    await tellRevocations(dataDir, keys, id, log);
  }
  await removeAgent(bus, fleet, id, { dataDir, now });
}

async function removeAgent(
  bus: Bus,
  fleet: FleetReader,
  id: AgentId,
  { dataDir, now }: { dataDir: string; now: () => Date },
): Promise<void> {
  const before = await fleet.find(id);
  await withdrawRequests(bus, id, now());
  await removeBridge(bus, id);
  await noteRemoval(bus, id, now());
  // Each serve follows this bucket, and forgets the agent when its record is deleted.
  await (await openExistingBucket(bus, buckets.agents)).delete(id);
  await (await openExistingBucket(bus, buckets.holds)).delete(id);
  const folders = join(dataDir, "agents");
  if (await isOwnDir(folders)) await rm(join(folders, id), { recursive: true, force: true });
  await removeGrants(dataDir, id);
  await untilForgotten(fleet, id, before?.record.first_seen);
}

/** Waits until serve has forgotten the agent, so that the next command no longer shows it. */
async function untilForgotten(fleet: FleetReader, id: AgentId, firstSeen: string | undefined): Promise<void> {
  const deadline = performance.now() + forgottenWithinMs;
  while (firstSeen !== undefined && performance.now() < deadline) {
    // An agent that still runs is known again at once, but as a new agent with another `first_seen`.
    if ((await fleet.find(id))?.record.first_seen !== firstSeen) return;
    await pause(lookEveryMs);
  }
}

async function withdrawRequests(bus: Bus, id: AgentId, now: Date): Promise<void> {
  const bucket = await openExistingBucket(bus, buckets.requests);
  for (const request of await readRequests(bucket)) {
    if (request.agent_id !== id || !isOpen(request)) continue;
    await decideStored(bucket, request.request_id, { type: "withdraw", at: now.toISOString() });
  }
}
