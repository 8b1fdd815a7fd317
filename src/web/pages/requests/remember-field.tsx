/** @jsxImportSource hono/jsx */
// For how long an approval counts: this once, or as a standing rule for exactly the same input.
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import type { AgentRequest } from "../../../domain/requests.ts";
import { askerFacts } from "../../../domain/rules/asker-facts.ts";
import { ruleForWords } from "../../../domain/rules/rule-words.ts";
import { ruleForNow, scopesOf } from "../../../domain/rules/standing-rule.ts";
import { useViewer } from "../viewer/viewer.tsx";

interface RememberFieldProps {
  readonly request: AgentRequest;
  readonly view: AgentView | undefined;
}

/** Nothing, if no rule can be made of the request. */
export function RememberField({ request, view }: RememberFieldProps) {
  const facts = askerFacts(request, view);
  const rules = scopesOf(request, facts).map((scope) => ruleForNow(scope, facts));
  if (rules.length === 0) return null;
  if (useViewer() !== undefined) {
    return (
      <p class="quiet may-not">
        It is approved only this once: only the operator's own browser makes a standing rule of it.
      </p>
    );
  }
  const field = `remember-${request.request_id}`;
  return (
    <>
      <label for={field}>Approve exactly this</label>
      {/* A browser that fills in what was chosen before a reload could choose another rule. */}
      <select id={field} name="remember" class="remember" autocomplete="off">
        <option value="">only this once</option>
        {rules.map((rule) => (
          // The value says all that is shown, so that no rule is made for others than these.
          <option value={JSON.stringify(rule)} title={rule.project}>
            {ruleForWords(rule, request.agent_id)}
          </option>
        ))}
      </select>
    </>
  );
}
