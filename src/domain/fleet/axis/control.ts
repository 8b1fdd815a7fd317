// The axis `control`: what the agent was asked to do, and whether it has done it. Pure.
import { definedOf } from "../../defined.ts";
import { heldUntil, holdWords, isHoldOrder } from "../../holding/hold.ts";
import { type CommandRecord, isControl, isDeclined } from "../../receipts.ts";
import type { AgentRecord } from "../agent-record.ts";
import type { Control, Link, Reading } from "../axes.ts";
import { countingWord, decidingSession } from "../evidence-that-counts.ts";
import { read } from "./read.ts";

export function deriveControl(record: AgentRecord, link: Reading<Link>, now: Date): Reading<Control> {
  const control = controlOfRun(record, now);
  if (link.value !== "offline" || !isOverWith(control.value, link.source === "connection")) return control;
  // A host or bridge that says `disconnected` ends; its CLI may still run.
  const mayRun = link.source === "connection" || record.said?.status === "disconnected";
  const why = mayRun ? "it is not connected" : "it does not run";
  return read("unknown", link.source, link.at ?? record.first_seen, now, why);
}

/**
 * Whether the end of a run, or of its connection only, leaves nothing of the value. A run that is only not connected may still hold a pause. A stop
 * is what was asked for last in both cases.
 */
function isOverWith(value: Control, isConnectionOnly: boolean): boolean {
  const isPause = value === "paused" || value === "held" || value === "pause_requested";
  return value === "running" || (!isConnectionOnly && isPause);
}

/** As if the agent's run had not ended. */
function controlOfRun(record: AgentRecord, now: Date): Reading<Control> {
  const { said } = record;
  if (said?.status === "stopped") return read("stopped", said.source, said.at, now, "said it stopped");
  const orders = controlOrders(record);
  const order = orders.findLast((each) => !isDeclined(each));
  const word = countingWord(record);
  // A reported `paused` counts only without session events: with them, the receipts of the pause show whether it holds.
  if (word?.status === "paused" && decidingSession(record) === undefined)
    return read("paused", word.source, word.since, now, "says it is paused");
  const unheld = record.heartbeat?.unheld;
  const cannotHold = `nothing can hold this agent: ${unheld}`;
  const last = orders.at(-1);
  const declined =
    last === undefined || last === order ? "" : `${last.type} by ${last.from} was not carried out`;
  if (order === undefined) {
    if (last !== undefined) return read("running", "command", last.issued_at, now, declined);
    const reason = unheld === undefined ? "nothing else was asked" : cannotHold;
    return { value: "running", source: "none", reason };
  }
  const applied = order.receipts.find(({ state }) => state === "applied");
  const at = applied?.at ?? order.issued_at;
  const reason = `${order.type} by ${order.from}${declined === "" ? "" : `; ${declined}`}`;
  if (order.type === "resume") return read("running", "command", at, now, reason);
  if (order.type === "pause") {
    const { holds = [] } = record;
    const words = holds.length > 0 ? holdWords(holds) : undefined;
    const held = isHoldOrder(order) ? words : undefined;
    // Whoever lets it go on learns here that it will be held then.
    const also = held === undefined && words !== undefined ? `${reason}; also held: ${words}` : reason;
    if (applied && held !== undefined) {
      return { ...read("held", "command", at, now, held), ...definedOf({ until: heldUntil(holds) }) };
    }
    if (applied) return read("paused", "command", at, now, also);
    const why = held === undefined ? also : `${reason}: ${held}`;
    const asked = unheld === undefined ? why : `${why}; ${cannotHold}`;
    return read("pause_requested", "command", at, now, asked);
  }
  return read(applied ? "stopped" : "stop_requested", "command", at, now, reason);
}

/** The control orders for the agent's present run, oldest first. A control order that was sent or delivered to an earlier run does not count any more. */
export function controlOrders({ commands, run_started_at, heartbeat }: AgentRecord): CommandRecord[] {
  return commands.filter(({ type, stream_seq, receipts, run }) => {
    if (stream_seq === 0 || !isControl(type)) return false;
    if (run !== undefined && heartbeat?.instance_id !== undefined && run !== heartbeat.instance_id)
      return false;
    const delivered = receipts.find(({ state }) => state === "delivered");
    return delivered === undefined || run_started_at === undefined || delivered.at >= run_started_at;
  });
}
