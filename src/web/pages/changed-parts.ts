// Remembers which parts of a page its browser has, and leaves out those that it has already.
import type { Child } from "hono/jsx";
import type { Caller } from "../access/caller.ts";
import { markupFor } from "./viewer/viewer.tsx";

export interface Part {
  readonly id: string;
  readonly part: Child;
  /** Compared instead of the markup, if a difference of the markup is not worth sending. */
  readonly key?: string;
}

export interface ChangedParts {
  /** The markup of the parts that differ from what was last sent, in their order. */
  take(parts: readonly Part[]): string[];
  /** Call it when the browser has lost all parts. */
  forgetAll(): void;
  forget(id: string): void;
}

/** @param viewer whoever looks at the page */
export function createChangedParts(viewer: Caller = undefined): ChangedParts {
  const sent = new Map<string, string>();
  return {
    take(parts) {
      const fresh: string[] = [];
      for (const { id, part, key } of parts) {
        const html = markupFor(viewer, part);
        const compared = (key ?? html).replace(ageWords, "$1");
        if (sent.get(id) === compared) continue;
        sent.set(id, compared);
        fresh.push(html);
      }
      return fresh;
    },
    forgetAll: () => sent.clear(),
    forget: (id) => {
      sent.delete(id);
    },
  };
}

/** The words of a time, such as `3 s ago`: the browser counts on by itself. */
const ageWords = /(<time data-(?:age|seconds)[^>]*>)[^<]*/g;
