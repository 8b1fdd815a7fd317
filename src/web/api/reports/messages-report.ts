// The messages between agents, by conversation, with how far each has come.
import * as v from "valibot";
import {
  type Conversation,
  conversationsOf,
  messageOfRecord,
  type ShownMessage,
} from "../../../domain/history/conversations.ts";
import { type AgentLag, lagOf } from "../../../domain/system/lag.ts";
import { isAgentId, parseAgentId } from "../../../domain/wire/agent-id.ts";
import { checkMessage } from "../../../domain/wire/decode.ts";
import { TokenSchema } from "../../../domain/wire/fields.ts";
import type { Server } from "../../../server/server.ts";
import type { HistoryPage, HistoryReading } from "../../../server/server-readings.ts";
import { requireReady } from "../orders.ts";
import type { AskedReport } from "./costs-report.ts";
import { wholeNumber } from "./timeline-report.ts";

const messagesRead = 300;

export interface Delivery {
  readonly to: string;
  /** The last receipt: `stored`, `delivered`, `seen` …; undefined if the agent's record does not have the message any more. */
  readonly state: string | undefined;
}

export interface MessagesReport {
  readonly conversations: readonly (Omit<Conversation, "messages"> & {
    readonly messages: readonly (ShownMessage & { readonly deliveries: readonly Delivery[] })[];
  })[];
  /** The agents that have unread messages. */
  readonly unread: readonly AgentLag[];
  /** The next page is that before this sequence; undefined if there is none. */
  readonly older: number | undefined;
  readonly trimmed_before: string | undefined;
}

export interface MessagesQuery {
  /** Only messages to or from this agent. */
  readonly agent?: string | undefined;
  /** Only this conversation. */
  readonly thread?: string | undefined;
  readonly before?: number | undefined;
}

/** @throws CliaiError `agent_id_invalid`, `message_invalid`, `usage` */
export function readMessagesQuery({ asked: text }: Pick<AskedReport, "asked">): MessagesQuery {
  const asked = (name: string) => text(name)?.trim() || undefined;
  const [agent, thread, before] = [asked("agent"), asked("thread"), asked("before")];
  return {
    agent: agent === undefined ? undefined : parseAgentId(agent),
    thread: thread === undefined ? undefined : checkMessage(TokenSchema, thread),
    before: wholeNumber(before, "before", Number.MAX_SAFE_INTEGER),
  };
}

/** @throws CliaiError if NATS does not answer */
export async function makeMessagesReport(server: Server, query: MessagesQuery): Promise<MessagesReport> {
  const { messages, ...page } = await readMessages(server.history, query);
  return {
    conversations: shownConversations(server, messages),
    unread: unreadOf(server),
    ...page,
  };
}

export interface ReadMessages extends Pick<MessagesReport, "older" | "trimmed_before"> {
  /** Those that the query asks for, in no particular order. */
  readonly messages: readonly ShownMessage[];
}

/** @throws CliaiError if NATS does not answer */
export async function readMessages(history: HistoryReading, query: MessagesQuery): Promise<ReadMessages> {
  const { agent, thread, before } = query;
  const read = (filter: { agent?: string; text?: string }) => {
    const named = isAgentId(filter.agent) ? filter.agent : undefined;
    return history.page(
      { kind: "message", agent: named, text: filter.text },
      { limit: messagesRead, before },
    );
  };
  // nats-server selects by the receiver; the sender is only in the message.
  const pages =
    agent === undefined
      ? [await read(thread === undefined ? {} : { text: thread })]
      : await Promise.all([read({ agent }), read({ text: `"from":${JSON.stringify(agent)}` })]);
  const { messages, older } = joined(pages);
  return {
    messages: messages.filter((message) => isAskedFor(message, query)),
    older,
    trimmed_before: older === undefined ? pages[0]?.trimmed_before : undefined,
  };
}

/** Whether the message is to or from the agent, and of the conversation, that the query names. */
export function isAskedFor({ thread, from, to }: ShownMessage, asked: MessagesQuery): boolean {
  const { agent } = asked;
  if (asked.thread !== undefined && thread !== asked.thread) return false;
  return agent === undefined || from === agent || to.includes(agent);
}

/** The conversations of messages in any order, with how far each message has come by now. */
export function shownConversations(
  server: Pick<Server, "fleet">,
  messages: readonly ShownMessage[],
): MessagesReport["conversations"] {
  return conversationsOf(messages).map((conversation) => ({
    ...conversation,
    messages: conversation.messages.map((message) => ({
      ...message,
      deliveries: deliveriesOf(server, message),
    })),
  }));
}

/** The agents that have unread messages. */
export function unreadOf({ fleet }: Pick<Server, "fleet">): readonly AgentLag[] {
  return lagOf(fleet.list()).filter((lag) => lag.messages > 0);
}

/** The messages that all pages cover; below that, one of them may lack some. */
function joined(pages: readonly HistoryPage[]): {
  readonly messages: readonly ShownMessage[];
  readonly older: number | undefined;
} {
  const ends = pages.flatMap(({ older }) => older ?? []);
  const older = ends.length === 0 ? undefined : Math.max(...ends);
  const bySeq = new Map<number, ShownMessage>();
  for (const record of pages.flatMap(({ records }) => records)) {
    const message = record.seq >= (older ?? 0) ? messageOfRecord(record) : undefined;
    if (message !== undefined) bySeq.set(record.seq, message);
  }
  return { messages: [...bySeq.values()], older };
}

function deliveriesOf({ fleet }: Pick<Server, "fleet">, { to, copies }: ShownMessage): Delivery[] {
  return to.map((agent, index) => {
    const view = isAgentId(agent) ? fleet.get(agent) : undefined;
    const order = view?.commands.find(({ command_id }) => command_id === copies[index]);
    return { to: agent, state: order && (order.receipts.at(-1)?.state ?? "stored") };
  });
}

export const MessageSchema = v.object({
  to: v.string("to must be an agent's id"),
  text: v.string("text must be text"),
  thread: v.optional(TokenSchema),
  reply_to: v.optional(TokenSchema),
  message_id: v.optional(TokenSchema),
});

/** @param from who writes it @throws CliaiError */
export async function sendOperatorMessage(server: Server, body: unknown, from: string) {
  const message = checkMessage(MessageSchema, body);
  requireReady(server);
  return await server.sendMessage({ ...message, from });
}
