// Asks NATS and its store about themselves.
import { readStores } from "../../nats/jetstream/stores.ts";
import type { SystemFacts } from "../server-readings.ts";
import type { Foundation } from "../start/foundation.ts";
import type { ServerOptions } from "../start/server-options.ts";
import { readDropped } from "../transcripts/dropped-entries.ts";

/** @throws CliaiError if the store does not answer */
export async function readSystemFacts(
  { bus, now }: Pick<Foundation, "bus" | "now">,
  { natsFacts }: Pick<ServerOptions, "natsFacts">,
): Promise<SystemFacts> {
  // A nats-server that does not tell about itself is no reason to show nothing of the store.
  const nats = natsFacts?.().catch(() => undefined);
  const store = await readStores(bus);
  const transcripts_dropped = await readDropped(bus);
  return { at: now().toISOString(), nats: await nats, store, transcripts_dropped };
}
