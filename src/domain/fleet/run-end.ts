// What the end of an agent's run does to its orders (contract §5): an order that was never seen waits again; a task that
// was seen stays open until another run resumes the session or the resume window ends. Pure.
import { type CommandRecord, isFinal, isUnseen, type TakenBy } from "../receipts.ts";
import type { AgentRecord } from "./agent-record.ts";
import { isKnownToLive } from "./runs.ts";

/** What decides about an agent's orders: the run heard last, whether it said goodbye, its session. */
export type RunEvidence = Pick<AgentRecord, "heartbeat" | "said" | "session" | "session_id">;

/** The session that a run works in, as its CLI's events tell it, or else its heartbeats. */
export function sessionOf({ heartbeat, session, session_id }: RunEvidence, run: string): string | undefined {
  if (session?.instance_id === run && session.session_id !== undefined) return session.session_id;
  return heartbeat?.instance_id === run ? session_id : undefined;
}

/** Notes the session in which a run was handed an order. */
export function withSession(command: CommandRecord, evidence: RunEvidence): CommandRecord {
  const { taken_by } = command;
  if (taken_by === undefined || taken_by.session_id !== undefined) return command;
  const session_id = sessionOf(evidence, taken_by.run);
  return session_id === undefined ? command : { ...command, taken_by: { ...taken_by, session_id } };
}

/**
 * The orders after a heartbeat: the run that sends it lives, and of the others those alone that speak for the agent beside it.
 * The same list where nothing changes.
 */
export function ordersAfterHeartbeat(
  { commands, heartbeat, run_started_at, other_runs = [] }: AgentRecord,
  run: string | undefined,
  sessionId: string | undefined,
  at: string,
): readonly CommandRecord[] {
  if (run === undefined) return commands;
  const isOther = other_runs.some(({ instance_id }) => instance_id === run);
  const others = other_runs.filter((each) => isOther || isKnownToLive(each, run_started_at ?? at));
  const livesBeside = (id: string) =>
    others.some(({ instance_id }) => instance_id === id) || (isOther && heartbeat?.instance_id === id);
  return mapOpen(commands, (command, taken_by) => {
    const { run_ended, ...rest } = command;
    if (taken_by.run === run) return run_ended === undefined ? command : rest;
    if (livesBeside(taken_by.run)) return command;
    const goesOn = taken_by.session_id !== undefined && taken_by.session_id === sessionId;
    if (goesOn && isHad(command)) return { ...rest, taken_by: { ...taken_by, run, goes_on: true } };
    return run_ended === undefined
      ? { ...command, run_ended: { at, how: "another run has taken its place" } }
      : command;
  });
}

/** The orders after a run's goodbye in these words; of a goodbye that names no run it is the last that was heard. */
export function ordersAfterGoodbye(
  commands: readonly CommandRecord[],
  run: string | undefined,
  how: string,
  at: string,
): readonly CommandRecord[] {
  return mapOpen(commands, (command, taken_by) =>
    taken_by.run === run && command.run_ended === undefined
      ? { ...command, run_ended: { at, how } }
      : command,
  );
}

/** A task that a session had when it ended. It stays open while that session may be resumed. */
export function awaitsResume(command: CommandRecord): boolean {
  return command.run_ended !== undefined && command.type === "task" && isHad(command);
}

/** A task of an ended session that no run continued. It ended as failed. */
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

/** A pause or resume of a run that has ended. It was for that run alone. */
export function isCutOff({ type, run_ended, receipts }: CommandRecord): boolean {
  return run_ended !== undefined && (type === "pause" || type === "resume") && !isOver({ receipts });
}

/** Whether the session has shown that it took the order up, and the order has no end yet. */
export function isHad({ receipts }: Pick<CommandRecord, "receipts">): boolean {
  return receipts.at(-1)?.state === "seen";
}

/** How far an order is, for a person: its last receipt, and what the end of its run has made of it. */
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

function mapOpen(
  commands: readonly CommandRecord[],
  change: (command: CommandRecord, taken_by: TakenBy) => CommandRecord,
): readonly CommandRecord[] {
  let isSame = true;
  const after = commands.map((command) => {
    if (command.taken_by === undefined || isOver(command)) return command;
    const changed = change(command, command.taken_by);
    if (changed !== command) isSame = false;
    return changed;
  });
  return isSame ? commands : after;
}
