// Makes conversations of the messages between agents, and of the operator to them.
import { definedOf } from "../defined.ts";
import { agentOfRecord, parseAgentSubject } from "../wire/subjects.ts";
import type { AnyRecord } from "./record-line.ts";

export interface ShownMessage {
  /** Of the message; `AUDIT-` and its sequence if it has none. */
  readonly message_id: string;
  /** The id of the message with which the conversation began. */
  readonly thread: string;
  readonly seq: number;
  /** RFC 3339. */
  readonly at: string;
  readonly from: string;
  /** More than one if the same was told to several. */
  readonly to: readonly string[];
  readonly text: string;
  /** `answer`, `request` or `broadcast`; absent for a plain message. */
  readonly kind?: string;
  readonly reply_to?: string;
  readonly request_id?: string;
  readonly by_operator?: true;
  /** The ids of the copies, in the order of `to`. */
  readonly copies: readonly string[];
}

export interface Conversation {
  readonly thread: string;
  /** Who has written or was written to, in the order of their first message. */
  readonly members: readonly string[];
  /** Oldest first. */
  readonly messages: readonly ShownMessage[];
}

/** What is told to several at once is stored within this time. */
const togetherMs = 10_000;

/** The message of a record; undefined for a record of another kind. */
export function messageOfRecord({ seq, at, subject, message }: AnyRecord): ShownMessage | undefined {
  if (parseAgentSubject(subject)?.topic !== "message") return undefined;
  const fields = (typeof message === "object" && message !== null ? message : {}) as Readonly<
    Record<string, unknown>
  >;
  const text = (name: string) => {
    const value = fields[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const message_id = text("message_id") ?? `AUDIT-${seq}`;
  return {
    message_id,
    thread: text("thread") ?? message_id,
    ...{ seq, at },
    from: text("from") ?? "unknown",
    to: [agentOfRecord(subject) ?? "unknown"],
    text: text("text") ?? "",
    ...definedOf({ kind: text("kind"), reply_to: text("reply_to"), request_id: text("request_id") }),
    ...(fields.by_operator === true ? { by_operator: true } : {}),
    copies: [message_id],
  };
}

/** The conversations of messages in any order; that with the newest message first. */
export function conversationsOf(messages: readonly ShownMessage[]): Conversation[] {
  const inOrder = messages.toSorted((a, b) => a.seq - b.seq);
  return [...Map.groupBy(inOrder, ({ thread }) => thread)]
    .map(([thread, own]) => ({
      thread,
      members: [...new Set(own.flatMap(({ from, to }) => [from, ...to]))],
      messages: withoutCopies(own),
    }))
    .sort((a, b) => (b.messages.at(-1)?.seq ?? 0) - (a.messages.at(-1)?.seq ?? 0));
}

/** Puts together what the same writer has told several. */
function withoutCopies(messages: readonly ShownMessage[]): ShownMessage[] {
  const shown: ShownMessage[] = [];
  for (const message of messages) {
    const index = shown.findLastIndex((each) => isCopy(each, message));
    const same = shown[index];
    if (same === undefined) shown.push(message);
    else
      shown[index] = {
        ...same,
        to: [...same.to, ...message.to],
        copies: [...same.copies, ...message.copies],
      };
  }
  return shown;
}

function isCopy(one: ShownMessage, other: ShownMessage): boolean {
  const isSame = one.from === other.from && one.text === other.text && one.kind === other.kind;
  const isTogether = Math.abs(Date.parse(one.at) - Date.parse(other.at)) < togetherMs;
  return isSame && isTogether && !other.to.some((agent) => one.to.includes(agent));
}
