/** @jsxImportSource hono/jsx */
// This room shows requests, and has the forms that answer them.
//
// One request of an agent: an open one with the form that answers it, or a decided one with the delivery of its answer.

import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import type { Blocked } from "../../../domain/fleet/needs/fleet-needs.ts";
import { answerTextForPeople } from "../../../domain/request-answer.ts";
import {
  type AgentRequest,
  answerMessageId,
  expiryText,
  isApproval,
  isOfAgent,
} from "../../../domain/requests.ts";
import { readPermissionInput } from "../../../domain/text/permission-input.ts";
import { clockTime } from "../age.ts";
import { Icon } from "../parts/icon.tsx";
import { StatusBadge } from "../parts/status-badge.tsx";
import { Age, Until } from "../parts/time.tsx";
import { AnswerForm } from "./answer-form.tsx";
import { BlockedLine } from "./blocked-line.tsx";
import { PermissionInputView } from "./permission-input.tsx";

/** What the agent does that asks: "asks", "wants to stop". It follows the agent's id. */
export function requestTitle({ kind, plan }: Pick<AgentRequest, "kind" | "plan">): string {
  return plan === true ? "wants its plan approved" : kindTitles[kind];
}

const kindTitles: Readonly<Record<AgentRequest["kind"], string>> = {
  question: "asks",
  stop_approval: "wants to stop",
  permission: "wants permission",
  budget: "is over its budget",
};

interface Blocking {
  readonly blocks: Blocked | undefined;
}

interface ItemProps {
  readonly request: AgentRequest;
  readonly view: AgentView | undefined;
  readonly now: Date;
  /** Whether this is on the agent's own page. An answer then leads back to that page. */
  readonly isOwnPage?: boolean;
}

export function RequestItem({ request, view, now, blocks, isOwnPage = false }: ItemProps & Blocking) {
  const { request_id, agent_id, escalated } = request;
  const title = requestTitle(request);
  return (
    // Can have the focus, because it gets it when the request before it is answered.
    <li
      id={`request-${request_id}`}
      class={escalated === undefined ? "request" : "request escalated"}
      data-asker={agent_id}
      tabindex={-1}
    >
      {isOwnPage ? (
        <h3>It {title}</h3>
      ) : (
        <h2>
          <a href={`/agents/${agent_id}`}>{agent_id}</a> {title}
        </h2>
      )}
      <p class="facts">
        {view !== undefined && !isOwnPage && <StatusBadge view={view} />}
        <Age at={request.asked_at} now={now} />
        <code>{request_id}</code>
      </p>
      {blocks !== undefined && <BlockedLine blocks={blocks} isOwnPage={isOwnPage} />}
      {escalated !== undefined && (
        <p class="attention">
          <Icon name="alert" /> Escalated by {escalated.by}: {escalated.reason}
        </p>
      )}
      <Asked request={request} />
      <AnswerForm request={request} view={view} isOwnPage={isOwnPage} />
      <Expiry request={request} now={now} />
      {view !== undefined && view.axes.link.value !== "online" && (
        <p class="quiet">{agent_id} is away: it gets the answer when it is back.</p>
      )}
    </li>
  );
}

/** What the agent asks, with all that a person needs to decide it. */
export function Asked({ request }: { readonly request: AgentRequest }) {
  const { kind, question, context, questions, plan } = request;
  const input = kind === "permission" && plan !== true ? readPermissionInput(context ?? "") : undefined;
  return (
    <>
      {questions === undefined && <p class="asked">{question}</p>}
      {plan === true && (context ?? "") === "" && (
        <p class="quiet">The CLI does not report the text of the plan.</p>
      )}
      {input !== undefined && <PermissionInputView input={input} json={context ?? ""} />}
      {input === undefined && context !== undefined && context !== "" && (
        // Can be focused with the keyboard, because a long text scrolls here. Not a landmark, because a page has many.
        // biome-ignore lint/a11y/useSemanticElements: a fieldset is for the fields of a form
        <div
          role="group"
          class={kind === "permission" ? "asked input" : "asked context"}
          aria-label={plan === true ? "The plan" : kind === "permission" ? "The exact input" : "Context"}
          tabindex={0}
        >
          {context}
        </div>
      )}
    </>
  );
}

export function Expiry({ request, now }: { request: AgentRequest; now: Date }) {
  const { expires_at } = request;
  if (expires_at === undefined) return null;
  return (
    <p class="quiet">
      Without an answer, <Until at={expires_at} now={now} /> {expiryText(request)}.
    </p>
  );
}

export function EndedItem({ request, view, now }: ItemProps) {
  const { request_id, agent_id, question, state, answer } = request;
  const verdict = isApproval(request) && answer !== undefined;
  // With several answers, answerTextForPeople() repeats each question before its answer.
  const namesQuestions = (answer?.answers?.length ?? 0) > 1;
  return (
    <li
      id={`request-${request_id}`}
      data-ended={endedSentence(request)}
      data-ended-at={request.ended_at}
      data-asker={agent_id}
    >
      <p class="order">
        <a href={`/agents/${agent_id}`}>{agent_id}</a>
        <Age at={request.ended_at} now={now} />
      </p>
      {!namesQuestions && (
        <p class="words" data-asked>
          {question}
        </p>
      )}
      <p class="words">
        <b>{verdict ? answerTextForPeople(request) : (answer?.text ?? answerTextForPeople(request))}</b>
        {answer !== undefined && !verdict && <span class="quiet"> by {answer.by}</span>}
      </p>
      {state !== "withdrawn" && <Delivery request={request} view={view} />}
    </li>
  );
}

/** How the request ended, as a sentence for somebody who was about to answer it. */
function endedSentence(request: AgentRequest): string {
  const { agent_id, answer, ended_at, withdrawn_because } = request;
  const at = ended_at === undefined ? "" : ` at ${clockTime(ended_at)} UTC`;
  if (answer === undefined) {
    return `${agent_id} does not ask this any more${at}: ${withdrawn_because ?? answerTextForPeople(request)}.`;
  }
  const words = isApproval(request)
    ? `${answer.approved === true ? "approved" : "refused"}${answer.reason === undefined ? "" : `: ${answer.reason}`}`
    : answerTextForPeople(request);
  return `${agent_id}'s request was answered by ${answer.by}${at}: ${words}.`;
}

/** How far the answer has come, as far as the agent's receipts still say. */
function Delivery({ request, view }: { request: AgentRequest; view: AgentView | undefined }) {
  const { agent_id } = request;
  const text = deliveryText(request, view);
  return (
    <p class="quiet delivery" data-over={text === gotIt(agent_id) || text === carriedOut ? "" : undefined}>
      {text}
    </p>
  );
}

/** Of what no agent is told. */
const carriedOut = "the server carries it out";
const gotIt = (agentId: string) => `${agentId} has got it`;

function deliveryText(request: AgentRequest, view: AgentView | undefined): string {
  if (!isOfAgent(request)) return carriedOut;
  const { request_id, agent_id, told_at } = request;
  const id = answerMessageId(request_id);
  const last = view?.commands.find(({ command_id }) => command_id === id)?.receipts.at(-1)?.state;
  if (last === "injected" || last === "seen" || last === "applied") return gotIt(agent_id);
  if (last === "delivered") return `it has reached ${agent_id}, whose session has not read it yet`;
  if (last === "failed") return `${agent_id} could not be told`;
  if (last === "stored") return `it waits in ${agent_id}'s queue`;
  return told_at === undefined ? "it is being sent" : `it was put into ${agent_id}'s queue`;
}
