// Holds back what is said to a session while its agent is paused, for a CLI that holds only some of its tools: the next turn could run tools
// that nothing holds.
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
