// This room shows the terminal of the session to those who watch it, and takes the keys of whoever types there from elsewhere.
//
// Hears who watches (`agent.ID.watch`) and who types (`agent.ID.keys`), and sends the screen on `agent.ID.screen` only while somebody watches.
import type { Link } from "../../agent-link/link.ts";
import { linesToSend, type OlderPicture } from "../../domain/screen/picture.ts";
import { largestScreen, type Watch, WatchSchema } from "../../domain/screen/screen-messages.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { decodeMessage } from "../../domain/wire/decode.ts";
import { keysSubject, screenSubject, watchSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus, BusMessage } from "../../nats/bus.ts";
import { createFrameSender } from "./frame-sender.ts";
import { createKeyboard } from "./keyboard.ts";
import type { ViewedTerminal } from "./viewed-terminal.ts";
import { createViewers } from "./viewers.ts";

export interface ScreenDeskOptions {
  readonly id: AgentId;
  readonly instanceId: string;
  readonly link: Pick<Link, "bus" | "onChange">;
  /** Why nobody may type there from elsewhere; undefined if somebody may. */
  readonly whyNotType: string | undefined;
  /** Called with what the audit keeps of what was typed from elsewhere: who, and how much. */
  readonly onTyped: (words: string) => void;
  readonly now: () => Date;
  readonly log: Logger;
}

export interface ScreenDesk {
  show(terminal: ViewedTerminal): void;
  stop(): void;
}

const nothingOlder: OlderPicture = { above: { from: 0, to: 0 }, from: 0, lines: [] };

export function createScreenDesk({
  id,
  instanceId,
  link,
  now,
  log,
  ...typing
}: ScreenDeskOptions): ScreenDesk {
  const viewers = createViewers(() => performance.now());
  const { isWatching } = viewers;
  const keyboard = createKeyboard({ ...typing, isWatching, onChange: () => frames.nudge() });
  const frames = createFrameSender({
    publish(frame) {
      const bus = link.bus();
      const facts = { agent_id: id, instance_id: instanceId, timestamp: now().toISOString() };
      bus?.publish(screenSubject(id), { ...facts, ...frame });
      return bus !== undefined;
    },
    isWatched: viewers.isAny,
    ...{ typist: keyboard.typist, log },
  });
  let terminal: ViewedTerminal | undefined;
  let unfit = () => {};

  const takeWatch = ({ data }: BusMessage) => {
    const watch = decodeMessage(WatchSchema, data);
    if (!viewers.take(watch))
      return log.warn(`too many viewers watch the terminal of ${id}: one is not served`);
    if (watch.for_s === 0) keyboard.gone(watch.viewer);
    else if (watch.older !== undefined) void sendOlder(watch.viewer, watch.older);
    else frames.nudge(watch.whole);
  };
  const sendOlder = async (viewer: string, { from, count }: NonNullable<Watch["older"]>) => {
    try {
      const { above, lines, from: first } = (await terminal?.readOlder(from, count)) ?? nothingOlder;
      const facts = { agent_id: id, instance_id: instanceId, kind: "older", viewer, above };
      link.bus()?.publish(screenSubject(id), {
        ...facts,
        from: first,
        lines: linesToSend(lines, largestScreen.columns),
      });
    } catch (error) {
      log.debug(`older rows of ${id} are not sent: ${messageOf(error)}`);
    }
  };
  const takeKeys = (bus: Bus, { data }: BusMessage) => {
    if (terminal === undefined) return;
    bus.publish(screenSubject(id), { agent_id: id, kind: "answer", ...keyboard.take(data, terminal) });
  };
  const guarded = (take: (message: BusMessage) => void) => (message: BusMessage) => {
    try {
      take(message);
    } catch (error) {
      log.warn(`${message.subject}: ${messageOf(error)}`);
    }
  };
  const tellEnd = () => {
    try {
      link.bus()?.publish(screenSubject(id), { agent_id: id, instance_id: instanceId, kind: "end" });
    } catch (error) {
      log.debug(`the end of the screen of ${id} is not told: ${messageOf(error)}`);
    }
  };
  const heard = new Map<Bus, readonly (() => void)[]>();
  /** Listens only once there is a terminal: a session without one asks for no such right. */
  const listen = (bus: Bus | undefined) => {
    if (bus === undefined || terminal === undefined || heard.has(bus)) return;
    heard.set(bus, [
      bus.subscribe(watchSubject(id), guarded(takeWatch)),
      bus.subscribe(
        keysSubject(id),
        guarded((message) => takeKeys(bus, message)),
      ),
    ]);
    void bus.closed.then(() => heard.delete(bus));
  };
  const unlink = link.onChange(listen);
  return {
    show(shown) {
      terminal = shown;
      frames.show(shown);
      unfit();
      unfit = shown.onChange(() => keyboard.fit(shown));
      listen(link.bus());
    },
    stop() {
      unlink();
      unfit();
      if (terminal !== undefined && viewers.isAny()) tellEnd();
      frames.stop();
      keyboard.stop();
      viewers.clear();
      for (const stops of heard.values()) for (const stop of stops) stop();
      heard.clear();
    },
  };
}
