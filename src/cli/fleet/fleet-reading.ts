// Reads the fleet as the server keeps it: the bucket `agents`. Views are derived here, by the reader's clock.
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import { isStoredRecord } from "../../domain/fleet/stored-record.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { type AgentId, isAgentId, parseAgentId } from "../../domain/wire/agent-id.ts";
import { buckets } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import { isNotFound } from "../../nats/errors.ts";
import { type BucketEntry, openExistingBucket } from "../../nats/jetstream/bucket.ts";
import { unknownAgent } from "../../server/fleet/fleet-state.ts";

export type FleetRecords = ReadonlyMap<AgentId, AgentRecord>;

/** @throws CliaiError `server_unreachable` on a NATS server that no `cliai serve` has worked with */
export async function readFleet(bus: Bus): Promise<FleetRecords> {
  const entries = await readEntries(bus);
  const records = new Map<AgentId, AgentRecord>();
  for (const [id, { value }] of entries) {
    if (isAgentId(id) && isStoredRecord(value, id)) records.set(id, value);
  }
  return records;
}

/** One agent's record as it is now. */
export async function readAgent(bus: Bus, id: AgentId): Promise<AgentRecord | undefined> {
  const value = await (await openExistingBucket(bus, buckets.agents)).get(id);
  return isStoredRecord(value, id) ? value : undefined;
}

/** @throws CliaiError `agent_id_invalid`; `agent_unknown` with the nearest ids */
export function requireAgent(text: string, fleet: FleetRecords): AgentRecord {
  const record = fleet.get(parseAgentId(text));
  if (record === undefined) throw unknownAgent(text, fleet.keys());
  return record;
}

async function readEntries(bus: Bus): Promise<Map<string, BucketEntry>> {
  try {
    return await (await openExistingBucket(bus, buckets.agents)).entries();
  } catch (cause) {
    if (!(cause instanceof CliaiError) || !isNotFound(cause.cause)) throw cause;
    throw new CliaiError(
      "server_unreachable",
      `no cliai serve has run on this NATS server: no bucket "agents"`,
      {
        hint: "start it: cliai serve",
        cause,
      },
    );
  }
}
