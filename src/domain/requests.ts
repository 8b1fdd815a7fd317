// The life of a request: a question, a permission, a stop approval, or a budget that is used up. One state machine, asked → answered | withdrawn | expired.
// Silence never approves.
import * as v from "valibot";
import { AskedBudgetSchema } from "./budgets/budget.ts";
import { checkBudgetAnswer } from "./budgets/budget-answer.ts";
import { definedOf } from "./defined.ts";
import { answerLine, QuestionSchema } from "./questions.ts";
import { CliaiError } from "./text/errors.ts";
import { permissionLine, readPermissionInput } from "./text/permission-input.ts";
import { summaryOf } from "./text/summary.ts";
import { type AgentId, AgentIdSchema } from "./wire/agent-id.ts";
import { TokenSchema } from "./wire/fields.ts";

export const requestKinds = ["question", "stop_approval", "permission", "budget"] as const;
export type RequestKind = (typeof requestKinds)[number];

/**
 * What happens when nobody answers in time. `refuse` decides an approval against the agent; `expire` leaves a question
 * without an answer. There is no policy that approves.
 */
export const expiryPolicies = ["expire", "refuse"] as const;

const AnswerSchema = v.looseObject({
  /** Who decided: a person's name, a captain's id, or `policy` on expiry. */
  by: v.string(),
  at: v.string(),
  text: v.optional(v.string()),
  /** The answers to a request with several questions, in order. */
  answers: v.optional(v.array(v.string())),
  /** Only for approvals and permissions. */
  approved: v.optional(v.boolean()),
  reason: v.optional(v.string()),
  /** The id under which a captain's decision was published. */
  decision_id: v.optional(TokenSchema),
});
export type Answer = v.InferOutput<typeof AnswerSchema>;

export const RequestSchema = v.looseObject({
  request_id: TokenSchema,
  agent_id: AgentIdSchema,
  /** The id of the tool call that asked. */
  call_id: v.optional(v.string()),
  /** The run whose CLI waits for the answer. Its end withdraws the request. Absent if the answer is also of use to another run. */
  run: v.optional(v.string()),
  kind: v.picklist(requestKinds),
  question: v.string(),
  context: v.optional(v.string()),
  choices: v.optional(v.array(v.string())),
  /** The questions of a dialog of the agent's CLI, which are answered together. `question` has the texts of all of them. */
  questions: v.optional(v.array(QuestionSchema)),
  /** The tool for which a permission is asked, as its CLI calls it. */
  tool: v.optional(v.string()),
  /** Whether the permission is to carry out a plan; then `context` is the plan. */
  plan: v.optional(v.boolean()),
  /** Whether the stop approval is for the end of a turn, which is held until the answer: nothing works meanwhile. */
  holds_turn: v.optional(v.boolean()),
  asked_at: v.string(),
  expires_at: v.optional(v.string()),
  on_expiry: v.picklist(expiryPolicies),
  /** The budget that is used up, of a request of the kind `budget`, which serve asks: how much more, or whether to stop. */
  budget: v.optional(AskedBudgetSchema),
  /** Whether the agent waits on without an answer: when this request has expired, its host asks again. */
  held: v.optional(v.boolean()),
  state: v.picklist(["asked", "answered", "withdrawn", "expired"]),
  answer: v.optional(AnswerSchema),
  /** When it was answered, withdrawn or expired. */
  ended_at: v.optional(v.string()),
  /** Why it was withdrawn, if the agent has not done it itself. */
  withdrawn_because: v.optional(v.string()),
  /** When the answer was put into the agent's inbox. */
  told_at: v.optional(v.string()),
  /** Set if a captain escalated it to the people, with the reason. */
  escalated: v.optional(v.looseObject({ by: v.string(), at: v.string(), reason: v.string() })),
});
export type AgentRequest = v.InferOutput<typeof RequestSchema>;

/** What an agent's record keeps of each of its open requests: the evidence for its `attention`. */
export interface OpenRequest extends Pick<AgentRequest, "request_id" | "kind" | "asked_at" | "holds_turn"> {
  /** The beginning of the question; of a permission also what it is for, such as the command. */
  readonly summary: string;
}

export function openRequestOf(request: AgentRequest): OpenRequest {
  const { request_id, kind, asked_at, holds_turn } = request;
  return {
    ...{ request_id, kind, asked_at },
    summary: summaryOf(askedWords(request)),
    ...definedOf({ holds_turn }),
  };
}

function askedWords({ kind, question, context = "", plan }: AgentRequest): string {
  const input = kind === "permission" && plan !== true ? readPermissionInput(context) : undefined;
  return input === undefined ? question : `${question} ${permissionLine(input)}`;
}

/** An action on a request, with who does it and when. */
export type RequestAction =
  | { readonly type: "answer"; readonly answer: Answer }
  | { readonly type: "withdraw"; readonly at: string; readonly because?: string }
  | { readonly type: "expire"; readonly at: string }
  | { readonly type: "escalate"; readonly by: string; readonly at: string; readonly reason: string };

