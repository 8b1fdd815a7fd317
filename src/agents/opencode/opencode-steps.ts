// Which messages of the user the model has been given, and when that is known. OpenCode stores a message at once, also while a turn runs;
// the model gets it with the next step. The step's message names, as its parent, the newest message of the user that the request contains:
// so it has that one and those before it. That the model has begun to answer is known by the part `step-start`; a step whose request failed
// has none. Measured with 1.18.33.

export interface UserMessage {
  readonly id: string;
  readonly text: string;
}

export interface Steps {
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

export function createSteps(): Steps {
  let waiting: readonly UserMessage[] = [];
  const parents = new Map<string, string | undefined>();
  return {
    noteUser(message) {
      waiting = [...waiting, message];
    },
    noteStep(id, parent) {
      parents.set(id, parent);
      const [oldest] = parents.keys();
      if (parents.size > mostSteps && oldest !== undefined) parents.delete(oldest);
    },
    begun(id) {
      const parent = parents.get(id);
      const newest = waiting.findIndex((message) => message.id === parent);
      const given = waiting.slice(0, newest + 1);
      waiting = waiting.slice(newest + 1);
      return given;
    },
    waiting: () => waiting,
  };
}
