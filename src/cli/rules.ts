// `cliai rules`: lists the standing rules, which give permissions without asking, and revokes them. They are made in the inbox of the page.
import { scopeText, type UsedRule } from "../domain/rules/standing-rule.ts";
import { harmless } from "../domain/text/harmless.ts";
import { askForRules } from "../server/rules/rules-by-operator.ts";
import { clientArgs, withClient } from "./fleet/client.ts";
import { type Arguments, defineCliCommand } from "./frame/command.ts";
import { defineCommandGroup } from "./frame/command-group.ts";
import { type CliContext, operatorOf } from "./frame/context.ts";

const revokeArgs = {
  rule: { type: "positional", required: true, description: "id of the rule" },
  ...clientArgs,
} as const;

export const rulesCommand = defineCommandGroup({
  name: "rules",
  description: "list or revoke the standing rules, which approve without asking",
  standard: "list",
  subcommands: {
    list: {
      command: defineCliCommand({
        name: "rules list",
        description: "list the standing rules, the oldest first, with how often each was used",
        args: clientArgs,
        run: list,
      }),
    },
    revoke: {
      command: defineCliCommand({
        name: "rules revoke",
        example: "cliai rules revoke r-1a2b3c4d (cliai rules lists them)",
        description: "end a standing rule at once",
        args: revokeArgs,
        run: revoke,
      }),
    },
  },
});

function list(args: Arguments<typeof clientArgs>, context: CliContext): Promise<number> {
  return withClient(args, context, async (bus) => {
    const rules = await askForRules(bus, {});
    if (context.json) context.print(JSON.stringify(rules));
    else if (rules.length === 0) context.note("no rule stands: each permission is asked for");
    else for (const rule of rules) context.print(ruleLines(rule));
    return 0;
  });
}

function revoke(args: Arguments<typeof revokeArgs>, context: CliContext): Promise<number> {
  return withClient(args, context, async (bus) => {
    const [revoked] = await askForRules(bus, { revoke: args.rule, by: operatorOf(context) });
    if (context.json) context.print(JSON.stringify(revoked ?? null));
    else context.note(`${args.rule} is revoked: its permission is asked for again`);
    return 0;
  });
}

function ruleLines(rule: UsedRule): string {
  const { rule_id, tool, input, made_by, made_at, used, last_used_at } = rule;
  const use =
    last_used_at === undefined
      ? "never used"
      : `used ${used === 1 ? "once" : `${used} times`}, last ${last_used_at}`;
  return [
    `${rule_id}  ${harmless(tool)}  ${harmless(scopeText(rule))}`,
    `  ${harmless(input)}`,
    `  made by ${harmless(made_by)} at ${made_at}, ${use}`,
  ].join("\n");
}
