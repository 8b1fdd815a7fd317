// The third stage of the host: takes the agent's orders from NATS, and carries out the control orders.
import { createOrderIntake, type OrderIntake } from "../agent-link/order-intake.ts";
import { isControl } from "../domain/receipts.ts";
import type { Reporting } from "./reporting.ts";
import type { SessionOptions } from "./session-options.ts";
import type { Speaking } from "./speaking.ts";
import type { CliProcess } from "./steer/cli-process.ts";
import { type Control, createControl } from "./steer/control.ts";
import type { Gate } from "./steer/gate.ts";
import { createPauses } from "./steer/pauses.ts";
import { createStopTelling } from "./steer/stop-telling.ts";
import { createStops } from "./steer/stops.ts";

export interface Steering {
  readonly gate: Gate;
  readonly control: Control;
  readonly orders: OrderIntake;
  /** The CLI's process has started. `undefined` means that it will never start. */
  started(process: CliProcess | undefined): void;
}

/** @param beganMs when this run of the agent began, by `performance.now()` */
export function startSteering(
  { agentId: id, instanceId, holdMs, log, now }: SessionOptions,
  beganMs: number,
  { link, receipts, textHold }: Reporting,
  { turn, background, routes, delivery, approvals, nudge }: Speaking,
): Steering {
  const started = Promise.withResolvers<CliProcess | undefined>();
  const pauses = createPauses({ turn, receipts, holdMs });
  const { gate } = pauses;
  const telling = createStopTelling({ delivery, routes, turn, receipts, log });
  const stops = createStops({
    ...{ gate, turn, background, telling, receipts },
    whenStarted: started.promise,
    begun: [delivery, approvals],
  });
  const control = createControl({ pauses, stops, receipts });
  const orders = createOrderIntake({
    ...{ id, now, log },
    run: { ids: [instanceId], beganMs },
    wasHandedOver: delivery.hasTaken,
    onArrival: control.arrived,
    onOrder: (order) => {
      if (order.token !== undefined) receipts.noteToken(order.command_id, order.token);
      textHold.noteOrder(order);
      if (isControl(order.type)) control.take(order);
      else nudge();
    },
  });
  link.onChange((bus) => {
    if (bus === undefined) return;
    orders.attach(bus);
    if (routes.isReady()) delivery.nudge();
  });
  return { gate, control, orders, started: started.resolve };
}
