// Ends the orders of a run that has ended, if no run continues with them: a task when the resume window is over, a pause or
// a resume at once. The leader does it. It measures the window by a monotonic clock from when it first sees the end, so
// time without a serve does not count.
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

/** Returns the way to end it. */
export function endWithRuns(options: EndedRunsOptions): () => void {
  const { bus, fleet, lease, projector, resumeWindowMs, now, log } = options;
  /** Since when this serve, as the leader, has seen each of them open, by its own monotonic clock. */
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
    // Judge by all that is stored now, because this serve may have been suspended while the order ended.
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
      log.debug(`what ended sessions had is not ended yet: ${messageOf(error)}`);
    }
    isLooking = false;
  }, lookEveryMs);
  return () => clearInterval(timer);
}

/** What is known of an order whose run is over. */
export function endWords(command: Pick<CommandRecord, "type" | "run_ended">, resumeWindowMs: number): string {
  const how = command.run_ended?.how ?? "nobody knows how";
  const words = `the session ended: ${how}`;
  return command.type === "task"
    ? `${words}; nobody went on with it within ${durationText(resumeWindowMs)}`
    : words;
}

function durationText(ms: number): string {
  const [count, unit] = ms % 60_000 === 0 ? [ms / 60_000, "minutes"] : [ms / 1_000, "seconds"];
  return `${count} ${count === 1 ? unit.slice(0, -1) : unit}`;
}
