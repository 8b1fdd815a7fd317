/** @jsxImportSource hono/jsx */
// The forms that send an agent a command. Each contains a command id, so that pressing its button twice takes effect only once.

import { isGuest } from "../../../domain/agent-protocol/guest-id.ts";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import { canBeLetGo } from "../../../domain/fleet/shown/let-go.ts";
import { isResumable } from "../../../domain/fleet/shown/way-back.ts";
import type { Health } from "../../../server/server.ts";
import { PostForm, SubmitButton } from "../viewer/act.tsx";
import { Icon, type IconName } from "./icon.tsx";

export function OrderForms({ view, health }: { view: AgentView; health: Health }) {
  const { agent_id } = view;
  const action = `/agents/${agent_id}/commands`;
  return (
    <section class="orders" aria-labelledby="title-orders">
      <h2 id="title-orders" class="unseen">
        Commands for {agent_id}
      </h2>
      <div id="orders">
        <PostForm action={action} class="order-task" data-order data-draft={`task-${agent_id}`}>
          <OrderId type="task" />
          <label for="task-text">Task for {agent_id}</label>
          <div>
            <textarea id="task-text" name="text" rows={2} required placeholder="What should it do?" />
            <SendTask view={view} />
          </div>
        </PostForm>
        <OrderButtons view={view} />
      </div>
      <p id="orders-why" class="attention">
        {health.ready ? "" : health.reason}
      </p>
      <p id="order-result" class="order-result" role="status" />
    </section>
  );
}

/** A task for an agent whose work is over is refused, so the button says why; what was typed stays, and can be sent once the agent is back. */
export function SendTask({ view }: { view: AgentView }) {
  return (
    <SubmitButton
      id="send-task"
      class="primary"
      off={whyNoTask(view)}
      to={`/agents/${view.agent_id}/commands`}
    >
      Send task
    </SubmitButton>
  );
}

/** Undefined if it takes a task, at the latest when it is back. */
export function whyNoTask(view: AgentView): string | undefined {
  return isOver(view) ? "it takes no task before it is resumed" : undefined;
}

/** Whether a person has stopped the agent, or it has ended its work. */
function isOver({ status }: AgentView): boolean {
  return status === "stopped" || status === "ended";
}

/** Whether the button Resume starts the agent again. If the agent is among the needs, the same button stands there. */
function startsAgain(view: AgentView): boolean {
  return isResumable(view) && !isInNeed(view);
}

function isInNeed({ needs }: AgentView): boolean {
  return needs.some(({ kind }) => kind === "died" || kind === "lost");
}

/** The state that the buttons depend on. */
export function orderState(view: AgentView): string {
  const { control, link, activity } = view.axes;
  const running = control.value === "stop_requested" ? activity.reason : "";
  return `${control.value} ${link.value === "offline"} ${running} ${awayText(view) ?? ""} ${startsAgain(view)} ${canBeLetGo(view)}`;
}

/** What becomes of a task for an agent that is away; undefined if it is not. */
function awayText(view: AgentView): string | undefined {
  const { agent_id, status, queued, axes } = view;
  if (axes.link.value !== "offline" && axes.link.value !== "silent") return undefined;
  const again = startsAgain(view) ? " Resume starts it again in its session." : "";
  if (isOver(view)) {
    return `${agent_id} ${status === "stopped" ? "was stopped" : "has ended"}: it takes no task before it is resumed.${again}`;
  }
  const orders = queued === 1 ? "1 order" : `${queued} orders`;
  const more = queued === 0 ? "" : ` It will receive ${orders} when it is back.`;
  return `${agent_id} is away: a task waits for it.${more}${again}`;
}

/**
 * The buttons, by the agent's `control`. A button that would change nothing is marked, and its title says why. It is never `disabled`,
 * because the browser would take the focus from the button that was just pressed.
 */
export function OrderButtons({ view }: { view: AgentView }) {
  const { agent_id } = view;
  const { value } = view.axes.control;
  const isGone = view.axes.link.value === "offline";
  const action = `/agents/${agent_id}/commands`;
  const guest = isGuest(view) ? "its protocol has no such order" : undefined;
  const over = value === "stopped" ? "it has stopped" : isGone ? "it is not running" : guest;
  const ending = value === "stop_requested" ? "it is stopping" : over;
  const isPaused = canBeLetGo(view);
  const isAsked = value === "pause_requested" ? "it is being paused" : undefined;
  const pauseOff = value === "paused" ? "it is paused" : isAsked;
  const away = awayText(view);
  return (
    <div id="order-buttons" class="order-buttons">
      {away !== undefined && <p class="attention away">{away}</p>}
      <OrderButton {...{ action, type: "pause", icon: "pause", label: "Pause" }} off={ending ?? pauseOff} />
      {startsAgain(view) ? (
        <StartAgain id={agent_id} />
      ) : (
        <OrderButton
          {...{ action, type: "resume", icon: "play", label: "Resume" }}
          off={ending ?? (isPaused ? undefined : "it is not paused")}
        />
      )}
      <OrderButton {...{ action, type: "stop", icon: "stop", label: "Stop", off: ending }} />
      {value === "stop_requested" && over === undefined && <StopNow view={view} action={action} />}
    </div>
  );
}

/** Starts an agent again that has ended. It is no order: an order reaches a run only, and there is none. */
function StartAgain({ id }: { id: string }) {
  return (
    <PostForm action="/needs" data-act="Starting …" isSaidElsewhere>
      <input type="hidden" name="act" value="resume" />
      <input type="hidden" name="back" value={`/agents/${id}`} />
      <input type="hidden" name="agents" value={id} />
      <SubmitButton class="resume">
        <Icon name="play" />
        Resume
      </SubmitButton>
    </PostForm>
  );
}

/**
 * The stop by force, for an agent that is stopping. It stands apart and closed, so that a second click or Enter on the button Stop
 * never cuts an agent off.
 */
function StopNow({ view, action }: { view: AgentView; action: string }) {
  const { activity } = view.axes;
  return (
    <details id="stop-now" class="stop-now">
      <summary>Do not wait for {view.agent_id} to finish …</summary>
      <p>
        Now: {activity.value} ({activity.reason}). Its session ends at once, the tools that run are cut off,
        and it cannot report.
      </p>
      <OrderButton {...{ action, type: "stop", icon: "stop", label: "Stop now" }} off={undefined} isForced />
    </details>
  );
}

interface OrderButtonProps {
  readonly action: string;
  readonly type: "pause" | "resume" | "stop";
  readonly icon: IconName;
  readonly label: string;
  /** Why the button would change nothing; undefined if it would change something. */
  readonly off: string | undefined;
  /** Whether it sends `force`: the stop then does not wait for the agent to finish. */
  readonly isForced?: boolean;
}

function OrderButton({ action, type, icon, label, off, isForced = false }: OrderButtonProps) {
  return (
    <PostForm action={action} data-order isSaidElsewhere>
      <OrderId type={type} />
      {isForced && <input type="hidden" name="force" value="true" />}
      <SubmitButton class={type} off={off}>
        <Icon name={icon} />
        {label}
      </SubmitButton>
    </PostForm>
  );
}

function OrderId({ type }: { type: string }) {
  return (
    <>
      <input type="hidden" name="type" value={type} />
      <input type="hidden" name="command_id" value={crypto.randomUUID()} />
    </>
  );
}
