// Finds the agents that a new server cannot reach. A host keeps the NATS address that it was started with. If the new server uses another
// port, for example because another program has taken the old one, the hosts that outlived the last server do not find the new one.
import { join } from "node:path";
import { readAgentFolders } from "../../data-dir/agent-folders.ts";
import { isAgentHeld } from "../../data-dir/agent-lock.ts";
import { readRunFile } from "../../data-dir/run-file.ts";
import type { ServeFile } from "../../data-dir/serve-file.ts";
import { isLoopback } from "../../domain/wire/own-address.ts";

/** A line that names these agents, and the commands that bring them to this server; undefined if there are none. */
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
  // End the server first: `down --agents` then ends the hosts at once. With a server it would first send stops, and wait for receipts.
  const way = `cliai down && cliai down --agents && cliai resume ${names.join(" ")}`;
  return `${names.join(", ")} cannot reach this server: they look for NATS at the last server's port (${ports}); to start them again here: ${way}`;
}

/** The port of an address on this machine; undefined for any other address, and for several. */
function ownPortOf(natsUrl: string): string | undefined {
  const url = URL.parse(natsUrl);
  return url !== null && isLoopback(url.hostname) ? url.port : undefined;
}
