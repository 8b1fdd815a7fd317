// Lists, makes and revokes standing rules at the operator's request on `serve.rules`. Any serve answers. No agent's account reaches the subject.
import * as v from "valibot";
import { RuleForSchema, type UsedRule, UsedRuleSchema } from "../../domain/rules/standing-rule.ts";
import { shortText, TokenSchema } from "../../domain/wire/fields.ts";
import { serveRulesSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { askOperatorDesk, openOperatorDesk } from "../operator-desk.ts";
import type { RequestService } from "../requests/request-store.ts";
import type { RuleDesk } from "../server-desks.ts";

const AskSchema = v.object({
  /** The rule that is to be revoked; without it, none is. */
  revoke: v.optional(TokenSchema),
  /** The permission of which a rule is to be made, which was just approved, and for whom; without it, none is. */
  make: v.optional(v.object({ request_id: TokenSchema, shown: RuleForSchema })),
  /** Whose request it is. Absent if it comes from an older version. */
  by: v.optional(shortText("by")),
});
export type RulesAsk = v.InferOutput<typeof AskSchema>;

const desk = {
  subject: serveRulesSubject,
  request: AskSchema,
  /** All rules; of a request to revoke or to make one, that one. */
  result: v.array(UsedRuleSchema),
  answerWithinMs: 10_000,
};

/** The answer may have been stored by another program, so this serve may not have read it yet. */
const answerReadWithinMs = 2_000;

/** Returns the function that ends it. */
export function openRulesByOperator(
  bus: Bus,
  rules: RuleDesk,
  requests: Pick<RequestService, "waitForEnd">,
  log: Logger,
): () => void {
  return openOperatorDesk(
    bus,
    desk,
    async ({ revoke, make, by = "operator" }) => {
      if (make !== undefined) {
        await requests.waitForEnd(make.request_id, answerReadWithinMs);
        const made = await rules.make(make.request_id, make.shown, by);
        return rules.list().filter(({ rule_id }) => rule_id === made.rule_id);
      }
      const used = [...rules.list()];
      if (revoke === undefined) return used;
      await rules.revoke(revoke, by);
      return used.filter(({ rule_id }) => rule_id === revoke);
    },
    log,
  );
}

/** @throws CliaiError `request_unknown` for a rule or a request that there is not; `refused` for a rule that cannot be made; what {@link askOperatorDesk} throws */
export async function askForRules(bus: Bus, ask: RulesAsk): Promise<UsedRule[]> {
  return await askOperatorDesk(bus, desk, ask);
}
