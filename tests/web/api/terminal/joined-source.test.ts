import { expect, test } from "bun:test";
import type { StreamEvent, StreamSource } from "../../../../src/web/api/event-stream.ts";
import { joinSources } from "../../../../src/web/api/terminal/joined-source.ts";
import { waitFor } from "../../../support/wait-for.ts";

function source(...events: StreamEvent[][]) {
  let wake: (isUrgent?: boolean) => void = () => undefined;
  let asked = 0;
  const of: StreamSource = {
    next: () => events[asked++] ?? [],
    watch(onWake) {
      wake = onWake;
      return () => {
        wake = () => undefined;
      };
    },
  };
  return { of, asked: () => asked, wake: (isUrgent?: boolean) => wake(isUrgent) };
}

test("joinSources() says hello once, and asks the page at most once in its gap, but soon after it has changed", async () => {
  const screen = (n: number): StreamEvent => ({ event: "screen", data: n });
  const seat = source([{ event: "hello", data: { viewer: "v" } }, screen(1)], [screen(2)], [screen(3)]);
  const page = source([{ event: "hello", data: { now: "t" } }], [{ event: "patch", data: {} }]);
  let nowMs = 0;
  const joined = joinSources(seat.of, page.of, { pageGapMs: 20, nowMs: () => nowMs });
  const woken: (boolean | undefined)[] = [];
  const stop = joined.watch((isUrgent) => woken.push(isUrgent));

  expect(joined.next()).toEqual([{ event: "hello", data: { viewer: "v", now: "t" } }, screen(1)]);
  nowMs = 19;
  expect(joined.next()).toEqual([screen(2)]);
  expect(page.asked()).toBe(1);
  nowMs = 20;
  expect(joined.next()).toEqual([screen(3), { event: "patch", data: {} }]);

  seat.wake();
  expect(woken).toEqual([undefined]);
  page.wake(true);
  page.wake();
  await waitFor(() => woken.length === 2, { what: "the page's wake" });
  expect(woken).toEqual([undefined, true]);
  stop();
  page.wake();
  seat.wake();
  expect(woken).toHaveLength(2);
});
