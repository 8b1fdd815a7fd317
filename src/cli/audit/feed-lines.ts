// Makes one line of text, or one JSON value, of a record of the stream AUDIT, for `watch` and `audit`.
import { readAnyMessage } from "../../domain/history/any-message.ts";
import { agentOfRecord, parseAgentSubject } from "../../domain/wire/subjects.ts";
import type { StreamMessage } from "../../nats/jetstream/follow.ts";
import { plain } from "../frame/terminal.ts";

interface FeedEntry {
  readonly seq: number;
  readonly at: string;
  readonly subject: string;
  /** The message; its text if it is not JSON. */
  readonly message: unknown;
}

export function feedEntry({ seq, at, subject, data }: StreamMessage): FeedEntry {
  return { seq, at, subject, message: readAnyMessage(data) };
}

/** @param when the record's time, as it is to be printed */
export function feedLine({ subject, data }: StreamMessage, when: string): string {
  const id = agentOfRecord(subject);
  const who = id === undefined ? plain(subject) : `${id}  ${topicOf(subject)}`;
  return `${when}  ${who}  ${plain(describe(readAnyMessage(data)))}`;
}

/** As {@link feedLine}, with the names below each other: the column of the agents grows with the longest one so far. */
export function createAlignedFeed(ids: readonly string[]): typeof feedLine {
  let width = Math.max(leastIdWidth, ...ids.map((id) => Math.min(id.length, mostIdWidth)));
  return ({ subject, data }, when) => {
    const who = agentOfRecord(subject) ?? plain(subject.split(".")[0] ?? "");
    width = Math.max(width, Math.min(who.length, mostIdWidth));
    const topic = topicOf(subject).padEnd(topicWidth);
    return `${when}  ${who.padEnd(width)}  ${topic}  ${plain(describe(readAnyMessage(data)))}`.trimEnd();
  };
}

const leastIdWidth = 4;
/** A longer id moves its own line, not all others. */
const mostIdWidth = 24;
const topicWidth = "malformed".length;

function topicOf(subject: string): string {
  // With `serve --insecure`, any program on this machine may publish on a subject of its own.
  return parseAgentSubject(subject)?.topic ?? plain(subject.split(".")[1] ?? "");
}

/** The fields of a message that a person would look for first, joined to one text. */
function describe(message: unknown): string {
  if (typeof message !== "object" || message === null) return String(message);
  const fields = message as Readonly<Record<string, unknown>>;
  const shown = [
    "type",
    "kind",
    "severity",
    "state",
    "status",
    "tool",
    "error",
    "current_task",
    "text",
    "detail",
    "message",
    "reason",
  ];
  const words = shown.flatMap((name) => (isText(fields[name]) ? [fields[name]] : []));
  const payload = fields.payload;
  const inner = typeof payload === "object" && payload !== null ? describe(payload) : (payload ?? "");
  return [...words, String(inner)].filter((word) => word !== "").join(" · ");
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
