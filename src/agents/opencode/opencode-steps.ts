// Finds out which messages of the user the model has. OpenCode stores a message at once, even while a turn runs, and the model gets it with
// the next step. The step's message names as its parent the newest user message in the request: the model has that message and all before it.
// The part `step-start` shows that the model has begun to answer; a step whose request failed has no such part. After a conversation was
// shortened, the newest user message may be one that OpenCode itself made, without a text. Measured with 1.18.33.

export interface UserMessage {
  readonly id: string;
  readonly text: string;
}

export interface Steps {
  /** A message of the user is there; its text comes later. A message that OpenCode itself made counts, too. */
  noteMessage(id: string): void;
  noteUser(message: UserMessage): void;
  /** @param parent the id of the newest message of the user that the step's request contains */
  noteStep(id: string, parent: string | undefined): void;
  /** The model has begun to answer in this step. Returns the messages that this step gave it for the first time, the oldest first. */
  begun(id: string): readonly UserMessage[];
  /** The user's messages that no step has shown yet. */
  waiting(): readonly UserMessage[];
}

/** How many steps are remembered: the one that runs, and those of subagents beside it. */
const mostSteps = 100;
/** How many messages without a text are remembered. */
const mostMessages = 1_000;

export function createSteps(): Steps {
  let waiting: readonly UserMessage[] = [];
  /** The place of each message in their order. */
  const places = new Map<string, number>();
  let last = 0;
  const parents = new Map<string, string | undefined>();
  const noteMessage = (id: string) => {
    if (places.has(id)) return;
    last += 1;
    places.set(id, last);
    const [oldest] = places.keys();
    if (places.size > mostMessages && oldest !== undefined) places.delete(oldest);
  };
  return {
    noteMessage,
    noteUser(message) {
      noteMessage(message.id);
      waiting = [...waiting, message];
    },
    noteStep(id, parent) {
      parents.set(id, parent);
      const [oldest] = parents.keys();
      if (parents.size > mostSteps && oldest !== undefined) parents.delete(oldest);
    },
    begun(id) {
      const newest = places.get(parents.get(id) ?? "") ?? 0;
      const isGiven = (message: UserMessage) => (places.get(message.id) ?? 0) <= newest;
      const given = newest === 0 ? [] : waiting.filter(isGiven);
      waiting = waiting.filter((message) => !given.includes(message));
      return given;
    },
    waiting: () => waiting,
  };
}
