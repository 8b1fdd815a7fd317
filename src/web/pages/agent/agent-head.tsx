/** @jsxImportSource hono/jsx */
// How an agent is, in a few lines above its tabs: its status, its task, what it said last. For one that has ended: what is lost, and what a
// person can do.
import { guestWords, isGuest } from "../../../domain/agent-protocol/guest-id.ts";
import { type AgentView, unknownText } from "../../../domain/fleet/agent-view.ts";
import { isResumable, ownWayBack, resumeLine } from "../../../domain/fleet/shown/way-back.ts";
import { LastAction } from "../parts/last-action.tsx";
import { ProgressLine } from "../parts/progress-line.tsx";
import { AttentionLine, StatusBadge } from "../parts/status-badge.tsx";
import { TaskText } from "../parts/task-text.tsx";
import { Age } from "../parts/time.tsx";
import { ActLink } from "../viewer/act.tsx";

export function AgentHead({ view, now }: { view: AgentView; now: Date }) {
  const { progress, last_words } = view;
  return (
    <div id="agent-head" class="agent-head">
      <p class="facts">
        <StatusBadge view={view} />
        <span>
          last action <LastAction view={view} now={now} />
        </span>
      </p>
      <AttentionLine view={view} now={now} />
      {isGuest(view) && <p class="quiet">{guestWords}</p>}
      <EndedAgent view={view} />
      <p class="task">
        <TaskText view={view} now={now} />
      </p>
      <ProgressLine progress={progress} />
      {last_words !== undefined && (
        <section class="last-words" aria-label="What it said last">
          <p class="facts">
            Said <Age at={last_words.at} now={now} />
          </p>
          <blockquote>{last_words.text}</blockquote>
        </section>
      )}
    </div>
  );
}

const goneWords: readonly string[] = ["stopped", "ended", "crashed", "disconnected", "failed_to_start"];

/** What became of the work of an agent that does not run any more, and the ways to go on. */
function EndedAgent({ view }: { view: AgentView }) {
  if (!goneWords.includes(view.status)) return null;
  const { agent_id, queued, config_name, project_path, task } = view;
  const ownWay = ownWayBack(view);
  const spawn = new URLSearchParams({
    ...(config_name === unknownText ? {} : { profile: config_name }),
    ...(project_path === unknownText ? {} : { project: project_path }),
    task: task.text,
  });
  return (
    <section class="ended" aria-label="It does not run">
      <p>
        {lostWords(view)}
        {queued > 0 && ` ${queued === 1 ? "One order waits" : `${queued} orders wait`} for its next run.`}
      </p>
      <ul>
        {isResumable(view) && (
          <CommandLine id="resume-line" text={resumeLine(view)}>
            Go on with it, in a terminal:
          </CommandLine>
        )}
        {ownWay !== undefined && <li>cliai did not launch it: {ownWay}</li>}
        {!isGuest(view) && (
          <li>
            <ActLink href={`/spawn?${spawn}`} posts="/spawn">
              Launch another one
            </ActLink>{" "}
            with its profile, project and task, in a new session
          </li>
        )}
        <CommandLine id="remove-line" text={`cliai agents remove ${agent_id}`}>
          Remove it from the fleet, in a terminal:
        </CommandLine>
      </ul>
    </section>
  );
}

function CommandLine({ id, text, children }: { id: string; text: string; children: string }) {
  return (
    <li class="resume">
      {children} <code id={id}>{text}</code>
      <button type="button" data-copy={id}>
        Copy
      </button>
    </li>
  );
}

/** What the end of its run has broken off. */
function lostWords(view: AgentView): string {
  const { status, session } = view;
  const tools = session?.tools ?? [];
  const isInTurn = session?.turn !== undefined && session.turn.ended_at === undefined;
  if (status === "failed_to_start") return "It has failed to start, so it has done nothing.";
  if (isGuest(view)) return "What it had not answered by then is not known here.";
  if (tools.length > 0)
    return `It ended in the middle of a tool call (${tools.map(({ tool }) => tool).join(", ")}): what the tool had not done by then is lost.`;
  if (isInTurn)
    return "It ended in the middle of a turn: what its model had not said or done by then is lost.";
  return "It ended between two turns: nothing that it was doing is lost.";
}
