// A seat at an agent's terminal: a viewer of its own, which sees the screen, may take the keyboard, and hears what became of each of its keys.

import type { ShownScreen } from "../../domain/screen/picture.ts";
import type { Keys, KeysAnswer } from "../../domain/screen/screen-messages.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { atMost } from "../../waiting.ts";
import { watchScreen } from "./screen-viewer.ts";

const answerWithinMs = 3_000;

export interface SeatListener {
  readonly onScreen: (screen: ShownScreen) => void;
  /** Called when the program on the terminal has ended. */
  readonly onEnd?: () => void;
}

export interface Seat {
  /** The id of the viewer. Whoever knows it and may publish keys types in its name. */
  readonly viewer: string;
  /** The last screen; undefined if none has come. */
  screen(): ShownScreen | undefined;
  /** Resolves with the host's answer. @throws CliaiError `no_terminal` if none comes in time */
  ask(keys: Pick<Keys, "name" | "act" | "over" | "keys" | "columns" | "rows">): Promise<KeysAnswer>;
  /** Leaves the keyboard, too. */
  stop(): void;
}

export function takeSeat(bus: Bus, id: AgentId, { onScreen, onEnd }: SeatListener, log: Logger): Seat {
  const viewer = crypto.randomUUID();
  /** What to do with the answer to each message. */
  const waiting = new Map<number, (answer: KeysAnswer) => void>();
  const watched = watchScreen(bus, {
    ...{ id, viewer, onScreen, log },
    onAnswer: (answer) => waiting.get(answer.seq)?.(answer),
    ...(onEnd !== undefined && { onEnd }),
  });
  return {
    viewer,
    screen: watched.screen,
    async ask(keys) {
      const answered = Promise.withResolvers<void>();
      let answer: KeysAnswer | undefined;
      const seq = watched.send(keys);
      waiting.set(seq, (each) => {
        answer = each;
        answered.resolve();
      });
      await atMost(answerWithinMs, answered.promise);
      waiting.delete(seq);
      if (answer === undefined) throw noTerminal(id);
      return answer;
    },
    stop: watched.stop,
  };
}

export function noTerminal(id: AgentId): CliaiError {
  return new CliaiError("no_terminal", `no host shows a terminal of "${id}"`, {
    hint: "an agent without a terminal has none, and neither has one that does not run",
  });
}
