// Sends the frames of a terminal: at most ten a second, and at most half a MiB a second, however fast the CLI writes. A frame has the lines
// that have changed since the one before.
import { linesToDraw, sizeOf } from "../../domain/screen/picture.ts";
import type { ScreenFrame, Typist } from "../../domain/screen/screen-messages.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";
import type { ViewedTerminal } from "./viewed-terminal.ts";

type Shown = Pick<ViewedTerminal, "onChange" | "read" | "hasWindow">;

export type FrameBody = Pick<
  ScreenFrame,
  "kind" | "seq" | "columns" | "rows" | "cursor" | "above" | "whole" | "lines" | "typist" | "has_window"
>;

export interface FrameSenderOptions {
  /** Publishes a frame. Returns false if there is no connection. */
  readonly publish: (frame: FrameBody) => boolean;
  /** Asked before each frame: without anybody who watches, none is made. */
  readonly isWatched: () => boolean;
  readonly typist: () => Typist | undefined;
  readonly log: Logger;
}

export interface FrameSender {
  /** Sends a frame soon. @param isWhole whether with all lines */
  nudge(isWhole?: boolean): void;
  show(terminal: Shown): void;
  stop(): void;
}

const leastGapMs = 100;
const bytesPerS = 512 * 1024;

export function createFrameSender({ publish, isWatched, typist, log }: FrameSenderOptions): FrameSender {
  let terminal: Shown | undefined;
  let unlisten: (() => void) | undefined;
  /** What the viewers have, as texts of lines; undefined if they need all lines. */
  let drawn: readonly string[] | undefined;
  let seq = 0;
  let isDue = false;
  let isSending = false;
  let isStopped = false;
  let nextAtMs = 0;
  let timer: NodeJS.Timeout | undefined;

  const rest = () => {
    unlisten?.();
    unlisten = undefined;
    drawn = undefined;
  };
  const send = async (shown: Shown) => {
    isDue = false;
    const before = drawn;
    const picture = await shown.read();
    const { lines, drawn: next } = linesToDraw(picture, before);
    const by = typist();
    const frame: FrameBody = {
      ...{ kind: "frame", seq: seq + 1, ...sizeOf(picture) },
      ...(picture.cursor !== undefined && { cursor: picture.cursor }),
      ...(picture.above !== undefined && { above: picture.above }),
      ...{ whole: before?.length !== next.length, lines },
      ...(by !== undefined && { typist: by }),
      has_window: shown.hasWindow(),
    };
    if (!publish(frame)) return rest();
    seq += 1;
    // Somebody may have asked for all lines meanwhile.
    if (drawn === before) drawn = next;
    const bytes = lines.reduce((sum, { row }) => sum + (next[row]?.length ?? 0), 0);
    nextAtMs = performance.now() + Math.max(leastGapMs, (1_000 * bytes) / bytesPerS);
  };
  const work = async () => {
    timer = undefined;
    if (terminal === undefined || isStopped || !isWatched()) return rest();
    unlisten ??= terminal.onChange(() => schedule());
    isSending = true;
    await send(terminal).catch((error: unknown) => log.debug(`the screen is not sent: ${messageOf(error)}`));
    isSending = false;
    if (isDue) schedule();
  };
  const schedule = () => {
    isDue = true;
    if (timer !== undefined || isSending || isStopped) return;
    timer = setTimeout(() => void work(), Math.max(0, nextAtMs - performance.now())).unref();
  };
  return {
    nudge(isWhole = false) {
      if (isWhole) drawn = undefined;
      schedule();
    },
    show(shown) {
      rest();
      terminal = shown;
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
      rest();
    },
  };
}
