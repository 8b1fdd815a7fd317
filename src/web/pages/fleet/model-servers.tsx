/** @jsxImportSource hono/jsx */
// The model servers on which agents work: their slots, whose requests they work on, and whose requests wait. Nothing if there are none.
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import {
  type AgentAtServer,
  atServerText,
  type ModelServer,
  modelServersOf,
} from "../../../domain/fleet/shown/model-servers.ts";
import { Age } from "../parts/time.tsx";

export function ModelServers({ views, now }: { views: readonly AgentView[]; now: Date }) {
  const servers = modelServersOf(views);
  if (servers.length === 0) return <div id="model-servers" />;
  return (
    <section id="model-servers" class="panel" aria-labelledby="title-model-servers">
      <h2 id="title-model-servers">Model servers</h2>
      <ul class="model-servers">
        {servers.map((server) => (
          <li>
            <Server {...server} now={now} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Server({ server, slots, models, running, waiting, idle, now }: ModelServer & { now: Date }) {
  return (
    <>
      <p>
        <b>{server}</b>{" "}
        <span class="quiet">
          {[slots === undefined ? "" : `${slots} ${slots === 1 ? "slot" : "slots"}`, ...models]
            .filter(Boolean)
            .join(" · ")}
        </span>
      </p>
      <dl class="details">
        <Agents name="runs" agents={running} now={now} />
        <Agents name="waits" agents={waiting} now={now} />
        {idle.length > 0 && (
          <div>
            <dt>idle</dt>
            <dd>
              {idle.map((id, index) => (
                <>
                  {index > 0 && ", "}
                  <a href={`/agents/${id}`}>{id}</a>
                </>
              ))}
            </dd>
          </div>
        )}
      </dl>
    </>
  );
}

function Agents({ name, agents, now }: { name: string; agents: readonly AgentAtServer[]; now: Date }) {
  if (agents.length === 0) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {agents.map((agent) => (
          <div>
            <a href={`/agents/${agent.agent_id}`}>{agent.agent_id}</a>: {atServerText(agent)}
            {agent.since !== undefined && (
              <>
                , began <Age at={agent.since} now={now} />
              </>
            )}
          </div>
        ))}
      </dd>
    </div>
  );
}
