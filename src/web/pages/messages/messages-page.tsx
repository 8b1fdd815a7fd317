/** @jsxImportSource hono/jsx */
// This room is the page of the messages: who told whom what, by conversation, and the form with which the operator writes to an agent.
//
// The list of the conversations, or one of them whole.
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { summaryOf } from "../../../domain/text/summary.ts";
import type { Delivery, MessagesQuery, MessagesReport } from "../../api/reports/messages-report.ts";
import { Arrived, arrivedText } from "../parts/arrived.tsx";
import { Age } from "../parts/time.tsx";
import { PostForm, SubmitButton } from "../viewer/act.tsx";

export interface MessagesPageProps {
  readonly report: MessagesReport;
  readonly query: MessagesQuery;
  readonly views: readonly AgentView[];
  readonly now: Date;
}

export type Shown = MessagesReport["conversations"][number];
type Message = Shown["messages"][number];

export function MessagesPage({ report, query, views, now }: MessagesPageProps) {
  const { conversations, older, trimmed_before } = report;
  const [only] = conversations;
  const isOne = query.thread !== undefined;
  return (
    <div class="report">
      <div class="report-head">
        <h1>{isOne ? "Conversation" : "Messages"}</h1>
        {isOne || query.agent !== undefined ? (
          <p>
            <a href="/messages">All conversations</a>
          </p>
        ) : (
          <p class="quiet">What agents tell each other, and what you tell them</p>
        )}
      </div>
      {isOne ? (
        <Whole conversation={only} now={now} />
      ) : (
        <>
          <Unread report={report} now={now} />
          <Filter query={query} views={views} />
          {query.before === undefined && <NewMessages query={query} count={0} />}
          <List conversations={conversations} query={query} now={now} />
        </>
      )}
      {older !== undefined && (
        <p class="further">
          <a class="button" href={addressOf({ ...query, before: older })}>
            Older
          </a>
        </p>
      )}
      {trimmed_before !== undefined && (
        <p class="further quiet">
          Messages of before <Age at={trimmed_before} now={now} /> were removed by retention.
        </p>
      )}
      <Send views={views} conversation={isOne ? only : undefined} to={query.agent} />
    </div>
  );
}

function addressOf({ agent, thread, before }: MessagesQuery): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ agent, thread, before }))
    if (value !== undefined) query.set(name, String(value));
  return `/messages?${query}`;
}

/** So many new messages are counted; beyond that, the page says that there are more. */
export const newMessagesCounted = 100;

/** How many messages have come since the page was made. They are shown when a person asks for them, so that nothing moves that is read. */
export function NewMessages({ query, count }: { query: MessagesQuery; count: number }) {
  const what = arrivedText(count, newMessagesCounted, ["new message", "new messages"]);
  return (
    <Arrived id="messages-new" shows="messages-unread messages-list" href={addressOf(query)} what={what} />
  );
}

/** At most so many agents are named, so that the list of conversations keeps its place. */
const unreadNamed = 5;

export function Unread({ report, now }: { report: Pick<MessagesReport, "unread">; now: Date }) {
  const { unread } = report;
  const more = unread.length - unreadNamed;
  return (
    <ul id="messages-unread" class="unread" aria-label="Unread messages">
      {unread.length === 0 && <li class="quiet">Every message has been read.</li>}
      {more > 0 && <li class="quiet">{more} more agents have unread messages</li>}
      {unread.slice(0, unreadNamed).map(({ agent_id, messages, oldest_at }) => (
        <li>
          <a href={`/messages?agent=${agent_id}`}>{agent_id}</a> has {messages} unread, what waits longest is
          from <Age at={oldest_at} now={now} />
        </li>
      ))}
    </ul>
  );
}

function Filter({ query, views }: { query: MessagesQuery; views: readonly AgentView[] }) {
  return (
    <form method="get" action="/messages" class="filters" aria-label="Filters">
      <label>
        To or from
        <select name="agent">
          <option value="">all agents</option>
          {views.map(({ agent_id }) => (
            <option value={agent_id} selected={agent_id === query.agent}>
              {agent_id}
            </option>
          ))}
        </select>
      </label>
      <button type="submit">Show</button>
    </form>
  );
}

function List(props: Omit<MessagesPageProps, "report" | "views"> & { conversations: readonly Shown[] }) {
  return (
    <div id="messages-list" tabindex={-1}>
      <Conversations {...props} />
    </div>
  );
}

