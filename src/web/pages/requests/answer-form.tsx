/** @jsxImportSource hono/jsx */
// The form that answers one request. It works without scripts. A second answer is refused with the name of who was first.
import type { Child } from "hono/jsx";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { type AgentRequest, isApproval } from "../../../domain/requests.ts";
import { PostForm, SubmitButton } from "../viewer/act.tsx";
import { QuestionFields } from "./question-fields.tsx";
import { RememberField } from "./remember-field.tsx";

interface AnswerFormProps {
  readonly request: AgentRequest;
  readonly view: AgentView | undefined;
  readonly isOwnPage: boolean;
}

export function AnswerForm({ request, view, isOwnPage }: AnswerFormProps) {
  const { request_id } = request;
  return (
    <PostForm action={`/inbox/${request_id}`} class="answer" data-answer={request_id} data-draft={request_id}>
      {isOwnPage && <input type="hidden" name="back" value="agent" />}
      <AnswerFields request={request}>
        <RememberField request={request} view={view} />
      </AnswerFields>
    </PostForm>
  );
}

interface FieldsProps {
  readonly request: AgentRequest;
  /** What an approval can be besides. */
  readonly children?: Child;
}

/** The fields and buttons of the form, whichever form they are in. */
export function AnswerFields({ request, children }: FieldsProps) {
  const { request_id, choices = [], questions } = request;
  const field = `answer-${request_id}`;
  return (
    <>
      {isApproval(request) ? (
        <>
          <label for={field}>Reason, told to {request.agent_id}</label>
          <textarea id={field} name="reason" rows={1} />
          {children}
          <div class="answer-buttons">
            <SubmitButton name="verdict" value="approve" class="primary">
              Approve
            </SubmitButton>
            <SubmitButton name="verdict" value="refuse" class="stop">
              Refuse
            </SubmitButton>
          </div>
        </>
      ) : questions !== undefined ? (
        <>
          {questions.map((question, index) => (
            <QuestionFields question={question} index={index} field={`${field}-${index}`} />
          ))}
          <div class="answer-buttons">
            <SubmitButton class="primary">
              {["Answer", "Answer both"][questions.length - 1] ?? `Answer all ${questions.length}`}
            </SubmitButton>
          </div>
        </>
      ) : (
        <>
          {choices.length > 0 && (
            <div class="answer-buttons">
              {choices.map((choice) => (
                <SubmitButton name="choice" value={choice}>
                  {choice}
                </SubmitButton>
              ))}
            </div>
          )}
          <label for={field}>{choices.length > 0 ? "Or in words" : "Answer"}</label>
          <div class="answer-words">
            <textarea id={field} name="text" rows={1} />
            <SubmitButton class="primary">Answer</SubmitButton>
          </div>
        </>
      )}
    </>
  );
}
