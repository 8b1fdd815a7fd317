// Lists and revokes standing rules at the operator's request on `serve.rules`. Any serve answers. No agent's account reaches the subject.
import * as v from "valibot";
import { type UsedRule, UsedRuleSchema } from "../../domain/rules/standing-rule.ts";
import { shortText, TokenSchema } from "../../domain/wire/fields.ts";
import { serveRulesSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { askOperatorDesk, openOperatorDesk } from "../operator-desk.ts";
import type { RuleDesk } from "../server.ts";

const AskSchema = v.object({
  /** The rule that is to be revoked; without it, none is. */
  revoke: v.optional(TokenSchema),
  /** Whose request it is. Absent if it comes from an older version. */
  by: v.optional(shortText("by")),
});
export type RulesAsk = v.InferOutput<typeof AskSchema>;

const desk = {
  subject: serveRulesSubject,
  request: AskSchema,
  /** All rules; of a request to revoke, the revoked one. */
  result: v.array(UsedRuleSchema),
  answerWithinMs: 10_000,
};

/** Returns the function that ends it. */
export function openRulesByOperator(bus: Bus, rules: RuleDesk, log: Logger): () => void {
  return openOperatorDesk(
    bus,
    desk,
    async ({ revoke, by = "operator" }) => {
      const used = [...rules.list()];
      if (revoke === undefined) return used;
      await rules.revoke(revoke, by);
      return used.filter(({ rule_id }) => rule_id === revoke);
    },
    log,
  );
}

/** @throws CliaiError `request_unknown` for a rule that there is not; what {@link askOperatorDesk} throws */
export async function askForRules(bus: Bus, ask: RulesAsk): Promise<UsedRule[]> {
  return await askOperatorDesk(bus, desk, ask);
}
