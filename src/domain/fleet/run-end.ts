// What the end of an agent's run does to its orders. An order that was never `seen` waits again. A task that was `seen` stays open until another
// run resumes the session, or the resume window is over. A control order is over with its run. Pure.
import { type CommandRecord, isControl, isFinal, isUnseen, type TakenBy } from "../receipts.ts";
import type { AgentRecord } from "./agent-record.ts";
import { isGoodbye } from "./axis/link.ts";
import { isKnownToLive } from "./runs.ts";

/** The fields of a record that decide about its orders: the run that was heard last, whether it said goodbye, its session. */
export type RunEvidence = Pick<AgentRecord, "heartbeat" | "said" | "session" | "session_id">;

/** The id of the session in which a run works: from the events of its CLI, or else from its heartbeats. */
export function sessionOf({ heartbeat, session, session_id }: RunEvidence, run: string): string | undefined {
  if (session?.instance_id === run && session.session_id !== undefined) return session.session_id;
  return heartbeat?.instance_id === run ? session_id : undefined;
}

/** Adds to a taken order the session of the run that has it. */
export function withSession(command: CommandRecord, evidence: RunEvidence): CommandRecord {
  const { taken_by } = command;
  if (taken_by === undefined || taken_by.session_id !== undefined) return command;
  const session_id = sessionOf(evidence, taken_by.run);
  return session_id === undefined ? command : { ...command, taken_by: { ...taken_by, session_id } };
}

/**
 * Returns the orders after a heartbeat of `run`. The heartbeat shows that `run` lives, and that all other runs have ended, except those that
 * speak for the agent at the same time. Returns the same list if nothing changes.
 */
export function ordersAfterHeartbeat(
  record: AgentRecord,
  run: string | undefined,
  sessionId: string | undefined,
  at: string,
): readonly CommandRecord[] {
  if (run === undefined) return record.commands;
  const livesBeside = runsBeside(record, run, at);
  return mapOpen(record.commands, (command, taken_by) => {
    const { run_ended, ...rest } = command;
    const holder = holderOf(command);
    if (holder === run) return run_ended === undefined ? command : rest;
    // Leave a control order that no run has taken: the bridge that replaces the host may still take it, or the next run, which refuses it.
    if (holder === undefined || livesBeside(holder) || !isBegun(command)) return command;
    if (taken_by !== undefined && !isControl(command.type)) {
      const goesOn = taken_by.session_id !== undefined && taken_by.session_id === sessionId;
      if (goesOn && isHad(command)) return { ...rest, taken_by: { ...taken_by, run, goes_on: true } };
    }
    return withReplacedRun(command, at);
  });
}

/**
 * Returns the orders when `run` asks for the orders that wait. An order waits again if an earlier run was handed it and has not shown to have
 * it. {@link ordersAfterHeartbeat} may have missed such an order, for one of two reasons. The receipt that names the earlier run may be read after
 * the heartbeat. Or nats-server may have reported the earlier run as connected until then. Returns the same list if nothing changes, and if `run`
 * is not the agent's own run.
 */
export function ordersAfterCall(record: AgentRecord, run: string, at: string): readonly CommandRecord[] {
  const { commands, heartbeat, said } = record;
  const isOwn = heartbeat?.instance_id === run && !(said?.instance_id === run && isGoodbye(said.status));
  if (!isOwn) return commands;
  const livesBeside = runsBeside(record, run, at);
  return mapOpen(commands, (command, taken_by) => {
    const isOfOther = taken_by !== undefined && taken_by.run !== run && !livesBeside(taken_by.run);
    return isOfOther && isUnseen(command) ? withReplacedRun(command, at) : command;
  });
}

/** Returns a function that tells whether another run speaks for the agent beside `run`. */
function runsBeside(
  { heartbeat, run_started_at, other_runs = [] }: AgentRecord,
  run: string,
  at: string,
): (other: string) => boolean {
  const isOther = other_runs.some(({ instance_id }) => instance_id === run);
  const others = other_runs.filter((each) => isOther || isKnownToLive(each, run_started_at ?? at));
  return (other) =>
    others.some(({ instance_id }) => instance_id === other) || (isOther && heartbeat?.instance_id === other);
}

function withReplacedRun(command: CommandRecord, at: string): CommandRecord {
  return command.run_ended === undefined
    ? { ...command, run_ended: { at, how: "another run has taken its place" } }
    : command;
}

