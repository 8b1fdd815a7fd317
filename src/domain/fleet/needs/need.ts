// This room decides what needs a person: the one list from which the page, the terminal, the API and the metrics take their counts and badges.
//
// The kinds of needs, and the words for them.

/** In the order in which one of several is shown as the agent's badge. */
export const needKinds = [
  ...(["died", "lost", "failed_to_start", "error"] as const),
  ...(["permission", "stop_approval", "question", "budget"] as const),
  ...(["limit", "stuck", "terminal", "refused", "unseen"] as const),
] as const;

/**
 * `died`: it does not run any more, and was working, or orders wait for it. `lost`: the same, but it may still run, for only its heartbeats are
 * missing. `budget`: a budget is used up, and holds it. `limit`: a limit is reached that does not end by itself. `terminal`: it waits at its own terminal for something that is not known.
 * `refused`: the CLI's rules refused a tool, and the turn has ended. `unseen`: it does not take up an order although it does nothing else.
 */
export type NeedKind = (typeof needKinds)[number];

/** One thing about an agent that waits for a person. */
export interface Need {
  readonly kind: NeedKind;
  /** RFC 3339. */
  readonly since: string;
  /** What it is, in a line; of a request the beginning of what it asks. It does not repeat the words of the kind, and has no age. */
  readonly reason: string;
  /** What a person can do, if it is not an answer. */
  readonly hint?: string;
  /** What other agents may need a person for as well, such as `authentication failed`; absent if it is this agent's alone. */
  readonly cause?: string;
  /** The open request that an answer ends. */
  readonly request_id?: string;
  /** Set if only the agent's own terminal takes the answer. */
  readonly at_terminal?: true;
}

const words: Readonly<Record<NeedKind, string>> = {
  ...{ died: "died", lost: "lost", failed_to_start: "failed to start", error: "error" },
  ...{ permission: "wants permission", stop_approval: "wants to stop", question: "asks" },
  budget: "over its budget",
  ...{ limit: "at a limit", stuck: "stuck", terminal: "waits at its terminal" },
  ...{ refused: "was refused", unseen: "takes no order" },
};

/** The badge: what the agent does that needs a person. It can follow the agent's id. */
export function needWords(kind: NeedKind): string {
  return words[kind];
}

/** The same with its verb, for a sentence that begins with the agent's id: `is stuck`. */
export function needVerb(kind: NeedKind): string {
  return verbs[kind] ?? words[kind];
}

const verbs: Readonly<Partial<Record<NeedKind, string>>> = {
  ...{ lost: "is lost", error: "has an error", limit: "is at a limit", stuck: "is stuck" },
  ...{ refused: "was refused a tool", budget: "is over its budget" },
};

/** The badge, and what it is about: `asks: Which colour?`. */
export function needText({ kind, reason }: Pick<Need, "kind" | "reason">): string {
  return reason === "" || reason === words[kind] ? words[kind] : `${words[kind]}: ${reason}`;
}
