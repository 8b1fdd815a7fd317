// What a caller is asked for an agent, and what its answer means.
import { questionLines } from "../questions.ts";
import type { AnswerWords } from "../request-answer.ts";
import { type AgentRequest, isApproval } from "../requests.ts";
import { CliaiError } from "../text/errors.ts";
import { inputText } from "../text/permission-input.ts";
import { beginningOf } from "../text/summary.ts";
import { readPrompt } from "./read-prompt.ts";

const longestContext = 8_000;
const yes = /^(?:yes|y|ok|okay|approved?|allow(?:ed)?)$/i;
const no = /^(?:no|n|refused?|den(?:y|ied)|rejected?)(?:\s*[:,.]\s*(?<reason>.*))?$/is;

/** @param problem why the answer before was not one */
export function queryText(request: AgentRequest, problem?: string): string {
  const { kind, question, context = "", choices = [], questions, plan } = request;
  const isInput = kind === "permission" && plan !== true;
  const details = beginningOf(isInput ? inputText(context) : context, longestContext);
  const choiceLines = choices.map((choice, index) => `${index + 1}. ${choice}`);
  const lines = questions === undefined ? [question, ...choiceLines] : questionLines(questions);
  return [
    ...(problem === undefined ? [] : [`${problem}. Asked again:`]),
    ...lines,
    ...(details === "" ? [] : [details]),
    ...(isApproval(request) ? ["Answer yes or no; a reason may follow: no: …"] : []),
  ].join("\n");
}

/** @throws CliaiError `message_invalid` or `usage` for an answer that is none */
export function readReply(request: AgentRequest, data: Uint8Array): AnswerWords {
  const text = readPrompt(data).text.trim();
  if (!isApproval(request)) return { text };
  if (yes.test(text)) return { approved: true };
  const refusal = no.exec(text);
  if (refusal === null) throw new CliaiError("usage", "this wants yes or no");
  const reason = refusal.groups?.reason?.trim() ?? "";
  return { approved: false, ...(reason === "" ? {} : { reason }) };
}
