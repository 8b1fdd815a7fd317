/** @jsxImportSource hono/jsx */
// What waits for a person: each request whole, with the form that answers it, and what became of the last answers.
import type { AgentView } from "../../domain/agent-record.ts";
import { type AgentRequest, answerMessageId, answerText, isApproval, isOpen } from "../../domain/requests.ts";
import { AnswerForm } from "./answer-form.tsx";
import { Icon } from "./icon.tsx";
import { StatusBadge } from "./status-badge.tsx";
import { Age } from "./time.tsx";

export interface InboxProps {
  /** The open ones, and those that are over. */
  readonly requests: readonly AgentRequest[];
  readonly views: readonly AgentView[];
  readonly now: Date;
}

const endedShown = 10;

export function InboxPage(props: InboxProps) {
  return (
    <>
      <h1>Inbox</h1>
      <InboxContent {...props} />
    </>
  );
}

/** All that changes when requests come or are decided. What is typed into a form stays there. */
export function InboxContent({ requests, views, now }: InboxProps) {
  const viewById = new Map(views.map((view) => [view.agent_id, view]));
  const open = requests.filter(isOpen).sort(byUrgency);
  const ended = requests
    .filter((request) => !isOpen(request))
    .sort((a, b) => ((a.ended_at ?? "") > (b.ended_at ?? "") ? -1 : 1));
  return (
    <div id="inbox" data-count={open.length}>
      {open.length === 0 && <NothingWaits views={views} />}
      <ol class="requests">
        {open.map((request) => (
          <RequestItem request={request} view={viewById.get(request.agent_id)} now={now} />
        ))}
      </ol>
      {ended.length > 0 && (
        <section class="panel" aria-labelledby="title-ended">
          <h2 id="title-ended">Decided</h2>
          <ol class="commands">
            {ended.slice(0, endedShown).map((request) => (
              <EndedItem request={request} view={viewById.get(request.agent_id)} now={now} />
            ))}
          </ol>
          {ended.length > endedShown && <p class="quiet">+{ended.length - endedShown} more</p>}
        </section>
      )}
    </div>
  );
}

/** What a captain handed over comes first, then the oldest. */
function byUrgency(a: AgentRequest, b: AgentRequest): number {
  const handed = Number(b.escalated !== undefined) - Number(a.escalated !== undefined);
  return handed || (a.asked_at < b.asked_at ? -1 : 1);
}

function NothingWaits({ views }: { views: readonly AgentView[] }) {
  const working = views.filter(({ axes }) => axes.activity.value === "working").length;
  return (
    <section class="empty" aria-labelledby="title-nothing">
      <h2 id="title-nothing">Nothing needs you</h2>
      <p class="quiet">{working === 1 ? "1 agent is working." : `${working} agents are working.`}</p>
    </section>
  );
}

const kindTitles: Readonly<Record<AgentRequest["kind"], string>> = {
  question: "asks",
  stop_approval: "wants to stop",
  permission: "wants permission",
};

interface ItemProps {
  readonly request: AgentRequest;
  readonly view: AgentView | undefined;
  readonly now: Date;
}

function RequestItem({ request, view, now }: ItemProps) {
  const { request_id, agent_id, kind, question, context, escalated } = request;
  return (
    <li id={`request-${request_id}`} class={escalated === undefined ? "request" : "request escalated"}>
      <h2>
        <a href={`/agents/${agent_id}`}>{agent_id}</a> {kindTitles[kind]}
      </h2>
      <p class="facts">
        {view !== undefined && <StatusBadge view={view} />}
        <Age at={request.asked_at} now={now} />
        <code>{request_id}</code>
      </p>
      {view?.current_task && <p class="quiet">Task: {view.current_task}</p>}
      {escalated !== undefined && (
        <p class="attention">
          <Icon name="alert" /> Handed over by {escalated.by}: {escalated.reason}
        </p>
      )}
      <p class="asked">{question}</p>
      {context !== undefined && context !== "" && (
        // Reached by the keyboard, too: a long one scrolls in its place.
        <section class="asked context" aria-label="Context" tabindex={0}>
          {context}
        </section>
      )}
      <AnswerForm request={request} />
      <Expiry request={request} />
      {view !== undefined && view.axes.link.value !== "online" && (
        <p class="quiet">{agent_id} is away: it is given the answer when it returns.</p>
      )}
    </li>
  );
}

function Expiry({ request: { expires_at, on_expiry } }: { request: AgentRequest }) {
  if (expires_at === undefined) return null;
  return (
    <p class="quiet">
      Until <time dateTime={expires_at}>{expires_at.slice(0, 19).replace("T", " ")} UTC</time>; then{" "}
      {on_expiry === "refuse" ? "it is refused" : "it goes unanswered"}.
    </p>
  );
}

function EndedItem({ request, view, now }: ItemProps) {
  const { request_id, agent_id, question, state, answer } = request;
  const verdict = isApproval(request) && answer !== undefined;
  return (
    <li id={`request-${request_id}`}>
      <p class="order">
        <a href={`/agents/${agent_id}`}>{agent_id}</a>
        <Age at={request.ended_at} now={now} />
      </p>
      <p class="words">{question}</p>
      <p class="words">
        <b>{verdict ? answerText(request) : (answer?.text ?? answerText(request))}</b>
        {answer !== undefined && !verdict && <span class="quiet"> by {answer.by}</span>}
      </p>
      {state !== "withdrawn" && <p class="quiet">{deliveryText(request, view)}</p>}
    </li>
  );
}

/** How far the answer has come; what is not known any more is not said. */
function deliveryText({ request_id, agent_id, told_at }: AgentRequest, view: AgentView | undefined): string {
  const id = answerMessageId(request_id);
  const last = view?.commands.find(({ command_id }) => command_id === id)?.receipts.at(-1)?.state;
  if (last === "injected" || last === "seen" || last === "applied") return `${agent_id} has been given it`;
  if (last === "delivered") return `it is with ${agent_id}, and not taken up yet`;
  if (last === "stored") return `it waits in ${agent_id}'s inbox`;
  return told_at === undefined ? "it is being sent" : `it was put into ${agent_id}'s inbox`;
}
