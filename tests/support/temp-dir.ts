// One temporary directory for one test, gone with it. The path is short and real, so that sockets fit into it.
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
    // A child that is just ending may still write: hence the retries.
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }),
  };
}
