/** @jsxImportSource hono/jsx */
// What an agent has reported about itself: names, place, process. What it has not reported reads "unknown".
import type { Child } from "hono/jsx";
import { abilitiesOf, type CliAbilities } from "../../../domain/abilities.ts";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { cliText } from "../../../domain/fleet/shown/shown-cli.ts";
import type { OnLimit } from "../../../domain/limits/on-limit.ts";
import { ModelRequest } from "./model-request.tsx";
import { Age } from "./time.tsx";

type Row = readonly [name: string, value: Child];

export interface AgentDetailsProps {
  readonly view: AgentView;
  readonly clis: readonly CliAbilities[];
  readonly now: Date;
}

const limitWords: Readonly<Record<OnLimit, string>> = {
  resume: "it goes on by itself when the limit ends",
  hold: "it waits for a person",
  stop: "it is stopped",
};

/** What the agent does at a usage limit, and its place among those that go on after it. */
function limitText({ heartbeat }: AgentView): string {
  const { on_limit, priority } = heartbeat ?? {};
  const does = on_limit === undefined ? "as serve is set (--on-limit)" : limitWords[on_limit];
  return priority === undefined ? does : `${does}; priority ${priority}`;
}

function LaunchTask({ text, at, now }: { text: string; at: string; now: Date }) {
  return (
    <span id="launch-task">
      {text} (<Age at={at} now={now} />)
    </span>
  );
}

export function AgentDetails({ view, clis, now }: AgentDetailsProps) {
  const abilities = abilitiesOf(view.heartbeat, clis);
  const rows: readonly Row[] = [
    ["id", view.agent_id],
    ["profile", view.config_name],
    ["project", view.project_path],
    ...(view.heartbeat?.worktree_branch === undefined
      ? []
      : [["worktree", `of its own, made on the branch ${view.heartbeat.worktree_branch}`] as const]),
    ...(view.tags.length === 0 ? [] : [["tags", view.tags.join(", ")] as const]),
    ["cli", cliText(view)],
    // For an agent without a host, the abilities are not known.
    ...(abilities === undefined ? [] : [["abilities", abilities.summary] as const]),
    ...(view.heartbeat?.model_request === undefined
      ? []
      : [["model server", <ModelRequest view={view} now={now} />] as const]),
    ["at a usage limit", limitText(view)],
    ["host", view.host],
    ["pid", view.pid],
    ["session", view.session_id],
    ...(view.launch_task === undefined
      ? []
      : [["launched with", <LaunchTask {...view.launch_task} now={now} />] as const]),
    ["first heard", <Age at={view.first_seen} now={now} />],
    ["this run began", <Age at={view.run_started_at} now={now} />],
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
