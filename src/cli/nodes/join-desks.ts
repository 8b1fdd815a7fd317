// This room is `cliai join-code` and `cliai nodes`: what a person does on the server's machine about the others.
//
// What is asked about joining: the operator's command asks serve for a code, and a machine that joins asks who serve is, and to be let in.
import * as v from "valibot";
import {
  type HubFacts,
  HubFactsSchema,
  type JoinAnswer,
  JoinAnswerSchema,
  type JoinAsk,
  JoinAskSchema,
} from "../../domain/nodes/node-messages.ts";
import {
  joinHubSubject,
  joinRequestSubject,
  serveJoinCodeSubject,
  serveWithdrawCodesSubject,
} from "../../domain/wire/subjects.ts";
import type { OperatorDesk } from "../../server/operator-desk.ts";

const answerWithinMs = 10_000;

const CodeRequestSchema = v.object({ lasts_ms: v.pipe(v.number(), v.minValue(1)), may_launch: v.boolean() });
const MadeCodeSchema = v.object({
  code: v.string(),
  ends_at: v.string(),
  /** Where machines join. */
  url: v.string(),
  /** Whether this machine alone reaches that address. */
  is_local: v.boolean(),
});
export type CodeRequest = v.InferOutput<typeof CodeRequestSchema>;
export type MadeCode = v.InferOutput<typeof MadeCodeSchema>;

export const codeDesk: OperatorDesk<CodeRequest, MadeCode> = {
  ...{ subject: serveJoinCodeSubject, request: CodeRequestSchema, result: MadeCodeSchema, answerWithinMs },
};

export const withdrawDesk: OperatorDesk<Readonly<Record<never, never>>, { readonly withdrawn: number }> = {
  ...{ subject: serveWithdrawCodesSubject, request: v.object({}), answerWithinMs },
  result: v.object({ withdrawn: v.number() }),
};

export const hubDesk: OperatorDesk<Readonly<Record<never, never>>, HubFacts> = {
  ...{ subject: joinHubSubject, request: v.object({}), result: HubFactsSchema, answerWithinMs },
};

export const joinDesk: OperatorDesk<JoinAsk, JoinAnswer> = {
  ...{ subject: joinRequestSubject, request: JoinAskSchema, result: JoinAnswerSchema, answerWithinMs },
};
