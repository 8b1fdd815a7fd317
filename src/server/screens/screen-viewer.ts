// Watches the terminal of one agent: asks its host for the screen as long as that is wanted, and puts the frames together. `serve` does it for
// its pages, and `cliai attach` for itself.
import {
  applyFrame,
  harmlessLine,
  type OlderPicture,
  type ShownScreen,
} from "../../domain/screen/picture.ts";
import {
  type Keys,
  type KeysAnswer,
  type OlderRows,
  OnScreenSchema,
  type ScreenFrame,
  type Watch,
} from "../../domain/screen/screen-messages.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { decodeMessage } from "../../domain/wire/decode.ts";
import { keysSubject, screenSubject, watchSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";

const watchForS = 12;
const watchEveryMs = 4_000;
const soonestAskMs = 200;

export interface ScreenViewerOptions {
  readonly id: AgentId;
  /** The id of this viewer. */
  readonly viewer: string;
  readonly onScreen: (screen: ShownScreen) => void;
  /** Called with the host's answers to this viewer's keys. */
  readonly onAnswer?: (answer: KeysAnswer) => void;
  /** Called when the program on the terminal has ended. */
  readonly onEnd?: () => void;
  /** Called with rows that {@link ScreenViewer.askOlder} asked for. */
  readonly onOlder?: (rows: OlderPicture) => void;
  readonly log: Logger;
}

export interface ScreenViewer {
  /** The last screen; undefined if none has come. */
  screen(): ShownScreen | undefined;
  /** When the host was last heard, by `performance.now()`; undefined if it was not. */
  heardAtMs(): number | undefined;
  /** Sends keys, or what else is done with the keyboard. Returns the `seq` of the answer. */
  send(keys: Pick<Keys, "name" | "act" | "over" | "keys" | "columns" | "rows">): number;
  /** Asks for rows that have left the screen. A host of an older version does not answer. @param count at most `mostOlderRows` */
  askOlder(from: number, count: number): void;
  stop(): void;
}

export function watchScreen(
  bus: Bus,
  { id, viewer, onScreen, onAnswer, onEnd, onOlder, log }: ScreenViewerOptions,
): ScreenViewer {
  let screen: ShownScreen | undefined;
  let heardAtMs: number | undefined;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let seq = 0;
  const ask = (fields: Pick<Watch, "for_s" | "whole" | "older">) => {
    if (bus.isConnected()) bus.publish(watchSubject(id), { agent_id: id, viewer, ...fields });
  };
  const askAll = () => {
    if (performance.now() - askedAtMs < soonestAskMs) return;
    askedAtMs = performance.now();
    ask({ for_s: watchForS, whole: true });
  };
  const takeFrame = (frame: ScreenFrame) => {
    heardAtMs = performance.now();
    const next = applyFrame(screen, frame);
    // A frame that is older than the one shown says nothing.
    if (next === undefined) {
      if (screen?.run !== frame.instance_id || frame.seq > (screen?.seq ?? 0)) askAll();
      return;
    }
    screen = next;
    onScreen(next);
  };
  const stopHearing = bus.subscribe(screenSubject(id), ({ data }) => {
    try {
      const message = decodeMessage(OnScreenSchema, data);
      if (message.kind === "frame") takeFrame(message);
      else if (message.kind === "end") onEnd?.();
      else if (message.viewer !== viewer) return;
      else if (message.kind === "older") onOlder?.(harmlessRows(message));
      else onAnswer?.(message);
    } catch (error) {
      log.debug(`the screen of ${id}: ${messageOf(error)}`);
    }
  });
  const unlisten = bus.onConnection((isUp) => {
    if (isUp) askAll();
  });
  const timer = setInterval(
    () => ask({ for_s: watchForS, ...(screen === undefined && { whole: true }) }),
    watchEveryMs,
  );
  askAll();
  return {
    screen: () => screen,
    heardAtMs: () => heardAtMs,
    send(keys) {
      seq += 1;
      bus.publish(keysSubject(id), { agent_id: id, viewer, seq, ...keys });
      return seq;
    },
    askOlder: (from, count) => ask({ for_s: watchForS, older: { from, count } }),
    stop() {
      clearInterval(timer);
      unlisten();
      stopHearing();
      ask({ for_s: 0 });
    },
  };
}

function harmlessRows({ above, from, lines }: OlderRows): OlderPicture {
  return { above, from, lines: lines.map(harmlessLine) };
}
