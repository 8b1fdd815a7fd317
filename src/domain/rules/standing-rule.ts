// This room decides which permissions are given by a standing rule: one that a person has made of an approval. Pure.
//
// A rule covers one exact input of one tool. There are no prefixes and no patterns: `npm test` does not cover `npm test; rm -r /`.
import * as v from "valibot";
import { definedOf } from "../defined.ts";
import { unknownText } from "../fleet/agent-view.ts";
import type { AgentRequest } from "../requests.ts";
import { CliaiError } from "../text/errors.ts";
import { readPermissionInput } from "../text/permission-input.ts";
import { AgentIdSchema } from "../wire/agent-id.ts";
import { TokenSchema } from "../wire/fields.ts";
import type { AskerFacts } from "./asker-facts.ts";

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
  /** The machine of that folder, with `agent` and `profile`. A rule that has none, of an earlier version, covers nothing. */
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

/** In characters. A longer input is decided each time. */
const longestInput = 20_000;

/** How deep objects and lists may stand in each other. */
const deepestInput = 20;

/**
 * The tools that run a command of a shell, and whose field `description` is words about it for people. Their models word it anew for each
 * call, so a rule leaves it out. In any other tool's input, each field counts.
 */
const shellTools: readonly string[] = ["Bash", "bash", "shell", "run_shell_command"];

/** Codex's tool for changes of files. */
const patchTool = "apply_patch";

/**
 * The exact input that a rule would cover, with its fields in one order. Undefined if the request is none that a rule may decide: it is no
 * permission, it is for a plan, its CLI would allow more than this call (its tool then has words behind its name), its input is no JSON
 * object or too long, it does not say what the call does, or it changes a file, which is hardly asked twice.
 */
export function ruleInputOf(request: Pick<AgentRequest, "kind" | "plan" | "tool" | "context">) {
  const { kind, plan, tool, context = "" } = request;
  if (kind !== "permission" || plan === true || tool === undefined || /\s/.test(tool)) return undefined;
  if (readPermissionInput(context)?.kind === "edit") return undefined;
  const input = context.length > 2 * longestInput ? undefined : parseObject(context);
  if (input === undefined || !isFlat(input, deepestInput)) return undefined;
  const { description: _, ...withoutWords } = input;
  const counts = shellTools.includes(tool) && typeof input.description === "string" ? withoutWords : input;
  if (!saysWhat(tool, counts)) return undefined;
  const text = JSON.stringify(inOrder(counts));
  return text.length > longestInput ? undefined : text;
}

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
  const place = host === undefined ? `${project}, without a machine, so for none` : `${project} on ${host}`;
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

/** Whether the input says what the call does. One that does not is equal for calls that do different things. */
function saysWhat(tool: string, input: Readonly<Record<string, unknown>>): boolean {
  if (input.unknown_call === true) return false;
  if (shellTools.includes(tool)) return hasContent(input.command);
  return tool === patchTool ? hasContent(input.changes) : hasContent(input);
}

function hasContent(value: unknown): boolean {
  if (typeof value === "string") return value.trim() !== "";
  if (typeof value === "object" && value !== null) return Object.values(value).some(hasContent);
  return value !== undefined && value !== null;
}

function parseObject(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined; // words, or a plan
  }
}

/** Whether objects and lists stand in each other at most so deep. */
function isFlat(value: unknown, most: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return most > 0 && Object.values(value).every((each) => isFlat(each, most - 1));
}

/** The same value with the fields of each object in the order of their names. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, inOrder((value as Record<string, unknown>)[name])]));
}
