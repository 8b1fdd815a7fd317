// Which orders follow from the holds on an agent: a pause while one stands, and a resume when the last one is gone. A pause that a person or a
// captain has given stays. Pure.
import type { AgentRecord } from "../fleet/agent-record.ts";
import { controlOrders } from "../fleet/axis/control.ts";
import { type CommandRecord, isDeclined, isStopType } from "../receipts.ts";
import { type Hold, isHoldOrder, isSameHold, noHolds, withoutOver } from "./hold.ts";

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
  const pauses = lastingPauses(orders);
  if (holds.length > 0) return pauses.length === 0 ? "pause" : undefined;
  return pauses.length > 0 && pauses.every(isHoldOrder) ? "resume" : undefined;
}

/**
 * Whether the agent's run goes on when this hold ends: no other hold stands then, and nobody but cliai has paused or stopped it.
 * @param holds those that stand, with the one that ends
 */
export function goesOnAfter(
  ending: Pick<Hold, "reason" | "source">,
  holds: readonly Hold[],
  record: AgentRecord,
  now: Date,
): boolean {
  const lifted = overriddenOf(holds, record);
  const lasting = withoutOver({ ...noHolds, holds }, now).holds;
  if (lasting.some((each) => !lifted.includes(each) && !isSameHold(each, ending))) return false;
  const orders = controlOrders(record).filter((order) => !isDeclined(order));
  const last = orders.at(-1);
  if (last !== undefined && isStopType(last.type)) return false;
  return lastingPauses(orders).every(isHoldOrder);
}

function lastingPauses(orders: readonly CommandRecord[]): readonly CommandRecord[] {
  return orders.slice(orders.findLastIndex(({ type }) => type === "resume") + 1);
}

/**
 * Those of the holds that somebody has overridden: by a resume that was given after the hold, is not cliai's own, and has lifted a pause of
 * cliai's. Whoever lifts only a pause of their own has seen no hold, and overrides none.
 */
export function overriddenOf(holds: readonly Hold[], { commands }: AgentRecord): readonly Hold[] {
  const orders = commands.filter((order) => order.stream_seq > 0 && !isDeclined(order));
  const resumes = orders.filter(
    (order) => order.type === "resume" && !isHoldOrder(order) && liftedBy(order, orders).some(isHoldOrder),
  );
  return holds.filter(({ after_seq }) => resumes.some(({ stream_seq }) => stream_seq > after_seq));
}

/** The pauses of the same run since the resume before. @param orders none of them declined */
function liftedBy(resume: CommandRecord, orders: readonly CommandRecord[]): readonly CommandRecord[] {
  const { run, stream_seq } = resume;
  const isSameRun = (order: CommandRecord) =>
    order.run === undefined || run === undefined || order.run === run;
  const before = orders.filter((order) => order.stream_seq < stream_seq && isSameRun(order));
  const from = before.findLastIndex(({ type }) => type === "resume") + 1;
  return before.slice(from).filter(({ type }) => type === "pause");
}
