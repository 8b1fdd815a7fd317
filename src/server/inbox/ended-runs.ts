// Ends the orders of a run that has ended, unless another run continues them: a task when the resume window is over, a control order
// at once. A lost run (its machine has no power) says no goodbye. Its orders end when it was silent for the resume window. An order that
// would wait again, and that the store has lost, ends at once. Only the leader does it. Only the time in which the leader has
// looked counts (`watched-time.ts`).
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import { silentAfterMs } from "../../domain/fleet/axis/link.ts";
import { awaitsResume, isControlInHand, isCutOff, isHadByRun } from "../../domain/fleet/run-end.ts";
import { type CommandRecord, isLost, isSameOrder, isStopType, namesOf } from "../../domain/receipts.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import type { Lease } from "../lease.ts";
import { forEach } from "./for-each.ts";
import { lostEnd } from "./lost-orders.ts";
import type { OrderEnds } from "./order-ends.ts";
import { createWatchedTime } from "./watched-time.ts";

const lookEveryMs = 1_000;

export interface EndedRunsOptions {
  readonly bus: Pick<Bus, "isConnected">;
  readonly fleet: FleetState;
  readonly lease: Lease;
  readonly orderEnds: OrderEnds;
  /** How long after its end a session may be resumed. */
  readonly resumeWindowMs: number;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Returns a function that ends it. */
export function endWithRuns(options: EndedRunsOptions): () => void {
  const { bus, fleet, lease, orderEnds, resumeWindowMs, now, log } = options;
  const open = createWatchedTime(2 * lookEveryMs);

  /** Why the agent's run is lost; undefined if the agent is online. */
  const lossOf = ({ agent_id }: AgentRecord): string | undefined => {
    const link = fleet.get(agent_id)?.axes.link;
    return link === undefined || link.value === "online" ? undefined : link.reason;
  };
  const hasLostRun = (record: AgentRecord, command: CommandRecord) =>
    (isHadByRun(command) || isControlInHand(command)) &&
    record.heartbeat !== undefined &&
    lossOf(record) !== undefined;
  const keyOf = (id: string, { command_id, run_ended, taken_by, run }: CommandRecord) =>
    `${id} ${command_id} ${run_ended?.at ?? `lost ${taken_by?.run ?? run}`}`;
  /** How long such an order stays open: the resume window. For a lost run at least until it counts as silent, because it may come back before that. */
  const windowMsOf = ({ heartbeat }: AgentRecord, { run_ended }: CommandRecord) =>
    run_ended !== undefined || heartbeat === undefined
      ? resumeWindowMs
      : Math.max(resumeWindowMs, silentAfterMs(heartbeat));
  const dueOf = (record: AgentRecord): CommandRecord[] =>
    record.commands.filter((command) => {
      if (isCutOff(command) || isLost(command)) return true;
      if (!awaitsResume(command) && !hasLostRun(record, command)) return false;
      return (open.lastedMs(keyOf(record.agent_id, command)) ?? 0) >= windowMsOf(record, command);
    });
  const watch = () => {
    const keys: string[] = [];
    for (const record of fleet.records()) {
      for (const command of record.commands) {
        if (awaitsResume(command) || hasLostRun(record, command)) keys.push(keyOf(record.agent_id, command));
      }
    }
    open.look(keys, performance.now());
  };
  const end = async ({ agent_id: id }: AgentRecord) => {
    const due = fleet.record(id);
    for (const order of due === undefined ? [] : dueOf(due)) {
      // Look again, because this serve may have been suspended while the order ended.
      await orderEnds.store(id, () => {
        const record = fleet.record(id);
        if (record === undefined || !lease.isLeader()) return undefined;
        const command = dueOf(record).find((each) => isSameOrder(each, order));
        if (command === undefined) return undefined;
        const end = endOf(command, lossOf(record));
        return { ...namesOf(command), ...end, timestamp: now().toISOString() };
      });
    }
  };
  const endOf = (command: CommandRecord, loss: string | undefined) => {
    if (isLost(command)) return lostEnd;
    const { type, run_ended } = command;
    if (run_ended?.stopped === true && isStopType(type)) {
      return { state: "applied", detail: `its run has reported the end: ${run_ended.how}` } as const;
    }
    const state = "failed";
    if (run_ended !== undefined || loss === undefined)
      return { state, detail: endWords(command, resumeWindowMs) };
    const lost = { type, run_ended: { at: now().toISOString(), how: loss } };
    return { state, detail: endWords(lost, resumeWindowMs), run_ended: loss };
  };
  let isLooking = false;
  const timer = setInterval(async () => {
    if (!lease.isLeader()) open.clear();
    if (isLooking || !bus.isConnected() || !lease.isLeader()) return;
    isLooking = true;
    try {
      watch();
      const due = fleet.records().filter((record) => dueOf(record).length > 0);
      await forEach(due.toArray(), end);
    } catch (error) {
      log.debug(`the orders of ended sessions are not ended yet: ${messageOf(error)}`);
    }
    isLooking = false;
  }, lookEveryMs);
  return () => clearInterval(timer);
}

/** The detail of the receipt `failed` for an order that has ended with its run. */
export function endWords(command: Pick<CommandRecord, "type" | "run_ended">, resumeWindowMs: number): string {
  const how = command.run_ended?.how ?? "it is not known how";
  const words = `the session ended: ${how}`;
  return command.type === "task"
    ? `${words}; nobody resumed it within ${durationText(resumeWindowMs)}`
    : words;
}

function durationText(ms: number): string {
  const [count, unit] = ms % 60_000 === 0 ? [ms / 60_000, "minutes"] : [ms / 1_000, "seconds"];
  return `${count} ${count === 1 ? unit.slice(0, -1) : unit}`;
}
