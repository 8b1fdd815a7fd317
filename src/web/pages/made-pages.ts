// Remembers which agents a page of the fleet was made with, so that its event stream sends what has changed since, and not all of them again.
import type { Arrangement } from "./fleet/arrange.ts";

export interface MadePage {
  /** The state of the fleet of which it was made. */
  readonly eventId: string;
  /** The agents in its list, by id. */
  readonly listed: ReadonlySet<string>;
  /** The agents in its strip, in their order. */
  readonly matching: readonly string[];
  /** Its groups, in their order. */
  readonly groups: readonly string[];
}

/** A browser opens the stream of its page at once, so the last pages are enough. The stream of an older one sends everything. */
const mostKept = 50;

export interface MadePages {
  /** Returns the key of the page, which the address of its event stream has. */
  note(page: MadePage): string;
  /**
   * Undefined if it is not remembered, or if the browser has applied patches since: then it shows something else.
   * @param lastEventId the state of the fleet that the browser has
   */
  find(key: string | undefined, lastEventId: string | undefined): MadePage | undefined;
}

export function createMadePages(): MadePages {
  const made = new Map<string, MadePage>();
  return {
    note(page) {
      const key = crypto.randomUUID();
      made.set(key, page);
      const [oldest] = made.keys();
      if (made.size > mostKept && oldest !== undefined) made.delete(oldest);
      return key;
    },
    find(key, lastEventId) {
      const page = made.get(key ?? "");
      return page?.eventId === lastEventId ? page : undefined;
    },
  };
}

export function madePage(eventId: string, { groups, matching }: Arrangement): MadePage {
  return {
    eventId,
    listed: new Set(groups.flatMap(({ shown }) => shown.map(({ agent_id }) => agent_id))),
    matching: matching.map(({ agent_id }) => agent_id),
    groups: groups.map(({ id }) => id),
  };
}
