// One event stream of what a terminal shows and of the page around it, because a browser allows only six streams to one server.
import type { StreamEvent, StreamSource } from "../event-stream.ts";

export interface JoinOptions {
  /** The page is asked at most this often, because a screen changes much more often. */
  readonly pageGapMs: number;
  /** A clock in ms that only goes forward. */
  readonly nowMs: () => number;
}

/** The events of both. What both say in their `hello` comes in one. */
export function joinSources(
  seat: StreamSource,
  page: StreamSource,
  { pageGapMs, nowMs }: JoinOptions,
): StreamSource {
  let askedAtMs = Number.NEGATIVE_INFINITY;
  return {
    next() {
      const own = seat.next();
      if (nowMs() - askedAtMs < pageGapMs) return own;
      askedAtMs = nowMs();
      return withOneHello([...own, ...page.next()]);
    },
    watch(wake) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      let isHurried = false;
      const stops = [
        seat.watch(wake),
        page.watch((isUrgent = false) => {
          isHurried ||= isUrgent;
          timer ??= setTimeout(
            () => {
              const isAtOnce = isHurried;
              [timer, isHurried] = [undefined, false];
              wake(isAtOnce);
            },
            Math.max(0, askedAtMs + pageGapMs - nowMs()),
          );
        }),
      ];
      return () => {
        clearTimeout(timer);
        for (const stop of stops) stop();
      };
    },
  };
}

function withOneHello(events: readonly StreamEvent[]): StreamEvent[] {
  const isHello = ({ event }: StreamEvent) => event === "hello";
  const data = Object.assign({}, ...events.filter(isHello).map((each) => each.data));
  const others = events.filter((each) => !isHello(each));
  return events.some(isHello) ? [{ event: "hello", data }, ...others] : others;
}
