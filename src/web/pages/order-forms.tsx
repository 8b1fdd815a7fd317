/** @jsxImportSource hono/jsx */
// The forms that give an agent a command. Each carries a command id of its own: pressed twice, it takes effect once.
import type { AgentView } from "../../domain/agent-record.ts";
import type { Health } from "../../server/server.ts";
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
            <textarea id="task-text" name="text" rows={2} required placeholder="What shall it do?" />
            <button type="submit" class="primary">
              Send task
            </button>
          </div>
        </form>
        <div class="order-buttons">
          <OrderButton action={action} type="pause" icon="pause" label="Pause" />
          <OrderButton action={action} type="resume" icon="play" label="Resume" />
          <OrderButton action={action} type="stop" icon="stop" label="Stop" />
        </div>
      </fieldset>
      <p id="orders-why" class="attention">
        {health.ready ? "" : health.reason}
      </p>
      <p id="order-result" class="order-result" role="status" />
    </section>
  );
}

function OrderButton({
  action,
  type,
  icon,
  label,
}: {
  action: string;
  type: string;
  icon: IconName;
  label: string;
}) {
  return (
    <form method="post" action={action} data-order>
      <OrderId type={type} />
      <button type="submit" class={type}>
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
