// This room is `cliai budget`.
//
// `cliai budget`: lists the budgets with what was spent of each, and sets, raises and removes them.
import { resolve } from "node:path";
import { type BudgetScope, limitText, scopeText } from "../../domain/budgets/budget.ts";
import type { BudgetView } from "../../domain/budgets/budget-view.ts";
import { parseLimit, parseRaise, parseScope } from "../../domain/budgets/parse-budget.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { harmless } from "../../domain/text/harmless.ts";
import { parseAgentId } from "../../domain/wire/agent-id.ts";
import type { Bus } from "../../nats/bus.ts";
import { askForBudgets } from "../../server/budgets/budgets-by-operator.ts";
import { clientArgs, withClient } from "../fleet/client.ts";
import { type Arguments, defineCliCommand } from "../frame/command.ts";
import { defineCommandGroup } from "../frame/command-group.ts";
import { type CliContext, operatorOf } from "../frame/context.ts";

const setArgs = {
  scope: {
    type: "positional",
    required: true,
    description: "for whom: fleet, agent:ID, profile:NAME, project:DIR or tag:NAME",
  },
  amount: {
    type: "positional",
    required: true,
    description: "how much, and in what time: 5/day for US dollars, 200k/run or 2M/month for tokens",
  },
  hard: { type: "boolean", description: "stop the agents when it is used up" },
  ...clientArgs,
} as const;

const raiseArgs = {
  budget: { type: "positional", required: true, description: "id of the budget" },
  amount: { type: "positional", required: true, description: "how much more: 5, or 200k" },
  agent: {
    type: "string",
    valueHint: "AGENT",
    description: "of a budget for each run: whose present run gets more",
  },
  ...clientArgs,
} as const;

const removeArgs = {
  budget: { type: "positional", required: true, description: "id of the budget" },
  ...clientArgs,
} as const;

export const budgetCommand = defineCommandGroup({
  name: "budget",
  description: "list the budgets with what was spent of each; set, raise or remove one",
  standard: "list",
  subcommands: {
    list: {
      command: defineCliCommand({
        name: "budget list",
        description: "list the budgets, with what was spent of each",
        args: clientArgs,
        run: list,
      }),
    },
    set: {
      command: defineCliCommand({
        name: "budget set",
        example: "cliai budget set project:. 20/day",
        description: "set a budget; one for the same, in the same unit and period, is replaced",
        args: setArgs,
        run: set,
      }),
    },
    raise: {
      command: defineCliCommand({
        name: "budget raise",
        example: "cliai budget raise b-1a2b3c4d 5 (cliai budget lists them)",
        description: "add to a budget for its present run, day or month",
        args: raiseArgs,
        run: raise,
      }),
    },
    remove: {
      command: defineCliCommand({
        name: "budget remove",
        example: "cliai budget remove b-1a2b3c4d (cliai budget lists them)",
        description: "remove a budget",
        args: removeArgs,
        run: remove,
      }),
    },
  },
});

function list(args: Arguments<typeof clientArgs>, context: CliContext): Promise<number> {
  return withClient(args, context, async (bus) => {
    const budgets = await askForBudgets(bus, { by: operatorOf(context) });
    if (context.json) context.print(JSON.stringify(budgets));
    else if (budgets.length === 0)
      context.note("there is no budget; to set one: cliai budget set fleet 20/day");
    else for (const budget of budgets) context.print(budgetLines(budget));
    return 0;
  });
}

function set(args: Arguments<typeof setArgs>, context: CliContext): Promise<number> {
  const scope = placed(parseScope(args.scope), context);
  const read = parseLimit(args.amount, scope.kind === "agent" ? "run" : undefined);
  const limit = { ...read, ...(args.hard === true ? { hard: true as const } : {}) };
  return change(args, context, (bus, by) => askForBudgets(bus, { set: { scope, limit }, by }));
}

function raise(args: Arguments<typeof raiseArgs>, context: CliContext): Promise<number> {
  const agent_id = args.agent === undefined ? undefined : parseAgentId(args.agent);
  return change(args, context, async (bus, by) => {
    const budgets = await askForBudgets(bus, { by });
    const budget = budgets.find(({ budget_id }) => budget_id === args.budget);
    if (budget === undefined) {
      throw new CliaiError("request_unknown", `no budget "${args.budget}"`, {
        hint: "cliai budget lists them",
      });
    }
    const by_amount = parseRaise(args.amount, budget);
    return await askForBudgets(bus, { raise: { budget_id: args.budget, by_amount, agent_id }, by });
  });
}

function remove(args: Arguments<typeof removeArgs>, context: CliContext): Promise<number> {
  return withClient(args, context, async (bus) => {
    const [removed] = await askForBudgets(bus, { remove: args.budget, by: operatorOf(context) });
    if (context.json) context.print(JSON.stringify(removed ?? null));
    else if (removed !== undefined) {
      context.note(`removed: ${limitText(removed)} for ${harmless(scopeText(removed.scope))}`);
    }
    return 0;
  });
}

function change(
  args: Arguments<typeof clientArgs>,
  context: CliContext,
  ask: (bus: Bus, by: string) => Promise<BudgetView[]>,
): Promise<number> {
  return withClient(args, context, async (bus) => {
    const [budget] = await ask(bus, operatorOf(context));
    if (context.json) context.print(JSON.stringify(budget ?? null));
    else if (budget !== undefined) context.print(budgetLines(budget));
    return 0;
  });
}

/** A project is kept by its full path. */
function placed(scope: BudgetScope, { cwd }: CliContext): BudgetScope {
  return scope.kind === "project" ? { kind: "project", name: resolve(cwd, scope.name ?? ".") } : scope;
}

export function budgetLines(budget: BudgetView): string {
  const { budget_id, scope, agents, now, made_by, made_at } = budget;
  const forWhom = scope.kind === "agent" ? "" : `; counts for ${agents.join(", ") || "no agent"} now`;
  const spent = now.map(
    ({ agent_id, text }) =>
      `  ${agent_id === undefined || scope.kind === "agent" ? "" : `${agent_id}: `}${text}`,
  );
  return [
    `${budget_id}  ${limitText(budget)}  ${scopeText(scope)}`,
    ...(spent.length === 0 ? ["  no run now"] : spent),
    `  set by ${made_by} at ${made_at}${forWhom}`,
  ]
    .map(harmless)
    .join("\n");
}
