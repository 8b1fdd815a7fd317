// Knows whether a person has a page of the dashboard in front of them, and uses it. Pages tell it when they are used, and when they go; a page
// that tells nothing for a minute counts as left, because its person may have gone.

/** For so long a page counts as in front after it was used last. */
const usedForMs = 60_000;
/** For so long after it went, because the next page of the same person may follow. */
const goneForMs = 3_000;
const pagesKept = 256;

export interface InFront {
  /** @param page an id of the page @param isUsed whether it is in front and was just used; else it has gone to the back */
  note(page: string, isUsed: boolean): void;
  isNow(): boolean;
  /** When a page in front was used last, by the same clock. */
  usedMs(): number;
}

/** @param nowMs of a steady clock */
export function createInFront(nowMs: () => number = () => performance.now()): InFront {
  /** Until when each page counts. */
  const pages = new Map<string, number>();
  let lastUsedMs = Number.NEGATIVE_INFINITY;
  return {
    note(page, isUsed) {
      const now = nowMs();
      const until = pages.get(page);
      pages.delete(page);
      if (isUsed) {
        lastUsedMs = now;
        pages.set(page, now + usedForMs);
      } else if (until !== undefined && until > now) pages.set(page, Math.min(until, now + goneForMs));
      const [oldest] = pages.keys();
      if (pages.size > pagesKept && oldest !== undefined) pages.delete(oldest);
    },
    isNow() {
      const now = nowMs();
      for (const [page, until] of pages) if (until <= now) pages.delete(page);
      return pages.size > 0;
    },
    usedMs: () => lastUsedMs,
  };
}

/** From so long after a notice on, a page in front that is used has shown it to its person. */
const shownAfterMs = 10_000;

export interface HeldNotices<T> {
  /**
   * What is to become of the notice: `tell` it; `wait`, because a page is in front; or it is `over`, because a person has seen it there, or has
   * ended there what it was about.
   * @param cameMs when it came, by the same clock
   */
  decide(notice: T, cameMs: number): "tell" | "wait" | "over";
}

/**
 * Those that came, or were due, while a page was in front. Only what needs a person is seen by using a page, because every page shows that.
 * @param stands whether what the notice is about still is
 */
export function createHeldNotices<T extends { readonly notice_id: string; readonly need?: string }>(
  inFront: Pick<InFront, "isNow" | "usedMs">,
  stands: (notice: T) => boolean,
): HeldNotices<T> {
  const held = new Set<string>();
  return {
    decide(notice, cameMs) {
      const { notice_id: id, need } = notice;
      const isSeen = need !== undefined && inFront.usedMs() >= cameMs + shownAfterMs;
      if (inFront.isNow() && !isSeen) {
        held.add(id);
        return "wait";
      }
      const wasHeld = held.delete(id);
      return isSeen || (wasHeld && !stands(notice)) ? "over" : "tell";
    },
  };
}
