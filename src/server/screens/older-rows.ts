// Reads the last rows that have left an agent's screen, in pieces, for somebody who looks once.
import type { OlderPicture, ScreenLine, ShownScreen } from "../../domain/screen/picture.ts";
import { mostOlderRows } from "../../domain/screen/screen-messages.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { atMost } from "../../waiting.ts";
import { watchScreen } from "./screen-viewer.ts";

const answerWithinMs = 2_000;

/** At most `count` rows, those nearest to the screen. Undefined if no host sends its screen and these in time. */
export async function readOlder(
  bus: Bus,
  id: AgentId,
  count: number,
  log: Logger,
): Promise<OlderPicture | undefined> {
  const first = Promise.withResolvers<ShownScreen>();
  let piece = Promise.withResolvers<OlderPicture>();
  const viewer = watchScreen(bus, {
    ...{ id, viewer: crypto.randomUUID(), log },
    onScreen: first.resolve,
    onOlder: (rows) => piece.resolve(rows),
  });
  try {
    const screen = await within(first.promise);
    if (screen === undefined) return undefined;
    const above = screen.above ?? { from: 0, to: 0 };
    const from = Math.max(above.from, above.to - count);
    const lines: ScreenLine[] = [];
    let next = from;
    while (next < above.to) {
      piece = Promise.withResolvers();
      viewer.askOlder(next, Math.min(mostOlderRows, above.to - next));
      const rows = await within(piece.promise);
      if (rows === undefined) return undefined;
      // Some may have been dropped meanwhile: what is shown must have no gap.
      if (rows.from > next) lines.length = 0;
      if (rows.lines.length === 0) break;
      lines.push(...rows.lines);
      next = rows.from + rows.lines.length;
    }
    return { above, from: next - lines.length, lines };
  } finally {
    viewer.stop();
  }
}

async function within<T>(promise: Promise<T>): Promise<T | undefined> {
  let value: T | undefined;
  await atMost(
    answerWithinMs,
    promise.then((each) => {
      value = each;
    }),
  );
  return value;
}
