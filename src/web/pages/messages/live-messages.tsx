/** @jsxImportSource hono/jsx */
// What changes on open pages of messages: how far each message has come, in place; a conversation grows at its end; on the list, what is new
// is counted.
import { makeMessagesReport, readMessagesQuery } from "../../api/reports/messages-report.ts";
import type { Part } from "../changed-parts.ts";
import type { LiveFacts } from "../live/live-facts.ts";
import { Conversation, conversationId, NewMessages, Said, type Shown, Unread } from "./messages-page.tsx";

export async function messagesParts({ server, report, newest, now }: LiveFacts): Promise<Part[]> {
  const query = readMessagesQuery(report);
  const { conversations, unread } = await makeMessagesReport(server, query);
  const at = now();
  if (query.thread !== undefined) {
    const messages = conversations.flatMap((conversation) => conversation.messages);
    return messages.map((message) => ({
      id: `m-${message.message_id}`,
      part: <Said message={message} now={at} />,
    }));
  }
  const fresh = conversations.flatMap(({ messages }) => messages).filter(({ seq }) => seq > newest);
  return [
    { id: "messages-new", part: <NewMessages query={query} count={fresh.length} /> },
    { id: "messages-unread", part: <Unread report={{ unread }} now={at} /> },
    ...conversations.flatMap((conversation) => {
      const known = upTo(conversation, newest);
      if (known.messages.length === 0) return [];
      const part = <Conversation conversation={known} now={at} />;
      return [{ id: conversationId(known.thread), part }];
    }),
  ];
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