function Conversations({
  conversations,
  query,
  now,
}: Omit<MessagesPageProps, "report" | "views"> & { conversations: readonly Shown[] }) {
  if (conversations.length === 0) {
    return (
      <p class="nothing">
        {query.agent === undefined
          ? "No agent has written to another yet."
          : `No message to or from ${query.agent} is kept.`}
      </p>
    );
  }
  return (
    <ol class="conversations">
      {conversations.map((conversation) => (
        <Conversation conversation={conversation} now={now} />
      ))}
    </ol>
  );
}

export function conversationId(thread: string): string {
  return `conversation-${thread}`;
}

export function Conversation({ conversation, now }: { conversation: Shown; now: Date }) {
  const { thread, members, messages } = conversation;
  const [first] = messages;
  const last = messages.at(-1);
  if (first === undefined || last === undefined) return null;
  const waiting = messages.flatMap(({ deliveries }) => deliveries).filter(isUnread).length;
  return (
    <li id={conversationId(thread)} class="conversation">
      <h2>
        <a href={`/messages?thread=${encodeURIComponent(thread)}`}>{members.join(", ")}</a>
        {messages.length > 1 && <span class="count">{messages.length} messages</span>}
        {waiting > 0 && <span class="count unread-count">{waiting} unread</span>}
      </h2>
      <p class="quiet">
        <Age at={last.at} now={now} />
      </p>
      <p class="snippet">{summaryOf(first.text)}</p>
      {last !== first && (
        <p class="snippet">
          <b>{last.from}</b>: {summaryOf(last.text)}
        </p>
      )}
    </li>
  );
}

/** Nobody has handed it to the agent's model yet. */
function isUnread({ state }: Delivery): boolean {
  return state === "stored" || state === "delivered";
}

function Whole({ conversation, now }: { conversation: Shown | undefined; now: Date }) {
  if (conversation === undefined) return <p class="nothing">Nothing of this conversation is kept.</p>;
  return (
    <ol id="conversation" class="conversation-whole">
      {conversation.messages.map((message) => (
        <Said message={message} now={now} />
      ))}
    </ol>
  );
}

const kindWords: Readonly<Record<string, string>> = {
  answer: "the answer to a request",
  request: "asks for a decision",
  broadcast: "to all",
};

export function Said({ message, now }: { message: Message; now: Date }) {
  const { message_id, seq, at, from, to, text, kind, by_operator, deliveries } = message;
  return (
    <li
      id={`m-${message_id}`}
      class={by_operator === true ? "said own" : "said"}
      data-list="conversation"
      data-place={String(seq).padStart(15, "0")}
    >
      <p class="said-head">
        <b>{from}</b>
        {by_operator === true && <span class="quiet">operator</span>}
        <span>to {to.join(", ")}</span>
        {kind !== undefined && <span class="quiet">{kindWords[kind] ?? kind}</span>}
        <Age at={at} now={now} />
      </p>
      <p class="said-text">{text}</p>
      <p class="said-state quiet">
        {deliveries
          .map(({ to: agent, state }) => {
            const words = state ?? "no longer followed";
            return deliveries.length === 1 ? words : `${agent}: ${words}`;
          })
          .join(" · ")}
      </p>
    </li>
  );
}

interface SendProps {
  readonly views: readonly AgentView[];
  readonly conversation: Shown | undefined;
  readonly to: string | undefined;
}

function Send({ views, conversation, to }: SendProps) {
  const takers = views.filter(({ axes }) => axes.control.value !== "stopped");
  if (takers.length === 0) return null;
  const last = conversation?.messages.at(-1);
  // The last one that has written, or else was written to.
  const members = last === undefined ? [to] : [last.from, ...last.to];
  const chosen = members.find((member) => takers.some(({ agent_id }) => agent_id === member));
  return (
    <section class="panel" aria-labelledby="title-send">
      <h2 id="title-send">
        {conversation === undefined ? "Write to an agent" : "Answer in this conversation"}
      </h2>
      <PostForm
        action="/messages"
        class="send-message"
        data-once="Sending …"
        data-draft={`message-${conversation?.thread ?? "new"}`}
      >
        <input type="hidden" name="message_id" value={crypto.randomUUID()} />
        {conversation !== undefined && <input type="hidden" name="thread" value={conversation.thread} />}
        {last !== undefined && <input type="hidden" name="reply_to" value={last.message_id} />}
        <label>
          To
          <select name="to">
            {takers.map(({ agent_id, status }) => (
              <option value={agent_id} selected={agent_id === chosen}>
                {agent_id} ({status})
              </option>
            ))}
          </select>
        </label>
        <label class="message-text">
          Message
          <textarea name="text" rows={3} required />
        </label>
        <SubmitButton class="primary">Send</SubmitButton>
      </PostForm>
      <p class="quiet">
        The agent reads it as words of its operator, and not as a task: give a task on its own page. One that
        is away reads it when it is back.
      </p>
    </section>
  );
}
