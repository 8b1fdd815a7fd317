// This room decides which permissions are given by a standing rule: one that a person has made of an approval. Pure.
//
// A rule covers one exact input of one tool. There are no prefixes and no patterns: `npm test` does not cover `npm test; rm -r /`.
import * as v from "valibot";
import { definedOf } from "../defined.ts";
import { unknownText } from "../fleet/agent-view.ts";
import type { AgentRequest } from "../requests.ts";
import { CliaiError } from "../text/errors.ts";
import { AgentIdSchema } from "../wire/agent-id.ts";
import { TokenSchema } from "../wire/fields.ts";
import type { AskerFacts } from "./asker-facts.ts";
import { ruleInputOf } from "./rule-input.ts";

/**
 * For whom a rule counts. `session`: the agent, until its run ends. `agent`: the agent, in its project on its machine. `profile`: all
 * agents of its profile, in its project on its machine.
 */
export const ruleScopes = ["session", "agent", "profile"] as const;
export type RuleScope = (typeof ruleScopes)[number];

/** For whom a rule is to be made, as a person was shown it: with `agent` the project and its machine, with `profile` the profile as well. */
export const RuleForSchema = v.strictObject({
  scope: v.picklist(ruleScopes, `scope must be one of ${ruleScopes.join(", ")}`),
  profile: v.exactOptional(v.string("profile must be text")),
  project: v.exactOptional(v.string("project must be text")),
  host: v.exactOptional(v.string("host must be text")),
});
export type RuleFor = Readonly<v.InferOutput<typeof RuleForSchema>>;

export const RuleSchema = v.object({
  rule_id: TokenSchema,
  tool: v.string(),
  /** The input as {@link ruleInputOf} writes it. */
  input: v.string(),
  scope: v.picklist(ruleScopes),
  /** With `session` and `agent`. */
  agent_id: v.exactOptional(AgentIdSchema),
  /** With `session` and `agent`: since when the agent is known, because a removed agent may have a successor of its name. */
  agent_since: v.exactOptional(v.string()),
  /** With `session`. */
  run: v.exactOptional(v.string()),
  /** With `profile`. */
  profile: v.exactOptional(v.string()),
  /** The folder of the project, with `agent` and `profile`. */
  project: v.exactOptional(v.string()),
  /** The machine of that folder, with `agent` and `profile`. */
  host: v.exactOptional(v.string()),
  made_by: v.string(),
  made_at: v.string(),
  /** The request whose approval it was made of. */
  request_id: TokenSchema,
});
export type StandingRule = Readonly<v.InferOutput<typeof RuleSchema>>;

export const UsedRuleSchema = v.object({
  ...RuleSchema.entries,
  /** How often it was used in the last 30 days. */
  used: v.number(),
  /** RFC 3339. */
  last_used_at: v.exactOptional(v.string()),
});
/** A rule, with how often it was used. */
export type UsedRule = Readonly<v.InferOutput<typeof UsedRuleSchema>>;

/** The scopes for which a rule can be made of the request, the narrowest first; none if no rule can. */
export function scopesOf(
  request: Pick<AgentRequest, "kind" | "plan" | "tool" | "context" | "run">,
  facts: AskerFacts,
): readonly RuleScope[] {
  if (ruleInputOf(request) === undefined) return [];
  const isPlaced = isKnown(facts.project_path) && isKnown(facts.host);
  return ruleScopes.filter((scope) => {
    if (scope === "session") return request.run !== undefined;
    return scope === "agent" ? isPlaced : isPlaced && isKnown(facts.config_name);
  });
}

/** For whom a rule with the scope would count now. */
export function ruleForNow(scope: RuleScope, facts: AskerFacts): RuleFor {
  const { config_name: profile = "", project_path: project = "", host = "" } = facts;
  if (scope === "session") return { scope };
  return scope === "agent" ? { scope, project, host } : { scope, profile, project, host };
}

