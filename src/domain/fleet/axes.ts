// The four axes of an agent's status and the values of each. status.ts derives them.

export type Link = "online" | "silent" | "offline" | "never";

export type Activity =
  | "starting"
  | "working"
  | "retrying"
  | "waiting"
  | "idle"
  | "done"
  | "failed"
  | "failed_to_start"
  | "crashed"
  | "unknown";

export type Control =
  | "running"
  | "pause_requested"
  | "paused"
  | "held"
  | "stop_requested"
  | "stopped"
  | "unknown";

export type Attention =
  | "none"
  | "unseen"
  | "question"
  | "budget"
  | "approval"
  | "terminal"
  | "refused"
  | "stuck"
  | "error";

export interface Reading<Value extends string> {
  readonly value: Value;
  /** The kind of evidence on which the value rests. */
  readonly source: "heartbeat" | "connection" | "status" | "session" | "command" | "request" | "none";
  /** When the evidence came, RFC 3339; absent without evidence. */
  readonly at?: string;
  readonly age_s?: number;
  readonly reason: string;
  /** What a person can do about it, in a line; absent if there is nothing to say. */
  readonly hint?: string;
  /** When the value ends by itself, RFC 3339; absent if it does not, or if that is not known. */
  readonly until?: string;
  /** What other agents may have as well, such as `authentication failed`; absent if the value is about this agent alone. */
  readonly cause?: string;
}

export interface Axes {
  readonly link: Reading<Link>;
  readonly activity: Reading<Activity>;
  readonly control: Reading<Control>;
  readonly attention: Reading<Attention>;
}

/** Whether a pause holds the agent's tool calls now, whoever has given it. */
export function isHeldBack({ control: { value } }: Pick<Axes, "control">): boolean {
  return value === "paused" || value === "held";
}
