// Holds back texts for a session while its agent is paused, if its CLI holds only some of its tools. The text would begin a turn, which
// could run tools that nothing holds.
import { messageOf } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";
import { pause } from "../../waiting.ts";
import type { Gate } from "../steer/gate.ts";
import type { OwnRoutes } from "./routes.ts";

type Stream = NonNullable<OwnRoutes["stream"]>;

export function holdingTexts(stream: Stream, gate: Pick<Gate, "pausedBy">): Stream {
  if (stream.holdsOnlyAsked !== true) return stream;
  const { route, carriesHooks, interrupt } = stream;
  return {
    ...{ route, carriesHooks, holdsOnlyAsked: true, interrupt },
    say: async (text, id) => (gate.pausedBy() === undefined ? await stream.say(text, id) : "paused"),
  };
}

const tryAgainMs = 500;

/** Gives the session the task of its launch as soon as it takes texts. While the agent is paused, the task waits as every other text does. Never rejects. */
export async function sayFirst(
  stream: Stream,
  task: string,
  { signal, log }: { readonly signal: AbortSignal; readonly log: Logger },
): Promise<void> {
  try {
    while (!signal.aborted && ["paused", "busy"].includes(await stream.say(task)))
      await pause(tryAgainMs, signal);
  } catch (error) {
    log.warn(`the session did not take the task of its launch: ${messageOf(error)}`);
  }
}
