/** @jsxImportSource hono/jsx */
// The forms that send an agent a command. Each contains a command id, so that pressing its button twice takes effect only once.

import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import type { Health } from "../../../server/server.ts";
import { Icon, type IconName } from "./icon.tsx";

export function OrderForms({ view, health }: { view: AgentView; health: Health }) {
  const { agent_id } = view;
  const action = `/agents/${agent_id}/commands`;
  return (
    <section class="orders" aria-labelledby="title-orders">
      <h2 id="title-orders" class="unseen">
        Commands for {agent_id}
      </h2>
      <fieldset id="orders" disabled={!health.ready}>
        <form method="post" action={action} class="order-task" data-order>
          <OrderId type="task" />
          <label for="task-text">Task for {agent_id}</label>
          <div>
            <textarea id="task-text" name="text" rows={2} required placeholder="What should it do?" />
            <button type="submit" class="primary">
              Send task
            </button>
          </div>
        </form>
        <OrderButtons view={view} />
      </fieldset>
      <p id="orders-why" class="attention">
        {health.ready ? "" : health.reason}
      </p>
      <p id="order-result" class="order-result" role="status" />
    </section>
  );
}

/** The state that the buttons depend on. */
export function orderState({ axes: { control, link } }: AgentView): string {
  return `${control.value} ${link.value === "offline"}`;
}

/** The buttons, by the agent's `control`. A button that would change nothing is disabled, and its title says why. */
export function OrderButtons({ view }: { view: AgentView }) {
  const { agent_id } = view;
  const { value } = view.axes.control;
  const isGone = view.axes.link.value === "offline";
  const action = `/agents/${agent_id}/commands`;
  const over = value === "stopped" ? "it has stopped" : isGone ? "it is not running" : undefined;
  const ending = value === "stop_requested" ? "it is stopping" : over;
  const isPaused = value === "paused" || value === "pause_requested";
  return (
    <div id="order-buttons" class="order-buttons">
      <OrderButton
        {...{ action, type: "pause", icon: "pause", label: "Pause" }}
        off={ending ?? (value === "paused" ? "it is paused" : isPaused ? "it is being paused" : undefined)}
      />
      <OrderButton
        {...{ action, type: "resume", icon: "play", label: "Resume" }}
        off={ending ?? (isPaused ? undefined : "it is not paused")}
      />
      <OrderButton
        {...{ action, type: "stop", icon: "stop", off: over }}
        label={value === "stop_requested" ? "Stop now" : "Stop"}
        isForced={value === "stop_requested"}
      />
    </div>
  );
}

interface OrderButtonProps {
  readonly action: string;
  readonly type: "pause" | "resume" | "stop";
  readonly icon: IconName;
  readonly label: string;
  /** Why the button is disabled; undefined if it is not. */
  readonly off: string | undefined;
  /** Whether it sends `force`: for a second stop, which does not wait for the agent to finish. */
  readonly isForced?: boolean;
}

function OrderButton({ action, type, icon, label, off, isForced = false }: OrderButtonProps) {
  return (
    <form method="post" action={action} data-order>
      <OrderId type={type} />
      {isForced && <input type="hidden" name="force" value="true" />}
      <button type="submit" class={type} disabled={off !== undefined} title={off}>
        <Icon name={icon} />
        {label}
      </button>
    </form>
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
