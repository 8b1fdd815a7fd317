// The types of a server's desks: for what waits for a person, standing rules, holds and budgets.
import type { BudgetScope, Limit } from "../domain/budgets/budget.ts";
import type { AgentBudget, BudgetView } from "../domain/budgets/budget-view.ts";
import type { Hold, HoldReason, NewHold } from "../domain/holding/hold.ts";
import type { AnswerWords } from "../domain/request-answer.ts";
import type { AgentRequest } from "../domain/requests.ts";
import type { EndedRule } from "../domain/rules/ended-rule.ts";
import type { RuleFor, StandingRule, UsedRule } from "../domain/rules/standing-rule.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";

export interface RequestReading {
  /** The requests that wait for a person or a captain, oldest first. */
  open(): readonly AgentRequest[];
  /** The open requests, and the ended ones that are still kept. */
  all(): readonly AgentRequest[];
  get(requestId: string): AgentRequest | undefined;
  /** Calls the listener with each request that is new or has changed. Returns a function that removes it. */
  onChange(listener: (request: AgentRequest) => void): () => void;
}

/** The requests, for a person who answers them. */
export interface RequestDesk extends RequestReading {
  /**
   * Answers a request for a person. The first answer counts.
   * @param request the request's id, or the beginning of it
   * @throws CliaiError `request_unknown` with the nearest ids, `decided_already` naming who was first, `usage` if the words do not fit
   * the request
   */
  answer(request: string, words: AnswerWords, by: string): Promise<AgentRequest>;
}

/** The standing rules, which give permissions in a person's name. */
export interface RuleDesk {
  /** The oldest first. */
  list(): readonly UsedRule[];
  /** The last rules that were revoked, or that have ended by themselves, the newest first. */
  ended(): readonly EndedRule[];
  /**
   * Makes a rule of a permission that was approved, and gives the permissions that it covers and that wait already.
   * @param shown for whom it would count, as it was shown to whoever makes it
   * @param by whose rule it is
   * @throws CliaiError `request_unknown`; `refused` if no such rule can be made of it, or if it would count for others by now
   */
  make(requestId: string, shown: RuleFor, by: string): Promise<StandingRule>;
  /** @throws CliaiError `request_unknown` if there is no such rule */
  revoke(ruleId: string, by: string): Promise<StandingRule>;
}

/** Holds agents back, and lets them go. */
export interface Holding {
  /**
   * Holds the agent back, or changes the hold of the same reason and source.
   * @returns false if a person has overridden a hold with this cause: then nothing is held
   * @throws CliaiError `agent_unknown`; what the store throws if it takes nothing
   */
  hold(id: AgentId, hold: NewHold): Promise<boolean>;
  /**
   * Ends the hold; forgets it, if a person has overridden it. Does nothing if there is none.
   * @throws CliaiError if the store takes nothing
   */
  letGo(id: AgentId, reason: HoldReason, source: string): Promise<void>;
  /** Those that stand, the oldest first. */
  holdsOf(id: AgentId): readonly Hold[];
  /** Those that a person has overridden by resuming the agent. They hold nothing. */
  overriddenOf(id: AgentId): readonly Hold[];
  /** Calls the listener when a person has resumed a held agent, with the holds that this overrides. Only the leader does. */
  onPersonResumed(listener: (id: AgentId, holds: readonly Hold[]) => void): () => void;
  /**
   * Calls the listener with each hold that is about to end, by itself or because a person has resumed the agent. The hold ends when all listeners
   * have resolved; if one rejects, it is called again. Only the leader does.
   */
  onEnding(listener: (id: AgentId, hold: Hold) => Promise<void>): () => void;
}

/** The budgets, for the pages and the API. The serve that leads changes them. */
export interface BudgetDesk {
  /** The oldest first, each with what was spent of it. */
  list(): readonly BudgetView[];
  /** Those that count for an agent, each with what is left of it. */
  of(id: AgentId): readonly AgentBudget[];
  /** Sets a budget; one for the same, in the same unit and period, is replaced. @throws CliaiError `refused`, `server_unreachable`, `no_answer` */
  set(asked: { readonly scope: BudgetScope; readonly limit: Limit }, by: string): Promise<BudgetView>;
  /** Adds to a budget for its present period. @throws CliaiError `request_unknown`, `usage`, `refused`, `server_unreachable`, `no_answer` */
  raise(asked: Raise, by: string): Promise<BudgetView>;
  /** @throws CliaiError `request_unknown`, `server_unreachable`, `no_answer` */
  remove(budgetId: string, by: string): Promise<BudgetView>;
}

export interface Raise {
  readonly budget_id: string;
  /** US dollars or tokens. */
  readonly by_amount: number;
  /** Of a budget for each run: whose. */
  readonly agent_id?: AgentId | undefined;
  /** The request of which it is the answer. */
  readonly request_id?: string | undefined;
}
