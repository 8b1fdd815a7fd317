// This room reads what is stored for the pages of the dashboard that look back: the history, the state of the store.
//
// Reads the stream AUDIT by pages. A search that takes too long is given up in time, and goes on with the next page.
import { lookOnward, readBefore } from "../../audit/read-audit.ts";
import { readAnyMessage } from "../../domain/history/any-message.ts";
import type { Bus } from "../../nats/bus.ts";
import type { StreamMessage } from "../../nats/jetstream/follow.ts";
import type { HistoryReading, HistoryRecord } from "../server-readings.ts";

const searchWithinMs = 2_000;
const lookOnWithinMs = 1_000;

/** @param newest the sequence up to which this server has read AUDIT */
export function createHistory(bus: Bus, newest: () => number): HistoryReading {
  return {
    newest,
    async page(filter, { limit, before }) {
      const untilMs = performance.now() + searchWithinMs;
      const { records, from, lowest, trimmedBefore } = await readBefore(bus, filter, {
        limit,
        before,
        untilMs,
      });
      const older = from > lowest ? from : undefined;
      return {
        records: records.reverse().map(historyRecord),
        older,
        is_cut: older !== undefined && records.length < limit,
        trimmed_before: older === undefined ? trimmedBefore : undefined,
      };
    },
    async after(filter, from, isEnough) {
      // What is there now has been looked at when the reading comes to its end.
      const present = newest();
      let last = from - 1;
      const end = await lookOnward(bus, filter, {
        from,
        untilMs: performance.now() + lookOnWithinMs,
        isEnough(record) {
          last = record.seq;
          return isEnough(historyRecord(record));
        },
      });
      return end ?? Math.max(last, present);
    },
  };
}

function historyRecord({ seq, at, subject, data }: StreamMessage): HistoryRecord {
  return { seq, at, subject, message: withoutToken(readAnyMessage(data)) };
}

/** An order's token proves that its agent has acted on it, so nobody else is given it. */
function withoutToken(message: unknown): unknown {
  if (typeof message !== "object" || message === null || !("token" in message)) return message;
  const { token: _, ...shown } = message;
  return shown;
}