export interface RuleMaking {
  readonly rule_id: string;
  /** What the person was shown who makes it. */
  readonly shown: RuleFor;
  readonly by: string;
  readonly now: Date;
}

/**
 * @throws CliaiError `refused` if no such rule can be made of the request, if it would count for others than were shown, or if the request was
 * not approved by somebody
 */
export function makeRule(request: AgentRequest, facts: AskerFacts, making: RuleMaking): StandingRule {
  const { request_id, agent_id, run, tool = "", answer } = request;
  const { rule_id, shown, by, now } = making;
  const { scope } = shown;
  const input = ruleInputOf(request);
  if (input === undefined || !scopesOf(request, facts).includes(scope)) {
    throw new CliaiError("refused", `no rule for "${scope}" can be made of request ${request_id}`, {
      hint: "approve each such request by itself",
    });
  }
  if (answer?.approved !== true) {
    throw new CliaiError("refused", `request ${request_id} is not approved, so no rule is made of it`, {
      hint: "approve it first",
    });
  }
  const whom = ruleForNow(scope, facts);
  requireShown(agent_id, shown, whom);
  const agent = { agent_id, ...definedOf({ agent_since: facts.first_seen }) };
  const known = { session: { ...agent, run: run ?? "" }, agent, profile: {} }[scope];
  return { rule_id, tool, input, ...whom, ...known, made_by: by, made_at: now.toISOString(), request_id };
}

/** A person may have a page before them that is older than what is known of the agent now. */
function requireShown(agent: string, shown: RuleFor, now: RuleFor): void {
  for (const name of ["profile", "project", "host"] as const) {
    const [before, after] = [shown[name], now[name]];
    if (before === after || after === undefined) continue;
    const old = before === undefined ? "none" : `"${before}"`;
    throw new CliaiError(
      "refused",
      `no rule is made: the ${name} of ${agent} is "${after}", but ${old} was shown`,
      { hint: "see for whom it would count, and approve the next such request with the rule" },
    );
  }
}

/** Whether two rules cover the same. */
export function isSameRule(one: StandingRule, other: StandingRule): boolean {
  const names = [
    "tool",
    "input",
    "scope",
    "agent_id",
    "agent_since",
    "run",
    "profile",
    "project",
    "host",
  ] as const;
  return names.every((name) => one[name] === other[name]);
}

/** Whether the rule covers the request. */
export function covers(rule: StandingRule, request: AgentRequest, facts: AskerFacts): boolean {
  const input = ruleInputOf(request);
  if (input === undefined || rule.tool !== request.tool || rule.input !== input) return false;
  switch (rule.scope) {
    case "session":
      return isOf(rule, request, facts) && rule.run !== undefined && rule.run === request.run;
    case "agent":
      return isOf(rule, request, facts) && isIn(rule, facts);
    case "profile":
      return isKnown(rule.profile) && rule.profile === facts.config_name && isIn(rule, facts);
  }
}

/** How a rule is called where answers say whose they are. No agent's id and no token's name can look like this. */
export function signatureOfRule({ rule_id }: Pick<StandingRule, "rule_id">): string {
  return `rule ${rule_id}`;
}

/** For whom the rule counts: "ada in /work/shop on mill". */
export function scopeText({ scope, agent_id, profile, project, host }: StandingRule): string {
  if (scope === "session") return `${agent_id}, until its present run ends`;
  const place = `${project} on ${host}`;
  return scope === "agent" ? `${agent_id} in ${place}` : `all agents of the profile ${profile} in ${place}`;
}

function isOf(rule: StandingRule, { agent_id }: AgentRequest, { first_seen }: AskerFacts): boolean {
  return rule.agent_id === agent_id && rule.agent_since === first_seen;
}

function isIn({ project, host }: StandingRule, facts: AskerFacts): boolean {
  return isKnown(project) && project === facts.project_path && isKnown(host) && host === facts.host;
}

function isKnown(text: string | undefined): boolean {
  return text !== undefined && text !== "" && text !== unknownText;
}
