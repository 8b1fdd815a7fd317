// The operations on orders, requests, rules and messages.
import * as v from "valibot";
import { BudgetViewSchema } from "../../../domain/budgets/budget-view.ts";
import { RequestSchema } from "../../../domain/requests.ts";
import { RuleSchema, UsedRuleSchema } from "../../../domain/rules/standing-rule.ts";
import type { CancelledOrder, SentMessage } from "../../../server/server.ts";
import { BudgetBodySchema, RaiseBodySchema } from "../acts/budgets-api.ts";
import { RuleBodySchema } from "../acts/rules-api.ts";
import { AnswerBodySchema } from "../answers.ts";
import { BulkBodySchema } from "../bulk-orders.ts";
import { MessageSchema } from "../reports/messages-report.ts";
import { FleetNeedSchema } from "./agent-answers.ts";
import { json, type Operation, ofStore, schemaOf } from "./operation.ts";
import { messagesParameters, requestsParameters } from "./parameters.ts";
import { MessagesSchema } from "./report-answers.ts";

const text = v.string();
const problem = v.object({ code: text, message: text, hint: v.optional(text) });

export const orderOperations: readonly Operation[] = [
  {
    method: "post",
    path: "/api/commands",
    id: "commandAgents",
    summary: "gives several agents the same command",
    body: BulkBodySchema,
    answers: {
      202: json(
        "a result for each agent, in the order of the request",
        v.object({
          results: v.array(
            v.union([
              v.object({
                agent_id: text,
                command_id: text,
                state: v.literal("stored"),
                duplicate: v.boolean(),
              }),
              v.object({ agent_id: text, error: problem }),
            ]),
          ),
        }),
      ),
    },
    refusals: ofStore,
  },
  {
    method: "post",
    path: "/api/commands/{id}/cancel",
    id: "cancelCommand",
    summary: "takes back a task or message that waits; the first four characters of its id are enough",
    answers: {
      200: json(
        "its last receipt",
        schemaOf<CancelledOrder>()(
          v.object({
            agent_id: text,
            command_id: text,
            type: text,
            summary: text,
            state: text,
            detail: text,
          }),
        ),
      ),
    },
    refusals: [400, ...ofStore],
  },
  {
    method: "get",
    path: "/api/needs",
    id: "listNeeds",
    summary: "all that waits for a person, the oldest first",
    answers: {
      200: json(
        "the needs, and how many agents have them",
        v.object({ count: v.number(), agents: v.number(), needs: v.array(FleetNeedSchema) }),
      ),
    },
  },
  {
    method: "get",
    path: "/api/requests",
    id: "listRequests",
    summary: "questions, permissions and stop approvals: those that are open, that have ended, or all",
    query: requestsParameters,
    answers: {
      200: json("the open ones, the oldest first; then the others, the newest first", v.array(RequestSchema)),
    },
  },
  {
    method: "get",
    path: "/api/requests/{id}",
    id: "showRequest",
    summary: "one request; the first four characters of its id are enough",
    answers: { 200: json("the request", RequestSchema) },
    refusals: [400],
  },
  {
    method: "post",
    path: "/api/requests/{id}/answer",
    id: "answerRequest",
    summary: "answers a request; the first answer counts",
    body: AnswerBodySchema,
    answers: { 200: json("the request with its answer", RequestSchema) },
    refusals: [409, ...ofStore],
  },
  {
    method: "get",
    path: "/api/rules",
    id: "listRules",
    summary: "the standing rules, the oldest first",
    answers: { 200: json("the rules", v.array(UsedRuleSchema)) },
  },
  {
    method: "post",
    path: "/api/rules",
    id: "makeRule",
    summary: "makes a standing rule of a permission that was approved",
    body: RuleBodySchema,
    answers: { 201: json("the rule", RuleSchema) },
    refusals: [404, ...ofStore],
  },
  {
    method: "post",
    path: "/api/rules/{id}/revoke",
    id: "revokeRule",
    summary: "revokes a standing rule",
    answers: { 200: json("the rule as it was", RuleSchema) },
    refusals: ofStore,
  },
  {
    method: "get",
    path: "/api/budgets",
    id: "listBudgets",
    summary: "the budgets, the oldest first, each with what was spent of it",
    answers: { 200: json("the budgets", v.array(BudgetViewSchema)) },
  },
  {
    method: "post",
    path: "/api/budgets",
    id: "setBudget",
    summary: "sets a budget; one for the same, in the same unit and period, is replaced",
    body: BudgetBodySchema,
    answers: { 201: json("the budget", BudgetViewSchema) },
    refusals: ofStore,
  },
  {
    method: "post",
    path: "/api/budgets/{id}/raise",
    id: "raiseBudget",
    summary: "adds to a budget for its present run, day or month",
    body: RaiseBodySchema,
    answers: { 200: json("the budget", BudgetViewSchema) },
    refusals: ofStore,
  },
  {
    method: "post",
    path: "/api/budgets/{id}/remove",
    id: "removeBudget",
    summary: "removes a budget",
    answers: { 200: json("the budget as it was", BudgetViewSchema) },
    refusals: ofStore,
  },
  {
    method: "get",
    path: "/api/messages",
    id: "listMessages",
    summary: "the conversations between agents, and with their operator",
    query: messagesParameters,
    answers: { 200: json("a page of conversations", MessagesSchema) },
    refusals: ofStore,
  },
  {
    method: "post",
    path: "/api/messages",
    id: "sendMessage",
    summary: "writes to an agent",
    body: MessageSchema,
    answers: {
      202: json(
        "the message is stored",
        schemaOf<SentMessage>()(v.object({ message_id: text, thread: text })),
      ),
    },
    refusals: [404, 409, ...ofStore],
  },
];
