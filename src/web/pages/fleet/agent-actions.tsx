/** @jsxImportSource hono/jsx */
// The two actions on an agent's card: the one that fits its state, and stop, which first asks on a page that names the agent. An agent of a peer
// cannot be stopped.
import { isGuest } from "../../../domain/agent-protocol/guest-id.ts";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { isHeldBack } from "../../../domain/fleet/axes.ts";
import { keptBack } from "../../../domain/fleet/shown/let-go.ts";
import { Icon } from "../parts/icon.tsx";
import { ActLink, PostForm, SubmitButton } from "../viewer/act.tsx";

export function AgentActions({ view }: { view: AgentView }) {
  const { agent_id, axes } = view;
  const isOver = axes.link.value !== "online" || axes.control.value === "stopped";
  return (
    <div class="card-acts">
      <FirstAction view={view} isOver={isOver} />
      {!isOver && !isGuest(view) && (
        <ActLink class="button stop" href={`/bulk/stop?agents=${agent_id}`} posts="/bulk">
          <Icon name="stop" /> Stop …<span class="unseen"> {agent_id}</span>
        </ActLink>
      )}
    </div>
  );
}

function FirstAction({ view, isOver }: { view: AgentView; isOver: boolean }) {
  const { agent_id, requests = [], axes } = view;
  const [request] = requests;
  const { value } = axes.control;
  if (request !== undefined) {
    return (
      <a class="button" href={`/agents/${agent_id}#request-${request.request_id}`}>
        <Icon name="question" /> Answer<span class="unseen"> {agent_id}</span>
      </a>
    );
  }
  if (isOver) {
    return (
      <a class="button" href={`/agents/${agent_id}`}>
        <Icon name="text" /> What happened<span class="unseen"> to {agent_id}</span>
      </a>
    );
  }
  if (isGuest(view)) {
    return (
      <a class="button" href={`/agents/${agent_id}`}>
        <Icon name="text" /> Give a task<span class="unseen"> to {agent_id}</span>
      </a>
    );
  }
  const isPaused = isHeldBack(axes) || keptBack(view) === "at a usage limit";
  const [type, label] = isPaused ? ["resume", "Resume"] : ["pause", "Pause"];
  const off =
    value === "pause_requested"
      ? "it is being paused"
      : value === "stop_requested"
        ? "it is stopping"
        : undefined;
  return (
    <PostForm action={`/agents/${agent_id}/commands`} data-order isSaidElsewhere>
      <input type="hidden" name="type" value={type} />
      <SubmitButton off={off}>
        <Icon name={isPaused ? "play" : "pause"} /> {label}
        <span class="unseen"> {agent_id}</span>
      </SubmitButton>
    </PostForm>
  );
}
