// The answer to a request: makes it from a person's or a captain's words, and writes it for the agent's model.
import { definedOf } from "./defined.ts";
import { type AnswerPart, readAnswers } from "./questions.ts";
import { type AgentRequest, type Answer, isApproval } from "./requests.ts";
import { CliaiError } from "./text/errors.ts";

/** What an answer consists of, however a person or a captain gives it. */
export interface AnswerWords {
  readonly text?: string | undefined;
  /** One answer for each question of a request that has several. */
  readonly answers?: readonly AnswerPart[] | undefined;
  readonly approved?: boolean | undefined;
  readonly reason?: string | undefined;
}

/** Whether the request's answers become the fields of a form, which has no room for a reason. */
export function isFormRequest({ questions = [] }: Pick<AgentRequest, "questions">): boolean {
  return questions.some(({ takes }) => takes !== undefined);
}

/**
 * Turns words into an answer: the number of a choice means that choice.
 * @throws CliaiError `usage` for a number without a choice, an answer that its question does not take, or a reason with a form
 */
export function buildAnswer(request: AgentRequest, words: AnswerWords, by: string, now: Date): Answer {
  const { approved, reason } = words;
  if (reason !== undefined && isFormRequest(request)) {
    throw new CliaiError("usage", `request ${request.request_id} is a form, which has no room for a reason`, {
      hint: "answer it without a reason",
    });
  }
  return {
    by,
    at: now.toISOString(),
    ...givenWords(request, words),
    ...definedOf({ approved, reason }),
  };
}

function givenWords(request: AgentRequest, { text, answers }: AnswerWords): Pick<Answer, "text" | "answers"> {
  const { request_id, questions } = request;
  const given = answers ?? text;
  if (given === undefined) return {};
  if (!isApproval(request) && questions !== undefined) {
    const read = readAnswers(request_id, questions, given);
    const lines = questions.map(({ question }, index) => `${question} ${read[index]}`);
    return { text: questions.length === 1 ? (read[0] ?? "") : lines.join("\n"), answers: read };
  }
  const words = typeof given === "string" ? given : given.flat().join("\n");
  return { text: isApproval(request) ? words : chosenText(request, words) };
}

function chosenText({ request_id, choices = [] }: AgentRequest, text: string): string {
  const word = text.trim();
  if (choices.length === 0 || !/^\d+$/.test(word) || choices.includes(word)) return text;
  const chosen = choices[Number(word) - 1];
  if (chosen !== undefined) return chosen;
  throw new CliaiError(
    "usage",
    `request ${request_id} has ${choices.length} choices; ${word} is not one of them`,
    {
      hint: `answer with a number from 1 to ${choices.length}, or in words`,
    },
  );
}

/** The answers to a request's questions, in their order; the reason is added to the last. Undefined if the request has no such answers. */
export function answersOf({ answer }: Pick<AgentRequest, "answer">): string[] | undefined {
  const { answers, reason } = answer ?? {};
  if (answers === undefined || reason === undefined) return answers;
  return answers.map((each, index) => (index === answers.length - 1 ? `${each} (${reason})` : each));
}

/** The answer in words, for the agent's model. */
export function answerText(request: AgentRequest): string {
  return answerWords(request, "your stop");
}

/** The answer in words, for people: "its stop is approved by eve". */
export function answerTextForPeople(request: AgentRequest): string {
  return answerWords(request, "its stop");
}

function answerWords(request: AgentRequest, stop: string): string {
  const { answer, state, kind } = request;
  if (answer === undefined) {
    return state === "expired" ? "nobody answered in time" : `no answer: the request is ${state}`;
  }
  if (!isApproval(request)) {
    const { text = "", reason } = answer;
    return reason === undefined ? text : `${text} (${reason})`;
  }
  const verdict = answer.approved === true ? "approved" : "refused";
  const words = answer.reason ?? answer.text;
  const subject = kind === "stop_approval" ? stop : request.plan === true ? "the plan" : "the permission";
  return `${subject} is ${verdict} by ${answer.by}${words === undefined ? "" : `: ${words}`}`;
}
