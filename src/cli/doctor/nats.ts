// Checks the NATS server that serve uses: whether our credentials are accepted, its streams, its store's size, its clock.

import { type Check, finding, well } from "../../domain/system/check.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { buckets, streams } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import { consumerNames } from "../../nats/jetstream/consumers.ts";
import { type JetStreamHealth, readJetStreamHealth } from "../../nats/jetstream/health.ts";
import { hasBridgeConsumers } from "../../nats/jetstream/older-servers.ts";
import { type ClientArgs, withClient } from "../fleet/client.ts";
import { createFleetReader } from "../fleet/fleet-reading.ts";
import type { CliContext } from "../frame/context.ts";

const clockMayDifferMs = 2_000;
const fullShare = 0.8;

export async function checkNats(args: ClientArgs, context: CliContext): Promise<Check[]> {
  try {
    return await withClient(args, context, async (bus) => {
      const kept = Object.values(streams);
      const wanted = [...kept, `KV_${buckets.agents}`, `KV_${buckets.requests}`];
      const health = await readJetStreamHealth(bus, wanted, context.now);
      return [
        well("nats", `nats-server ${bus.serverVersion} answers`),
        checkClock(health),
        checkStore(health),
        await checkStreams(bus, health, context),
      ];
    });
  } catch (error) {
    const remedy = error instanceof CliaiError ? error.hint : undefined;
    return [finding("nats", messageOf(error), remedy ?? "start the server again: cliai serve")];
  }
}

export function checkClock({ clockAheadMs }: Pick<JetStreamHealth, "clockAheadMs">): Check {
  if (clockAheadMs === undefined) return well("clock", "this nats-server does not report its time");
  const seconds = `${(Math.abs(clockAheadMs) / 1000).toFixed(1)} s`;
  if (Math.abs(clockAheadMs) <= clockMayDifferMs)
    return well("clock", `at most ${seconds} away from the NATS server's clock`);
  const message = `the NATS server's clock is ${seconds} ${clockAheadMs > 0 ? "ahead of" : "behind"} this machine's`;
  return finding(
    "clock",
    message,
    "set both clocks from the network, such as: sudo timedatectl set-ntp true",
  );
}

type StoreHealth = Pick<JetStreamHealth, "storedBytes" | "storeLimitBytes">;

export function checkStore({ storedBytes, storeLimitBytes }: StoreHealth): Check {
  const stored = `${(storedBytes / 1024 ** 2).toFixed(1)} MiB are stored`;
  if (storeLimitBytes === undefined) return well("store", stored);
  const message = `${stored} of ${(storeLimitBytes / 1024 ** 2).toFixed(1)} MiB`;
  if (storedBytes < storeLimitBytes * fullShare) return well("store", message);
  return finding(
    "store",
    message,
    "keep less of the audit: cliai serve --audit-max-bytes SIZE, or raise the limit",
  );
}

async function checkStreams(
  bus: Bus,
  { missingStreams }: JetStreamHealth,
  context: CliContext,
): Promise<Check> {
  if (missingStreams.length > 0) {
    const message = `JetStream has no ${missingStreams.join(", ")}`;
    return finding("streams", message, "restart the server, which creates them: cliai serve");
  }
  const consumers = await consumerNames(bus, streams.commands);
  const agents = [...(await createFleetReader(bus, context).all()).records.keys()];
  const deaf = agents.filter((id) => !hasBridgeConsumers(bus, id, consumers));
  if (deaf.length === 0)
    return well("streams", `all streams are there, and a consumer for each of ${agents.length} agents`);
  const message = `no consumer for ${deaf.slice(0, 5).join(", ")}: commands cannot reach ${deaf.length} of the agents`;
  return finding("streams", message, "restart the server, which creates them: cliai serve");
}