/**
 * The request after an action. The first decision counts.
 * @throws CliaiError `decided_already` if it is over, with who decided it; `usage` if the answer does not fit the kind
 */
export function decideRequest(request: AgentRequest, action: RequestAction): AgentRequest {
  if (request.state !== "asked") throw decidedAlready(request);
  switch (action.type) {
    case "answer":
      checkAnswer(request, action.answer);
      return { ...request, state: "answered", answer: action.answer, ended_at: action.answer.at };
    case "withdraw":
      return {
        ...request,
        state: "withdrawn",
        ended_at: action.at,
        ...definedOf({ withdrawn_because: action.because }),
      };
    case "escalate":
      return { ...request, escalated: { by: action.by, at: action.at, reason: action.reason } };
    case "expire": {
      if (request.expires_at === undefined || request.expires_at > action.at) return request;
      const decided = isApproval(request) || request.on_expiry === "refuse";
      const answer = { by: "policy", at: action.at, approved: false, reason: "nobody answered in time" };
      return { ...request, state: "expired", ended_at: action.at, ...(decided ? { answer } : {}) };
    }
  }
}

/** Whether the request ends with its run, because it is about a step of that run's CLI. A question in words outlives its run. */
export function endsWithRun({ kind, questions }: Pick<AgentRequest, "kind" | "questions">): boolean {
  return isApproval({ kind }) || questions !== undefined;
}

/** Approvals and permissions are decided yes or no; a question takes words. */
export function isApproval({ kind }: Pick<AgentRequest, "kind">): boolean {
  return kind === "permission" || kind === "stop_approval";
}

/** Whether the agent itself has asked. What a budget allows, only a person decides. */
export function isOfAgent({ kind }: Pick<AgentRequest, "kind">): boolean {
  return kind !== "budget";
}

/** What happens if nobody answers in time. For the end of a turn, the agent's profile decides that, and the request's question says it. */
export function expiryText({
  kind,
  on_expiry,
  held,
  holds_turn,
}: Pick<AgentRequest, "kind" | "on_expiry" | "held" | "holds_turn">): string {
  if (held === true) return "it is asked again";
  if (holds_turn === true) return "it counts as unanswered";
  if (on_expiry === "expire") return "it goes unanswered";
  return kind === "stop_approval" ? "it is not approved" : "it is refused";
}

/**
 * A captain may decide other agents' requests, except those that were escalated to the people.
 * @throws CliaiError `refused`
 */
export function checkCaptainMayDecide(
  { request_id, agent_id, kind, escalated }: AgentRequest,
  captain: AgentId,
): void {
  if (!isOfAgent({ kind })) {
    throw new CliaiError("refused", `request ${request_id} is about a budget: only a person decides it`, {
      hint: "leave it to them; a person decides it in the inbox",
    });
  }
  if (agent_id === captain) {
    throw new CliaiError("refused", `request ${request_id} is your own: somebody else has to decide it`, {
      hint: "wait for the decision with check_inbox",
    });
  }
  if (escalated !== undefined) {
    throw new CliaiError(
      "refused",
      `request ${request_id} was escalated to people by ${escalated.by}: ${escalated.reason}`,
      { hint: "leave it to them; a person decides it in the inbox" },
    );
  }
}

export function isOpen({ state }: AgentRequest): boolean {
  return state === "asked";
}

/** The id of the message that carries a request's answer. Always the same, so that the message is stored once. */
export function answerMessageId(requestId: string): string {
  return `answer-${requestId}`;
}

/** The id of the message that tells a captain of a request. Always the same, so that the message is stored once. */
export function captainNoticeId(requestId: string, captain: AgentId): string {
  return `request-${requestId}-${captain}`.slice(0, 128);
}

function checkAnswer(request: AgentRequest, answer: Answer): void {
  if (isApproval(request)) {
    if (answer.approved !== undefined) return;
    throw new CliaiError("usage", `request ${request.request_id} asks for approval, not for words`, {
      hint: `cliai answer ${request.request_id} --approve, or --refuse --reason "…"`,
    });
  }
  if (answer.text === undefined || answer.text.trim() === "") {
    throw new CliaiError("usage", `request ${request.request_id} is a question and needs words`, {
      hint: questionLine(request),
    });
  }
  checkBudgetAnswer(request, answer.text);
}

function questionLine({ request_id, questions, choices = [] }: AgentRequest): string {
  if (questions !== undefined) return `${answerLine(request_id, questions)}, or in words`;
  return choices.length > 0
    ? `cliai answer ${request_id} 1, or in words`
    : `cliai answer ${request_id} "the answer"`;
}

function decidedAlready({
  request_id,
  agent_id,
  state,
  answer,
  withdrawn_because,
}: AgentRequest): CliaiError {
  const words = `request ${request_id} is ${state} already`;
  if (withdrawn_because !== undefined) {
    const hint = `see what ${agent_id} asks now: cliai inbox`;
    return new CliaiError("decided_already", `${words}: ${withdrawn_because}`, { hint });
  }
  const by = answer === undefined ? "" : ` by ${answer.by} at ${answer.at}`;
  return new CliaiError("decided_already", `${words}${by}`);
}
