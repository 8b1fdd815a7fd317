/** @jsxImportSource hono/jsx */
// What a link of a notice shows: one request with the form that answers it, and afterwards what was answered. Nothing else of the fleet.
import { answerPath } from "../../../domain/access/token-scopes.ts";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { answerTextForPeople } from "../../../domain/request-answer.ts";
import type { AgentRequest } from "../../../domain/requests.ts";
import type { GoodLink, SentLink } from "../../access/answer-links.ts";
import { BareFrame } from "../bare-page.tsx";
import { Age, Until } from "../parts/time.tsx";
import { PostForm } from "../viewer/act.tsx";
import { AnswerFields } from "./answer-form.tsx";
import { Asked, Expiry, requestTitle } from "./request-item.tsx";

interface AnswerLinkPageProps {
  readonly link: GoodLink;
  readonly sent: SentLink;
  readonly now: Date;
}

export function AnswerLinkPage({ link, sent, now }: AnswerLinkPageProps) {
  const { request, signature, expiresAt } = link;
  const { agent_id, asked_at, request_id } = request;
  const title = `${agent_id} ${requestTitle(request)}`;
  return (
    <BareFrame title={title}>
      <section class="request alone" aria-labelledby="title-answer">
        <h1 id="title-answer">{title}</h1>
        <p class="facts">
          <Age at={asked_at} now={now} />
          <code>{request_id}</code>
        </p>
        <Asked request={request} />
        <PostForm action={answerPath} class="answer">
          {Object.entries(sent).map(([name, value]) => (
            <input type="hidden" name={name} value={value} />
          ))}
          <AnswerFields request={request} />
        </PostForm>
        <Expiry request={request} now={now} />
        <p class="quiet">
          You answer as <b>{signature}</b>, and {agent_id} is told so. This link works once, and ends{" "}
          <Until at={expiresAt.toISOString()} now={now} />.
        </p>
        <p>
          <a href={`/agents/${agent_id}#request-${request_id}`}>Open the dashboard</a>
        </p>
      </section>
    </BareFrame>
  );
}

interface AnsweredPageProps {
  readonly request: AgentRequest;
  readonly view: AgentView | undefined;
}

export function AnsweredPage({ request, view }: AnsweredPageProps) {
  const { agent_id, question, questions } = request;
  const isAway = view !== undefined && view.axes.link.value !== "online";
  return (
    <BareFrame title="Answered">
      <section class="empty" aria-labelledby="title-answered">
        <h1 id="title-answered">Answered</h1>
        {questions === undefined && <p class="quiet">{question}</p>}
        <p>
          <b>{answerTextForPeople(request)}</b>
        </p>
        <p>{isAway ? `${agent_id} is away: it gets the answer when it is back.` : `${agent_id} is told.`}</p>
        <p class="quiet">You can close this page.</p>
      </section>
    </BareFrame>
  );
}
