// This room shows the terminals of agents: it watches an agent's screen while a page shows it.
//
// All pages of one agent share one viewer, so its host sends the screen once for all of them.
import type { ShownScreen } from "../../domain/screen/picture.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { atMost } from "../../waiting.ts";
import type { ScreenService } from "../server.ts";
import { readOlder } from "./older-rows.ts";
import { type ScreenViewer, watchScreen } from "./screen-viewer.ts";
import { type Seat, takeSeat } from "./seat.ts";
import { typeKeys } from "./type-keys.ts";

const firstFrameWithinMs = 2_000;

export function createScreens(bus: Bus, log: Logger): ScreenService & { stop(): void } {
  const watched = new Map<AgentId, { viewer: ScreenViewer; listeners: Set<(screen: ShownScreen) => void> }>();
  const seats = new Set<Seat>();
  const watch = (id: AgentId, listener: (screen: ShownScreen) => void) => {
    const known = watched.get(id);
    const listeners = known?.listeners ?? new Set<(screen: ShownScreen) => void>();
    listeners.add(listener);
    if (known === undefined) {
      const onScreen = (screen: ShownScreen) => {
        for (const each of listeners) each(screen);
      };
      const viewer = watchScreen(bus, { id, viewer: crypto.randomUUID(), onScreen, log });
      watched.set(id, { viewer, listeners });
    }
    return () => {
      listeners.delete(listener);
      const now = watched.get(id);
      if (listeners.size > 0 || now?.listeners !== listeners) return;
      watched.delete(id);
      now.viewer.stop();
    };
  };
  return {
    watch,
    shown: (id) => watched.get(id)?.viewer.screen(),
    async look(id, withinMs = firstFrameWithinMs) {
      const first = Promise.withResolvers<ShownScreen>();
      const stop = watch(id, first.resolve);
      try {
        const shown = watched.get(id)?.viewer.screen();
        if (shown !== undefined) return shown;
        let screen: ShownScreen | undefined;
        const come = first.promise.then((each) => {
          screen = each;
        });
        await atMost(withinMs, come);
        return screen;
      } finally {
        stop();
      }
    },
    takeSeat(id, listener) {
      const seat = takeSeat(bus, id, listener, log);
      seats.add(seat);
      const stop = () => {
        if (seats.delete(seat)) seat.stop();
      };
      return { ...seat, stop };
    },
    older: (id, count) => readOlder(bus, id, count, log),
    type: (id, typed) => typeKeys(bus, id, typed, log),
    stop() {
      for (const { viewer } of watched.values()) viewer.stop();
      watched.clear();
      for (const seat of seats) seat.stop();
      seats.clear();
    },
  };
}
