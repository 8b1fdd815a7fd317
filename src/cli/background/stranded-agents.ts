// Finds the agents that a new server cannot reach: their hosts have outlived the last one, and look for NATS at its port, which is not the
// new one's, for example because another program has taken it. A host keeps the address that it was started with.
import { join } from "node:path";
import { readAgentFolders } from "../../data-dir/agent-folders.ts";
import { isAgentHeld } from "../../data-dir/agent-lock.ts";
import { readRunFile } from "../../data-dir/run-file.ts";
import type { ServeFile } from "../../data-dir/serve-file.ts";
import { isLoopback } from "../../domain/wire/own-address.ts";

/** A line for a person that names them, and how to have them again; undefined if there are none. */
export async function strandedWords({
  data_dir,
  nats_url,
}: Pick<ServeFile, "data_dir" | "nats_url">): Promise<string | undefined> {
  const port = ownPortOf(nats_url);
  if (port === undefined) return undefined;
  const ids = (await readAgentFolders(join(data_dir, "agents"))).filter((id) => isAgentHeld(data_dir, id));
  const found = new Map<string, string>();
  for (const id of ids.sort()) {
    const theirs = ownPortOf((await readRunFile(data_dir, id))?.nats_url ?? "");
    if (theirs !== undefined && theirs !== port) found.set(id, theirs);
  }
  if (found.size === 0) return undefined;
  const names = [...found.keys()];
  const ports = [...new Set(found.values())].join(", ");
  // Only without a server are their hosts ended at once: a server would first wait for an answer to its stop.
  const way = `cliai down && cliai down --agents && cliai resume ${names.join(" ")}`;
  return `${names.join(", ")} cannot reach this server: they look for NATS at the last one's port (${ports}); to have them here: ${way}`;
}

/** The port of an address on this machine; undefined for any other address, and for several. */
function ownPortOf(natsUrl: string): string | undefined {
  const url = URL.parse(natsUrl);
  return url !== null && isLoopback(url.hostname) ? url.port : undefined;
}
