// Reads budgets as people write them: in a profile, behind --budget, and in `cliai budget`.
import { CliaiError } from "../text/errors.ts";
import { didYouMean } from "../text/nearest.ts";
import { isAgentId } from "../wire/agent-id.ts";
import { type BudgetPeriod, type BudgetScope, budgetScopes, type Limit } from "./budget.ts";

/** An optional `$`, a number, an optional unit, an optional period, and perhaps `hard`. */
const limitPattern =
  /^(\$?)(\d+(?:\.\d+)?)(?: ?([km]))?(?: ?(usd|tokens?))?(?: ?(?:\/|an? |per ) ?(run|day|month))?( hard)?$/;

const example = "write 5/day or $5/day for US dollars, 200k/run or 2M/month for tokens";

/** Undefined if it is no limit. @param standard the period if the text names none */
export function readLimit(text: string, standard?: BudgetPeriod): Limit | undefined {
  const words = text.trim().toLowerCase().replaceAll(/\s+/g, " ");
  const [whole, dollar, number = "", factor, unit, named, hard] = limitPattern.exec(words) ?? [];
  const per = (named as BudgetPeriod | undefined) ?? standard;
  if (whole === undefined || per === undefined) return undefined;
  const isTokens = factor !== undefined || unit?.startsWith("token") === true;
  if (isTokens && (dollar === "$" || unit === "usd")) return undefined;
  const times = factor === "k" ? 1_000 : factor === "m" ? 1_000_000 : 1;
  const amount = isTokens ? Math.round(Number(number) * times) : Number(number);
  if (amount <= 0) return undefined;
  return {
    unit: isTokens ? "tokens" : "usd",
    amount,
    per,
    ...(hard === undefined ? {} : { hard: true as const }),
  };
}

/** @throws CliaiError `usage` */
export function parseLimit(text: string, standard?: BudgetPeriod): Limit {
  const limit = readLimit(text, standard);
  if (limit !== undefined) return limit;
  const isOnlyOpen = standard === undefined && readLimit(text, "day") !== undefined;
  throw new CliaiError(
    "usage",
    isOnlyOpen ? `the budget "${text}" names no run, day or month` : `"${text}" is not a budget`,
    { hint: isOnlyOpen ? `${text}/day` : example },
  );
}

/** The budgets of a launch: one or several, with commas between them; each is for a run if it names no period. @throws CliaiError `usage` */
export function parseLimits(text: string): Limit[] {
  return text.split(",").map((each) => parseLimit(each, "run"));
}

/** How much is added to a budget: `5`, `$5`, `200k`. @throws CliaiError `usage` if it is none, or of another unit */
export function parseRaise(text: string, { unit }: Pick<Limit, "unit">): number {
  const read = readLimit(text, "run");
  if (read !== undefined && read.unit === unit && read.hard === undefined) return read.amount;
  const what = unit === "usd" ? "US dollars" : "tokens";
  throw new CliaiError("usage", `"${text}" is not an amount of ${what}`, {
    hint: unit === "usd" ? "write 5 or $5" : "write 200k, 2M or 50000 tokens",
  });
}

/**
 * `fleet`, `agent:ada`, `profile:coder`, `tag:night`, `project:PATH`.
 * @throws CliaiError `usage`
 */
export function parseScope(text: string): BudgetScope {
  const [kind = "", ...rest] = text.split(":");
  const name = rest.join(":");
  const found = budgetScopes.find((each) => each === kind);
  if (found === undefined) {
    throw new CliaiError("usage", `"${text}" does not say for whom the budget is`, {
      hint: didYouMean(kind, budgetScopes) ?? "write fleet, agent:ID, profile:NAME, project:DIR or tag:NAME",
    });
  }
  if ((found === "fleet") === (name !== "") || (found === "agent" && !isAgentId(name))) {
    throw new CliaiError("usage", `"${text}" does not say for whom the budget is`, {
      hint:
        found === "fleet" ? "write fleet alone" : `write ${found}:${found === "project" ? "DIR" : "NAME"}`,
    });
  }
  return found === "fleet" ? { kind: found } : { kind: found, name };
}
