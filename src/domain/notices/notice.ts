// This room decides what people are told away from the dashboard: which changes of the fleet are notices, and in which words. Pure.
//
// One notice: a change of the fleet that a person may want to be told of. serve stores each once, in the stream NOTICES.
import * as v from "valibot";

/**
 * `needs_you`: an agent asks, or waits for a person otherwise. `limit`: it is at a limit that does not end by itself. `budget`: a budget is
 * nearly or wholly used up, or cannot be measured. `stuck`: it is stuck. `error`: it died, is lost, could not be started, or has
 * an error. `done`: it has ended its work. `all_done`: no agent works any more, and none needs a person. `alert`: the server has raised an alert.
 */
export const noticeKinds = [
  ...(["needs_you", "limit", "budget", "stuck", "error", "done", "all_done", "alert"] as const),
] as const;
export type NoticeKind = (typeof noticeKinds)[number];

export const NoticeSchema = v.object({
  /** The same for the same change, whoever tells it and how often. */
  notice_id: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,256}$/)),
  /** `test`: a person tries a hook or a target. It is not stored. */
  kind: v.picklist([...noticeKinds, "test"]),
  /** When the change was, RFC 3339. */
  at: v.string(),
  /** Absent if the notice is about no single agent. */
  agent_id: v.exactOptional(v.string()),
  /** The kind of the need, of `needs_you`, `limit`, `stuck` and `error`. */
  need: v.exactOptional(v.string()),
  /** The open request that an answer ends. */
  request_id: v.exactOptional(v.string()),
  /** The kind of the alert. */
  alert: v.exactOptional(v.string()),
  severity: v.exactOptional(v.string()),
  /** One line in cliai's own words. */
  title: v.string(),
  /** What it is about, on one line. An agent may have written it. */
  text: v.string(),
  /** What a person can do. */
  hint: v.exactOptional(v.string()),
  /** What the agent works on. */
  task: v.exactOptional(v.string()),
  project: v.exactOptional(v.string()),
  /** The page of the dashboard that shows it, such as `/agents/ada`. */
  path: v.string(),
});
export type Notice = Readonly<v.InferOutput<typeof NoticeSchema>>;

/** Whether whoever named these kinds is told of this one. A limit or a budget is also something that needs a person. */
export function isKindWanted(on: readonly NoticeKind[], kind: Notice["kind"]): boolean {
  return (on as readonly string[]).includes(kind) || (ofNeedsYou.has(kind) && on.includes("needs_you"));
}

const ofNeedsYou: ReadonlySet<Notice["kind"]> = new Set(["limit", "budget"]);

/** Makes an id of words and times: what a subject cannot have becomes `-`. */
export function noticeId(...parts: readonly string[]): string {
  return parts
    .map((part) => part.replaceAll(/[^A-Za-z0-9_-]/g, "-"))
    .join("_")
    .slice(0, 256);
}
