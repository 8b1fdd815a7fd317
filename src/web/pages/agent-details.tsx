/** @jsxImportSource hono/jsx */
// What an agent has told of itself: names, place, process, usage. What it has not told reads "unknown".
import type { Child } from "hono/jsx";
import type { AgentView } from "../../domain/agent-record.ts";
import type { Usage } from "../../domain/messages.ts";
import { Age } from "./time.tsx";

type Row = readonly [name: string, value: Child];

export function AgentDetails({ view, now }: { view: AgentView; now: Date }) {
  const { usage } = view;
  const rows: readonly Row[] = [
    ["id", view.agent_id],
    ["profile", view.config_name],
    ["project", view.project_path],
    ["cli", view.cli === undefined ? undefined : `${view.cli} ${view.cli_version ?? ""}`],
    ["host", view.host],
    ["pid", view.pid],
    ["session", view.session_id],
    ...(usage === undefined ? [] : usageRows(usage)),
    ["first seen", <Age at={view.first_seen} now={now} />],
    ["this run since", <Age at={view.run_started_at} now={now} />],
  ];
  return (
    <section id="agent-details" class="panel" aria-labelledby="title-details">
      <h2 id="title-details">Details</h2>
      <dl class="details">
        {rows.map(([name, value]) => (
          <div>
            <dt>{name}</dt>
            <dd>{value ?? <span class="quiet">unknown</span>}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** What an agent never measured is left out. */
function usageRows({ tokens_used, estimated_cost, failed_tests }: Usage): Row[] {
  const rows: Row[] = [];
  if (tokens_used !== undefined) rows.push(["tokens", tokens_used.toLocaleString("en")]);
  if (estimated_cost !== undefined) rows.push(["cost", `$${estimated_cost.toFixed(2)}`]);
  if (failed_tests !== undefined) rows.push(["failed tests", failed_tests]);
  return rows;
}
