// Who watches the terminal. Each request to watch lasts some seconds, and ends by itself.
import type { Watch } from "../../domain/screen/screen-messages.ts";

export interface Viewers {
  isWatching(viewer: string): boolean;
  isAny(): boolean;
  /** Returns false if there are too many viewers. */
  take(watch: Watch): boolean;
  clear(): void;
}

const mostViewers = 32;

export function createViewers(nowMs: () => number): Viewers {
  /** Viewer -> until when it watches. */
  const until = new Map<string, number>();
  const prune = () => {
    for (const [viewer, endsAtMs] of until) if (endsAtMs <= nowMs()) until.delete(viewer);
  };
  return {
    isWatching: (viewer) => (until.get(viewer) ?? Number.NEGATIVE_INFINITY) > nowMs(),
    isAny() {
      prune();
      return until.size > 0;
    },
    take({ viewer, for_s }) {
      prune();
      if (for_s === 0) return until.delete(viewer) || true;
      if (!until.has(viewer) && until.size >= mostViewers) return false;
      until.set(viewer, nowMs() + for_s * 1_000);
      return true;
    },
    clear: () => until.clear(),
  };
}
