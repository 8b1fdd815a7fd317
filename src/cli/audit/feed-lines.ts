// Prints a record of the stream AUDIT as one line, for `watch` and `audit`.
import * as v from "valibot";
import { decodeMessage } from "../../domain/wire/decode.ts";
import { agentOfRecord, parseAgentSubject } from "../../domain/wire/subjects.ts";
import type { StreamMessage } from "../../nats/jetstream/follow.ts";
import { plain } from "../frame/terminal.ts";

/** Any message of the feed; each kind's own schema was the server's business. */
const AnyMessage = v.looseObject({});

interface FeedEntry {
  readonly seq: number;
  readonly at: string;
  readonly subject: string;
  /** The message; its text where it is not JSON. */
  readonly message: unknown;
}

export function feedEntry({ seq, at, subject, data }: StreamMessage): FeedEntry {
  return { seq, at, subject, message: readAny(data) };
}

/** @param when its time, as the reader wants it */
export function feedLine({ subject, data }: StreamMessage, when: string): string {
  const id = agentOfRecord(subject);
  const topic = parseAgentSubject(subject)?.topic ?? subject.split(".")[1];
  const who = id === undefined ? subject : `${id}  ${topic}`;
  return `${when}  ${who}  ${plain(describe(readAny(data)))}`;
}

/** The words of a message that a person would look for first. */
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

function readAny(data: Uint8Array): unknown {
  try {
    return decodeMessage(AnyMessage, data);
  } catch {
    // Not JSON: the server counts it and raises the alert; here it is shown as it is.
    return new TextDecoder().decode(data.subarray(0, 4_096));
  }
}
