/** @jsxImportSource hono/jsx */
// Budgets, on the costs page and on the page of an agent: what was spent of each, what is left, and for whom it counts.
import { limitText, scopeText } from "../../../domain/budgets/budget.ts";
import { type AgentBudget, type BudgetView, leftText } from "../../../domain/budgets/budget-view.ts";
import { folderOf } from "../../../domain/fleet/shown/agent-filter.ts";

export const budgetsId = "costs-budgets";

/** All budgets, or those of one agent, which do not name the agents for which they count. */
export type ShownBudget = AgentBudget & Partial<Pick<BudgetView, "agents">>;

export function BudgetLines({ budgets }: { readonly budgets: readonly ShownBudget[] }) {
  return (
    <section id={budgetsId} class="panel" aria-labelledby="title-budgets" hidden={budgets.length === 0}>
      <h2 id="title-budgets">Budgets</h2>
      <section class="table-box" tabindex={0} aria-label="What was spent of each budget">
        <table class="groups budgets">
          <thead>
            <tr>
              <th scope="col">For</th>
              <th scope="col">Budget</th>
              <td class="share" />
              <th scope="col">Spent</th>
              <th scope="col" class="maker">
                Set by
              </th>
            </tr>
          </thead>
          <tbody>{budgets.flatMap((budget) => budgetRows(budget))}</tbody>
        </table>
      </section>
    </section>
  );
}

function budgetRows(budget: ShownBudget) {
  const { budget_id, scope, agents, now, made_by } = budget;
  const whose =
    scope.kind === "agent" || agents === undefined
      ? ""
      : ` (${agents.length === 1 ? "1 agent" : `${agents.length} agents`})`;
  const spans = now.length === 0 ? [undefined] : now;
  return spans.map((span) => (
    <tr class={span === undefined ? undefined : `budget-${span.level}`}>
      <th scope="row" title={scope.kind === "project" ? scope.name : undefined}>
        {scope.kind === "project" ? `project ${folderOf(scope.name ?? "")}` : scopeText(scope)}
        {span?.agent_id !== undefined && scope.kind !== "agent" && agents !== undefined ? (
          `: ${span.agent_id}`
        ) : (
          <span class="quiet">{whose}</span>
        )}
      </th>
      <td class="whole" title={budget_id}>
        {limitText(budget)}
      </td>
      <td class="share" aria-hidden="true">
        {span !== undefined && (
          <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
            <rect width={Math.min(100, (span.spent / span.amount) * 100).toFixed(1)} height="8" />
          </svg>
        )}
      </td>
      <td title={span?.to === undefined ? undefined : `from ${span.from} to ${span.to}`}>
        {span === undefined ? (
          <span class="quiet">no run now</span>
        ) : (
          <>
            {span.text} <span class="quiet left">{leftText(budget, span)}</span>
          </>
        )}
      </td>
      <td class="maker">{made_by}</td>
    </tr>
  ));
}
