// The standing rule that `cliai answer --approve --rule` makes of an approval, as the page does: for exactly the same input.

import { definedOf } from "../../domain/defined.ts";
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import type { AgentRequest } from "../../domain/requests.ts";
import { askerFacts } from "../../domain/rules/asker-facts.ts";
import { ruleInputOf } from "../../domain/rules/rule-input.ts";
import { ruleForWords } from "../../domain/rules/rule-words.ts";
import {
  type RuleFor,
  type RuleScope,
  ruleForNow,
  type StandingRule,
  scopesOf,
  scopeText,
} from "../../domain/rules/standing-rule.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { harmless } from "../../domain/text/harmless.ts";
import type { Bus } from "../../nats/bus.ts";
import { askForRules } from "../../server/rules/rules-by-operator.ts";
import { type CliContext, operatorOf } from "../frame/context.ts";
import { createFleetReader, viewOf } from "./fleet-reading.ts";

/** For whom rules can be made of the request, the narrowest first; none if no rule can. */
export function rulesFor(request: AgentRequest, view: AgentView | undefined): RuleFor[] {
  const facts = askerFacts(request, view);
  return scopesOf(request, facts).map((scope) => ruleForNow(scope, facts));
}

/** What `cliai inbox` says of them: one line each, `--rule agent    always, for ada in /work/shop on mill`. */
export function ruleLines(request: AgentRequest, view: AgentView | undefined): string[] {
  return rulesFor(request, view).map(
    (rule) =>
      `--rule ${rule.scope.padEnd("session".length)}  ${harmless(ruleForWords(rule, request.agent_id))}`,
  );
}

/** For whom the rule counts that is asked for. @throws CliaiError `refused`, before anything is answered, if no such rule can be made */
export async function plannedRule(
  bus: Bus,
  request: AgentRequest,
  scope: RuleScope,
  context: Pick<CliContext, "now" | "note" | "serve">,
): Promise<RuleFor> {
  const agent = await createFleetReader(bus, context).find(request.agent_id);
  const rules = rulesFor(request, agent && viewOf(agent));
  const planned = rules.find((rule) => rule.scope === scope);
  if (planned !== undefined) return planned;
  const others = rules.map((rule) => `--rule ${rule.scope}`).join(" or ");
  throw new CliaiError("refused", `no rule for "${scope}" can be made of request ${request.request_id}`, {
    hint: `approve it ${others === "" ? "by itself, without --rule" : `with ${others}, or without`}`,
  });
}

/** Call it when the approval is stored. @throws CliaiError whose message says that the request is answered, and why no rule was made */
export async function makeRuleOf(
  bus: Bus,
  request: AgentRequest,
  shown: RuleFor,
  context: Pick<CliContext, "env">,
): Promise<StandingRule> {
  const { request_id } = request;
  try {
    const make = { request_id, shown };
    const rule = (await askForRules(bus, { make, by: operatorOf(context) })).find(
      ({ tool, input, scope }) =>
        tool === request.tool && input === ruleInputOf(request) && scope === shown.scope,
    );
    if (rule !== undefined) return rule;
    // A serve that does not know this request lists the rules instead.
    throw new CliaiError("refused", "the server is of an older version", {
      hint: "restart it, and approve the next such request with --rule",
    });
  } catch (error) {
    const { code = "failed", hint } = error instanceof CliaiError ? error : {};
    throw new CliaiError(code, `the request is answered, but no rule was made: ${messageOf(error)}`, {
      ...definedOf({ hint }),
      cause: error,
    });
  }
}

export function madeText(rule: StandingRule): string {
  return `rule ${rule.rule_id} stands: ${harmless(rule.tool)} ${harmless(rule.input)}, for ${harmless(scopeText(rule))}`;
}
