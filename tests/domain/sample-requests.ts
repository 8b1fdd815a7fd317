// Requests of an agent, and answers to them, for the tests of requests and of their answers.
import type { AgentRequest, RequestAction } from "../../src/domain/requests.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";

export const at = (s: number) => new Date(Date.parse("2026-01-01T00:00:00Z") + s * 1000).toISOString();
export const question: AgentRequest = {
  request_id: "r1",
  agent_id: parseAgentId("ada"),
  kind: "question",
  question: "which?",
  asked_at: at(0),
  expires_at: at(60),
  on_expiry: "expire",
  state: "asked",
};
export const approval: AgentRequest = { ...question, kind: "stop_approval", on_expiry: "refuse" };
export const answer = (by: string, facts: object): RequestAction => ({
  type: "answer",
  answer: { by, at: at(5), ...facts },
});
