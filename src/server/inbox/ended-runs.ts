// Ends the orders of a run that has ended, unless another run continues them: a task when the resume window is over, a pause or a
// resume at once. Only the leader does it. It measures the window by a monotonic clock from when it first sees the end, so that time
// without a serve does not count.
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import { awaitsResume, isCutOff } from "../../domain/fleet/run-end.ts";
import { type CommandRecord, namesOf } from "../../domain/receipts.ts";
import { messageOf } from "../../domain/text/errors.ts";
import { agentSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import type { Projector } from "../fleet/projector.ts";
import type { Lease } from "../lease.ts";

const lookEveryMs = 1_000;

export interface EndedRunsOptions {
  readonly bus: Bus;
  readonly fleet: FleetState;
  readonly lease: Lease;
  readonly projector: Pick<Projector, "catchUp">;
  /** How long after its end a session may be resumed. */
  readonly resumeWindowMs: number;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Returns a function that ends it. */
export function endWithRuns(options: EndedRunsOptions): () => void {
  const { bus, fleet, lease, projector, resumeWindowMs, now, log } = options;
  /** Since when this serve has led and seen each task open, by `performance.now()`. */
  let openSince = new Map<string, number>();

  const keyOf = (id: string, { command_id, run_ended }: CommandRecord) =>
    `${id} ${command_id} ${run_ended?.at ?? ""}`;
  const dueOf = ({ agent_id, commands }: AgentRecord): CommandRecord[] =>
    commands.filter((command) => {
      if (isCutOff(command)) return true;
      const sinceMs = awaitsResume(command) ? openSince.get(keyOf(agent_id, command)) : undefined;
      return sinceMs !== undefined && performance.now() - sinceMs >= resumeWindowMs;
    });
  const note = () => {
    const seen = new Map<string, number>();
    for (const { agent_id, commands } of fleet.records()) {
      for (const command of commands) {
        if (!awaitsResume(command)) continue;
        const key = keyOf(agent_id, command);
        seen.set(key, openSince.get(key) ?? performance.now());
      }
    }
    openSince = seen;
  };
  const end = async ({ agent_id: id }: AgentRecord) => {
    // Read first what is stored by now, because this serve may have been suspended while the order ended.
    await projector.catchUp(id);
    const record = fleet.record(id);
    for (const command of record === undefined ? [] : dueOf(record)) {
      if (!lease.isLeader()) return;
      const facts = { state: "failed", detail: endWords(command, resumeWindowMs) };
      const receipt = { agent_id: id, ...namesOf(command), ...facts, timestamp: now().toISOString() };
      await bus.publishStored(agentSubject(id, "receipt"), receipt);
    }
  };
  let isLooking = false;
  const timer = setInterval(async () => {
    if (!lease.isLeader()) openSince.clear();
    if (isLooking || !bus.isConnected() || !lease.isLeader()) return;
    isLooking = true;
    try {
      note();
      const due = fleet.records().filter((record) => dueOf(record).length > 0);
      for (const record of due.toArray()) await end(record);
    } catch (error) {
      log.debug(`the orders of ended sessions are not ended yet: ${messageOf(error)}`);
    }
    isLooking = false;
  }, lookEveryMs);
  return () => clearInterval(timer);
}

/** The detail of the receipt `failed` for an order whose run has ended. */
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
