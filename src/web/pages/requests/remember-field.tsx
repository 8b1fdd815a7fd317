/** @jsxImportSource hono/jsx */
// For how long an approval counts: this once, or as a standing rule for exactly the same input.
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { folderOf } from "../../../domain/fleet/shown/agent-filter.ts";
import type { AgentRequest } from "../../../domain/requests.ts";
import { askerFacts } from "../../../domain/rules/asker-facts.ts";
import { type RuleScope, scopesOf } from "../../../domain/rules/standing-rule.ts";

interface RememberFieldProps {
  readonly request: AgentRequest;
  readonly view: AgentView | undefined;
}

/** Nothing, if no rule can be made of the request. */
export function RememberField({ request, view }: RememberFieldProps) {
  const scopes = view === undefined ? [] : scopesOf(request, askerFacts(request, view));
  if (view === undefined || scopes.length === 0) return null;
  const field = `remember-${request.request_id}`;
  return (
    <>
      <label for={field}>Approve exactly this</label>
      <select id={field} name="remember" class="remember">
        <option value="">only this once</option>
        {scopes.map((scope) => (
          <option value={scope}>{scopeWords(scope, view)}</option>
        ))}
      </select>
    </>
  );
}

function scopeWords(scope: RuleScope, { agent_id, config_name, project_path, host }: AgentView): string {
  if (scope === "session") return `for this session of ${agent_id}`;
  const place = `${folderOf(project_path)} on ${host}`;
  return scope === "agent"
    ? `always, for ${agent_id} in ${place}`
    : `always, for every ${config_name} in ${place}`;
}
