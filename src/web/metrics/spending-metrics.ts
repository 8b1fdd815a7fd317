// The metrics of what agents have spent, by agent and model.
import type { SessionSpending } from "../../domain/spending/session-spending.ts";
import { counter, createLabelLimit } from "./metric.ts";
import type { Metric } from "./prometheus-text.ts";

const mostAgents = 1_000;
const mostModels = 100;

interface Spent {
  readonly agent: string;
  readonly model: string;
  tokens: number;
  cost: number | undefined;
}

/** Returns the function that makes the metrics of all sessions that are kept. A session that is not kept any more takes nothing back. */
export function createSpendingMetrics(): (sessions: readonly SessionSpending[]) => Metric[] {
  const agentLabel = createLabelLimit(mostAgents);
  const modelLabel = createLabelLimit(mostModels);
  const grown = createGrowing();
  return (sessions) => {
    const sums = new Map<string, Spent>();
    for (const { agent_id, quarters } of sessions) {
      const agent = agentLabel(agent_id);
      for (const { model: told = "unknown", tokens, cost } of quarters) {
        const model = modelLabel(told);
        const key = JSON.stringify([agent, model]);
        const spent = sums.get(key) ?? { agent, model, tokens: 0, cost: undefined };
        sums.set(key, spent);
        spent.tokens += tokens;
        if (cost !== undefined) spent.cost = (spent.cost ?? 0) + cost;
      }
    }
    const all = [...sums.values()];
    return [
      counter(
        "cliai_tokens_total",
        "The tokens that agents have used.",
        all.map(({ agent, model, tokens }) => ({
          labels: { agent, model },
          value: grown(`tokens ${agent} ${model}`, tokens),
        })),
      ),
      counter(
        "cliai_cost_usd_total",
        "What agents have spent, in US dollars, as far as their CLIs tell it.",
        all.flatMap(({ agent, model, cost }) =>
          cost === undefined
            ? []
            : [{ labels: { agent, model }, value: grown(`cost ${agent} ${model}`, cost) }],
        ),
      ),
    ];
  };
}

/** A sum over what is kept falls when something is not kept any more. A counter must not: Prometheus would count all of it anew. */
function createGrowing(): (key: string, sum: number) => number {
  const counts = new Map<string, { sum: number; value: number }>();
  return (key, sum) => {
    const known = counts.get(key) ?? { sum: 0, value: 0 };
    const value = known.value + Math.max(0, sum - known.sum);
    counts.set(key, { sum, value });
    return value;
  };
}
