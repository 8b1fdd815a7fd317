// Which orders follow from the holds on an agent: a pause while one stands, and a resume when the last one is gone. A pause that a person or a
// captain has given stays. Pure.
import type { AgentRecord } from "../fleet/agent-record.ts";
import { controlOrders } from "../fleet/axis/control.ts";
import { isDeclined, isStopType } from "../receipts.ts";
import { type Hold, isHoldOrder } from "./hold.ts";

/** How long after an order that was not carried out the next one is given. */
const againAfterMs = 30_000;

/** The order that the agent's run needs now; undefined if it needs none. @param holds those that stand */
export function neededOrder(
  holds: readonly Hold[],
  record: AgentRecord,
  now: Date,
): "pause" | "resume" | undefined {
  const all = controlOrders(record);
  const orders = all.filter((order) => !isDeclined(order));
  const last = orders.at(-1);
  if (last !== undefined && isStopType(last.type)) return undefined;
  const newest = all.at(-1);
  if (newest !== undefined && isDeclined(newest) && isHoldOrder(newest)) {
    if (Math.abs(now.getTime() - Date.parse(newest.issued_at)) < againAfterMs) return undefined;
  }
  const pauses = orders.slice(orders.findLastIndex(({ type }) => type === "resume") + 1);
  if (holds.length > 0) return pauses.length === 0 ? "pause" : undefined;
  return pauses.length > 0 && pauses.every(isHoldOrder) ? "resume" : undefined;
}

/** Those of the holds that somebody has overridden: by a resume that was given after the hold, and is not cliai's own. */
export function overriddenOf(holds: readonly Hold[], { commands }: AgentRecord): readonly Hold[] {
  const resumes = commands.filter(
    (order) => order.type === "resume" && order.stream_seq > 0 && !isHoldOrder(order) && !isDeclined(order),
  );
  return holds.filter(({ after_seq }) => resumes.some(({ stream_seq }) => stream_seq > after_seq));
}
