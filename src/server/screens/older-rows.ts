// Reads the last rows that have left an agent's screen, in pieces, for somebody who looks once. Any program with an agent's credentials can
// answer as its host, so what it sends is bounded.
import type { OlderPicture, ScreenLine, ShownScreen } from "../../domain/screen/picture.ts";
import { mostOlderRows } from "../../domain/screen/screen-messages.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { atMost } from "../../waiting.ts";
import { watchScreen } from "./screen-viewer.ts";

export interface OlderLimits {
  /** For one answer. */
  readonly answerWithinMs: number;
  /** For the screen and all rows together. */
  readonly allWithinMs: number;
  /** Of all rows together, as JSON. A host sends at most about 300 KB for 200 rows. */
  readonly mostBytes: number;
}

const defaultLimits: OlderLimits = {
  answerWithinMs: 2_000,
  allWithinMs: 5_000,
  mostBytes: 4 * 1_024 * 1_024,
};

/** At most `count` rows, those nearest to the screen. Undefined if no host sends its screen and these in time, or sends what was not asked for. */
export async function readOlder(
  bus: Bus,
  id: AgentId,
  count: number,
  log: Logger,
  { answerWithinMs, allWithinMs, mostBytes }: OlderLimits = defaultLimits,
): Promise<OlderPicture | undefined> {
  const endsAtMs = performance.now() + allWithinMs;
  const first = Promise.withResolvers<ShownScreen>();
  let piece = Promise.withResolvers<OlderPicture>();
  const viewer = watchScreen(bus, {
    ...{ id, viewer: crypto.randomUUID(), log },
    onScreen: first.resolve,
    onOlder: (rows) => piece.resolve(rows),
  });
  const inTime = <T>(promise: Promise<T>) =>
    within(Math.min(answerWithinMs, endsAtMs - performance.now()), promise);
  try {
    const screen = await inTime(first.promise);
    if (screen === undefined) return undefined;
    const above = screen.above ?? { from: 0, to: 0 };
    const from = Math.max(above.from, above.to - count);
    const lines: ScreenLine[] = [];
    let bytes = 0;
    let next = from;
    while (next < above.to) {
      const asked = { from: next, count: Math.min(mostOlderRows, above.to - next) };
      piece = Promise.withResolvers();
      viewer.askOlder(asked.from, asked.count);
      const rows = await inTime(piece.promise);
      if (rows === undefined) return undefined;
      if (rows.lines.length === 0) break;
      bytes += Buffer.byteLength(JSON.stringify(rows.lines));
      const why = whyRefused(rows, asked) ?? (bytes > mostBytes ? `more than ${mostBytes} bytes` : undefined);
      if (why !== undefined) {
        log.warn(`older rows of ${id} are refused: its host sends ${why}`);
        return undefined;
      }
      // Some may have been dropped meanwhile: what is shown must have no gap.
      if (rows.from > next) lines.length = 0;
      lines.push(...rows.lines);
      next = rows.from + rows.lines.length;
    }
    return { above, from: next - lines.length, lines };
  } finally {
    viewer.stop();
  }
}

/** Each piece must end behind the one before, or reading them would have no end. */
function whyRefused(
  { from, lines }: OlderPicture,
  asked: { readonly from: number; readonly count: number },
): string | undefined {
  if (from < asked.from) return `row ${from} where ${asked.from} was asked for`;
  const most = asked.from + asked.count;
  return from + lines.length > most
    ? `rows up to ${from + lines.length} where ${most} was the end`
    : undefined;
}

/** Undefined if it takes longer than `ms`. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  let value: T | undefined;
  await atMost(
    ms,
    promise.then((each) => {
      value = each;
    }),
  );
  return value;
}
