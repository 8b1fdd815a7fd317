/** @jsxImportSource hono/jsx */
// What changes on open pages of messages: how far each message has come, in place; a conversation grows at its end; on the list, what is new
// is counted.
import { messageOfRecord, type ShownMessage } from "../../../domain/history/conversations.ts";
import type { Server } from "../../../server/server.ts";
import {
  isAskedFor,
  type MessagesQuery,
  readMessages,
  readMessagesQuery,
  shownConversations,
  unreadOf,
} from "../../api/reports/messages-report.ts";
import type { Part } from "../changed-parts.ts";
import type { LiveFacts } from "../live/live-facts.ts";
import type { ReportReading } from "../live/live-report.ts";
import {
  Conversation,
  conversationId,
  NewMessages,
  newMessagesCounted,
  Said,
  type Shown,
  Unread,
} from "./messages-page.tsx";

/**
 * One open page. Searches the history backwards only once, for the messages that the page has. After that, it reads only what has come since
 * its last reading. How far messages have come is in the fleet.
 */
export function createMessagesReading(facts: LiveFacts): Omit<ReportReading, "everyMs"> {
  const { server, report, newest, now } = facts;
  const { history } = server;
  const ordersVersion = createOrdersVersion(server);
  let page: { readonly query: MessagesQuery; readonly messages: ShownMessage[] } | undefined;
  let readTo = newest;
  let isBehind = false;

  const isComplete = ({ query, messages }: NonNullable<typeof page>) =>
    query.thread === undefined && newIn(shownConversations(server, messages), newest) > newMessagesCounted;
  const readOn = async (known: NonNullable<typeof page>) => {
    const present = history.newest();
    let taken = 0;
    if (!isComplete(known)) {
      readTo = await history.after({ kind: "message" }, readTo + 1, (record) => {
        readTo = record.seq; // if the reading fails later, the next one goes on here
        const message = messageOfRecord(record);
        if (message === undefined || !isAskedFor(message, known.query)) return false;
        known.messages.push(message);
        taken += 1;
        return taken % newMessagesCounted === 0 && isComplete(known);
      });
    }
    isBehind = !isComplete(known) && readTo < present;
  };
  return {
    version: () => (isBehind ? Symbol("not all was read in time") : `${history.newest()} ${ordersVersion()}`),
    async read(): Promise<Part[]> {
      if (page === undefined) {
        const query = readMessagesQuery(report);
        const { messages } = await readMessages(history, { ...query, before: newest + 1 });
        page = { query, messages: [...messages] };
      }
      await readOn(page);
      const conversations = shownConversations(server, page.messages);
      return partsOf(page.query, conversations, { unread: unreadOf(server), newest, at: now() });
    },
  };
}

interface PartsFacts extends Pick<LiveFacts, "newest"> {
  readonly unread: ReturnType<typeof unreadOf>;
  readonly at: Date;
}

function partsOf(
  query: MessagesQuery,
  conversations: readonly Shown[],
  { unread, newest, at }: PartsFacts,
): Part[] {
  if (query.thread !== undefined) {
    const messages = conversations.flatMap((conversation) => conversation.messages);
    return messages.map((message) => ({
      id: `m-${message.message_id}`,
      part: <Said message={message} now={at} />,
    }));
  }
  return [
    { id: "messages-new", part: <NewMessages query={query} count={newIn(conversations, newest)} /> },
    { id: "messages-unread", part: <Unread report={{ unread }} now={at} /> },
    ...conversations.flatMap((conversation) => {
      const known = upTo(conversation, newest);
      if (known.messages.length === 0) return [];
      const part = <Conversation conversation={known} now={at} />;
      return [{ id: conversationId(known.thread), part }];
    }),
  ];
}

/** How many of the messages have come since. */
function newIn(conversations: readonly Shown[], newest: number): number {
  return conversations.flatMap(({ messages }) => messages).filter(({ seq }) => seq > newest).length;
}

/** The conversation as it is on the page: the messages that it had then. */
function upTo(conversation: Shown, newest: number): Shown {
  const messages = conversation.messages.filter(({ seq }) => seq <= newest);
  return {
    ...conversation,
    members: [...new Set(messages.flatMap(({ from, to }) => [from, ...to]))],
    messages,
  };
}

/** Another one after each change of an agent's orders, of which messages are some. Heartbeats leave the lists the same objects. */
function createOrdersVersion({ fleet }: Pick<Server, "fleet">): () => number {
  let known: readonly unknown[] = [];
  let changes = 0;
  return () => {
    const present = fleet.list().map(({ commands }) => commands);
    if (present.length !== known.length || present.some((each, index) => each !== known[index])) changes += 1;
    known = present;
    return changes;
  };
}
