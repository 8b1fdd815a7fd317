// Which messages of the user the model has been given, and when that is known. OpenCode stores a message at once, also while a turn runs;
// the model gets it with the next step. The step's message names, as its parent, the newest message of the user that the request contains:
// so it has that one and those before it. That the model has begun to answer is known by the part `step-start`; a step whose request failed
// has none. After a conversation was shortened, the newest message may be one of OpenCode's own, without a text. Measured with 1.18.33.

export interface UserMessage {
  readonly id: string;
  readonly text: string;
}

export interface Steps {
  /** A message of the user is there; its text comes later. Those of OpenCode's own count, too. */
  noteMessage(id: string): void;
  noteUser(message: UserMessage): void;
  /** @param parent the id of the newest message of the user that the step's request contains */
  noteStep(id: string, parent: string | undefined): void;
  /** The model has begun to answer. Returns the messages that it has with this step for the first time, the oldest first. */
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
