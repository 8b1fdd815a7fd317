/** @jsxImportSource hono/jsx */
// The messages that an agent was sent, and that it has sent to other agents, newest first, as far as the agents' records have them.
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import type { CommandRecord } from "../../../domain/receipts.ts";
import type { AgentId } from "../../../domain/wire/agent-id.ts";
import { Icon } from "../parts/icon.tsx";
import { Age } from "../parts/time.tsx";

interface Message extends CommandRecord {
  readonly to: AgentId;
}

interface AgentMessagesProps {
  readonly view: AgentView;
  readonly views: readonly AgentView[];
  readonly now: Date;
}

export function AgentMessages({ view, views, now }: AgentMessagesProps) {
  const { agent_id: id } = view;
  const messages = messagesOf(id, views).sort((a, b) => (a.issued_at < b.issued_at ? 1 : -1));
  return (
    <section id="agent-messages" class="panel" aria-labelledby="title-messages">
      <h2 id="title-messages">Messages</h2>
      {messages.length === 0 && <p class="quiet">No message from or to {id} yet.</p>}
      <ol class="commands">
        {messages.map((message) => (
          <Row message={message} id={id} now={now} />
        ))}
      </ol>
    </section>
  );
}

function messagesOf(id: AgentId, views: readonly AgentView[]): Message[] {
  return views.flatMap(({ agent_id: to, commands }) =>
    commands
      .filter(({ type, from }) => type === "message" && (to === id || from === id))
      .map((command) => ({ ...command, to })),
  );
}

function Row({ message, id, now }: { message: Message; id: AgentId; now: Date }) {
  const { command_id, from, to, summary, issued_at, receipts } = message;
  const last = receipts.at(-1);
  return (
    <li id={`message-${command_id}`}>
      <p class="facts">
        <b class="order">
          <Icon name="mail" />
          {from === id ? `to ${to}` : `from ${from}`}
        </b>
        <Age at={issued_at} now={now} />
        {last !== undefined && <span class="quiet">{last.state}</span>}
      </p>
      {summary !== "" && <p class="words">{summary}</p>}
    </li>
  );
}