/** The run that has the order. If no receipt names a run, a control order's holder is the run that it was sent to. */
function holderOf({ type, taken_by, run }: CommandRecord): string | undefined {
  return taken_by?.run ?? (isControl(type) ? run : undefined);
}

/** Whether a run has taken the order: it is delivered, or further. */
function isBegun({ receipts }: Pick<CommandRecord, "receipts">): boolean {
  return receipts.some(({ state }) => state !== "stored");
}

/** How a run has ended, as its goodbye says. */
export interface Goodbye {
  readonly how: string;
  readonly at: string;
  /** Whether it said that it was stopped. */
  readonly isStopped: boolean;
}

/**
 * Returns the orders after a run's goodbye.
 * @param run the run that said goodbye; if the goodbye names none, the one that was heard last
 */
export function ordersAfterGoodbye(
  commands: readonly CommandRecord[],
  run: string | undefined,
  { how, at, isStopped }: Goodbye,
): readonly CommandRecord[] {
  const stopped = isStopped ? ({ stopped: true } as const) : {};
  const isOfRun = (command: CommandRecord) => {
    const holder = holderOf(command);
    if (holder !== undefined) return holder === run;
    // A control order of another program names no run. The run that took it is the one that has ended since.
    return command.receipts.some((receipt) => receipt.state === "delivered" && receipt.at <= at);
  };
  return mapOpen(commands, (command) =>
    command.run_ended === undefined && isOfRun(command)
      ? { ...command, run_ended: { at, how, ...stopped } }
      : command,
  );
}

/** Whether the order is a task that a session had when it ended. It stays open while that session may be resumed. */
export function awaitsResume(command: CommandRecord): boolean {
  return command.run_ended !== undefined && command.type === "task" && isHad(command);
}

/** Whether the order is a task that a run still has: the run has not said goodbye, and no other run has replaced it. */
export function isHadByRun(command: CommandRecord): boolean {
  const { type, taken_by, run_ended } = command;
  return type === "task" && taken_by !== undefined && run_ended === undefined && isHad(command);
}

/** Whether the order is a task of an ended session that no run has continued, and which therefore has failed. */
export function failedWithSession(
  { type, taken_by, run_ended, receipts }: CommandRecord,
  sessionId: string,
): boolean {
  return (
    type === "task" &&
    run_ended !== undefined &&
    taken_by?.session_id === sessionId &&
    receipts.at(-1)?.state === "failed"
  );
}

/** Whether the order is a control order whose run has ended before the order was over. It was for that run only. */
export function isCutOff({ type, run_ended, receipts }: CommandRecord): boolean {
  return run_ended !== undefined && isControl(type) && !isOver({ receipts });
}

/** Whether the order is a control order that a run has taken and not carried out. False if that run is known to have ended. */
export function isControlInHand(command: CommandRecord): boolean {
  const { type, run_ended } = command;
  return isControl(type) && run_ended === undefined && isBegun(command) && !isOver(command);
}

/** Whether the order is `seen`, and has no final receipt yet. */
export function isHad({ receipts }: Pick<CommandRecord, "receipts">): boolean {
  return receipts.at(-1)?.state === "seen";
}

/** The state of an order, for a person: its last receipt, and what the end of its run means for it. */
export function standingOf(
  command: Pick<CommandRecord, "type" | "run_ended" | "taken_by" | "receipts">,
): string {
  const { run_ended, receipts } = command;
  const state = receipts.at(-1)?.state ?? "";
  if (run_ended === undefined || isOver(command)) return state;
  if (isHad(command)) return command.type === "task" ? `${state}, its session has ended` : state;
  return isUnseen(command) ? `${state}, waits again` : state;
}

function isOver({ receipts }: Pick<CommandRecord, "receipts">): boolean {
  return receipts.some(({ state }) => isFinal(state));
}

/** Applies `change` to the orders that are not over and that a run may have: orders that were handed to a run, and control orders. */
function mapOpen(
  commands: readonly CommandRecord[],
  change: (command: CommandRecord, taken_by: TakenBy | undefined) => CommandRecord,
): readonly CommandRecord[] {
  let isSame = true;
  const after = commands.map((command) => {
    const isAnyones = command.taken_by === undefined && !isControl(command.type);
    if (isAnyones || isOver(command)) return command;
    const changed = change(command, command.taken_by);
    if (changed !== command) isSame = false;
    return changed;
  });
  return isSame ? commands : after;
}
