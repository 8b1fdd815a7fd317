// The event stream of somebody who sits at an agent's terminal: `hello` with the id of the seat, `link` (whether keys can reach the agents),
// `screen` with the rows that have changed, and `end`. The seat is taken when the stream is read, and left when the stream ends.
import type { ShownScreen } from "../../../domain/screen/picture.ts";
import type { Seat, SeatListener } from "../../../server/screens/seat.ts";
import type { StreamEvent, StreamSource } from "../event-stream.ts";

export interface TypingStreamOptions {
  readonly takeSeat: (listener: SeatListener) => Seat;
  /** Called with the seat. Returns the function that is called once it is left. */
  readonly onSeat: (seat: Seat) => () => void;
  /** Whether keys can reach the agents: without NATS they cannot. */
  readonly isReady: () => boolean;
}

export function createTypingStream({ takeSeat, onSeat, isReady }: TypingStreamOptions): StreamSource {
  let seat: Seat | undefined;
  let isGreeted = false;
  let sent: ShownScreen | undefined;
  let wasReady: boolean | undefined;
  let end: "none" | "come" | "told" = "none";
  return {
    next() {
      if (seat === undefined) return [];
      const events: StreamEvent[] = [];
      if (!isGreeted) events.push({ event: "hello", data: { viewer: seat.viewer } });
      isGreeted = true;
      const ready = isReady();
      if (ready !== wasReady) events.push({ event: "link", data: { ready } });
      wasReady = ready;
      const screen = seat.screen();
      if (screen !== undefined && screen !== sent)
        events.push({ event: "screen", data: screenEvent(screen, sent, seat.viewer) });
      sent = screen;
      if (end === "come") events.push({ event: "end", data: {} });
      if (end === "come") end = "told";
      return events;
    },
    watch(wake) {
      seat = takeSeat({
        onScreen: () => wake(),
        onEnd() {
          end = "come";
          wake();
        },
      });
      const left = onSeat(seat);
      const taken = seat;
      return () => {
        taken.stop();
        left();
      };
    },
  };
}

/** The rows that differ from those sent before; all rows, if the screen is another one. The ids of other viewers are not told. */
function screenEvent(screen: ShownScreen, sent: ShownScreen | undefined, viewer: string) {
  const { columns, rows, cursor, typist, hasWindow, lines, run } = screen;
  const isSame = sent?.columns === columns && sent.rows === rows && sent.run === run;
  return {
    ...{ columns, rows, cursor, has_window: hasWindow, whole: !isSame },
    ...(typist !== undefined && { typist: { name: typist.name, is_you: typist.viewer === viewer } }),
    lines: lines.flatMap((runs, row) => {
      const before = isSame ? sent.lines[row] : undefined;
      const isKept = before === runs || (before !== undefined && isDeepEqual(before, runs));
      return isKept ? [] : [{ row, runs }];
    }),
  };
}

function isDeepEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
