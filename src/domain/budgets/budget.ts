// This room decides about budgets: what counts towards each, in which period, at which price, and when one is nearly or wholly used up. Pure.
//
// One budget: a limit in money or tokens for an agent, a profile, a project, a tag or the fleet, in each run, day or month.
import * as v from "valibot";
import { CliaiError } from "../text/errors.ts";
import { costText, tokensText } from "../usage.ts";
import { shortText, TokenSchema } from "../wire/fields.ts";

export const budgetPeriods = ["run", "day", "month"] as const;
export type BudgetPeriod = (typeof budgetPeriods)[number];

const budgetUnits = ["usd", "tokens"] as const;
export type BudgetUnit = (typeof budgetUnits)[number];

export const budgetScopes = ["agent", "profile", "project", "tag", "fleet"] as const;

const amount = v.pipe(
  v.number("the amount must be a number"),
  v.finite("the amount must be finite"),
  v.gtValue(0, "the amount must be above 0"),
);

/** For whom a budget is. `name`: the agent's id, the profile's name, the project's path, the tag; absent for the fleet. */
export const BudgetScopeSchema = v.pipe(
  v.object({ kind: v.picklist(budgetScopes), name: v.exactOptional(shortText("name")) }),
  v.check(
    ({ kind, name = "" }) => (kind === "fleet") === (name === ""),
    "the scope needs a name, and the fleet has none",
  ),
);
export type BudgetScope = Readonly<v.InferOutput<typeof BudgetScopeSchema>>;

export const LimitSchema = v.object({
  unit: v.picklist(budgetUnits),
  /** US dollars, or tokens. */
  amount,
  /** A budget for a run is for each run of each of its agents; one for a day or a month is for all of them together. */
  per: v.picklist(budgetPeriods),
  /** Whether the agent is stopped when it is used up. */
  hard: v.exactOptional(v.literal(true)),
});
export type Limit = Readonly<v.InferOutput<typeof LimitSchema>>;

const RaiseSchema = v.object({
  /** The key of the period in which it counts. */
  period: v.string(),
  by_amount: amount,
  by: v.string(),
  at: v.string(),
  /** The request of which it is the answer. */
  request_id: v.exactOptional(TokenSchema),
});
export type BudgetRaise = Readonly<v.InferOutput<typeof RaiseSchema>>;

export const BudgetSchema = v.object({
  budget_id: TokenSchema,
  scope: BudgetScopeSchema,
  ...LimitSchema.entries,
  made_by: v.string(),
  made_at: v.string(),
  /** Set if it comes from the launch of its agent: its profile or `--budget`. The next launch replaces it. */
  of_launch: v.exactOptional(v.literal(true)),
  /** What people have added, each for one period. */
  raises: v.array(RaiseSchema),
});
export type Budget = Readonly<v.InferOutput<typeof BudgetSchema>>;

/** @param unique hexadecimal digits, at least eight */
export function budgetIdOf(unique: string): string {
  return `b-${unique.slice(0, 8)}`;
}

export function isBudgetId(text: string): boolean {
  return /^b-[0-9a-f]{8}$/.test(text);
}

/** What of a request says which budget it is about, and which period and amount of it are used up. */
export const AskedBudgetSchema = v.object({
  budget_id: v.string(),
  period: v.string(),
  amount: v.number(),
  unit: v.picklist(budgetUnits),
});
export type AskedBudget = v.InferOutput<typeof AskedBudgetSchema>;

/** Whether both are about the same: one replaces the other. */
export function isSameBudget(
  one: Pick<Budget, "scope" | "unit" | "per">,
  other: Pick<Budget, "scope" | "unit" | "per">,
): boolean {
  const { scope, unit, per } = one;
  const isSameScope = scope.kind === other.scope.kind && scope.name === other.scope.name;
  return isSameScope && unit === other.unit && per === other.per;
}

/**
 * The scope as it is kept: a project by the path that its agents tell, which has no separator at its end.
 * @throws CliaiError `usage` for a project whose path is not absolute, on this or another system
 */
export function keptScope(scope: BudgetScope): BudgetScope {
  const { kind, name = "" } = scope;
  if (kind !== "project") return scope;
  if (!/^([\\/]|[a-z]:[\\/])/i.test(name)) {
    throw new CliaiError("usage", `the project "${name}" is not an absolute path`, {
      hint: "write the whole path of its directory",
    });
  }
  // The root of a file system ends with its separator.
  return { kind, name: name.replace(/(?<=[^:\\/])[\\/]+$/, "") };
}

/** `$5.00`, `200k tokens` */
export function amountText(unit: BudgetUnit, sum: number): string {
  return unit === "usd" ? costText(sum) : `${tokensText(sum)} tokens`;
}

/** `$5.00 a day`, `200k tokens a run, hard` */
export function limitText({ unit, amount, per, hard }: Limit): string {
  return `${amountText(unit, amount)} a ${per}${hard === true ? ", hard" : ""}`;
}

/** `agent ada`, `project /home/mia/shop`, `the fleet` */
export function scopeText({ kind, name }: BudgetScope): string {
  return name === undefined ? "the fleet" : `${kind} ${name}`;
}
