// One temporary directory for one test, gone with it. The path is short and real, so that sockets fit into it.
import { existsSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TempDir extends AsyncDisposable {
  readonly path: string;
  /** A path inside the directory; makes nothing. */
  join(...parts: string[]): string;
}

/** `await using dir = await tempDir();` — mode 0700, removed with everything in it at the end of the scope. */
export async function tempDir(): Promise<TempDir> {
  const path = await realpath(await mkdtemp(join(tmpdir(), "cliai-")));
  return {
    path,
    join: (...parts) => join(path, ...parts),
    async [Symbol.asyncDispose]() {
      await endHostsIn(join(path, "data"));
      // A child that is just ending may still write: hence the retries.
      await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    },
  };
}

/** Ends the hosts of this data directory, because a host that a server has launched outlives that server. */
async function endHostsIn(dataDir: string): Promise<void> {
  if (!existsSync(join(dataDir, "agents"))) return;
  // Imported only here, because few tests have agents, and the import loads half of the program.
  const { endHosts } = await import("../../src/cli/background/stop-agents.ts");
  const { silentLogger } = await import("../../src/log.ts");
  await endHosts(dataDir, { log: silentLogger }, () => undefined);
}
