// Finds the real paths of what others have reserved: without holding up the host, because they may be many, or on a disk that does not answer.
import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

export interface RealPaths {
  /** The path with its symbolic links resolved, as found last; the path itself until then. */
  of(path: string): string;
  /** Finds those of these paths, one after the other, and forgets all others. */
  find(paths: readonly string[]): void;
}

export function createRealPaths(): RealPaths {
  const known = new Map<string, string>();
  let wanted: ReadonlySet<string> = new Set();
  let isAtWork = false;
  const work = async () => {
    if (isAtWork) return;
    isAtWork = true;
    let done: ReadonlySet<string> | undefined;
    while (done !== wanted) {
      done = wanted;
      for (const path of done) {
        const real = await realPathSoon(path);
        if (wanted.has(path)) known.set(path, real);
      }
    }
    isAtWork = false;
  };
  return {
    of: (path) => known.get(path) ?? path,
    find(paths) {
      wanted = new Set(paths);
      for (const path of known.keys()) if (!wanted.has(path)) known.delete(path);
      void work();
    },
  };
}

/** Never rejects. The last parts of the path may be missing. */
async function realPathSoon(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path); // it is not there yet, or not any more
    return parent === path ? path : join(await realPathSoon(parent), basename(path));
  }
}
