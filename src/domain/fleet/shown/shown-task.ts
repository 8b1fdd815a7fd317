// This room decides what is shown of an agent beside its status: its task, and how to start it again.
//
// Decides what is shown as an agent's task: the task that the agent reported, or a later order.
import { type CommandRecord, isFinal, isTaken } from "../../receipts.ts";
import type { ReceiptState } from "../../wire/messages.ts";
import type { AgentRecord } from "../agent-record.ts";
import type { Axes } from "../axes.ts";

export interface ShownTask {
  /** One line; "" if there is neither a report nor an order. */
  readonly text: string;
  /** Where the text comes from: the agent's report, or an order. */
  readonly source: "agent" | "order" | "none";
  /** Who gave the order. */
  readonly from?: string;
  /** RFC 3339. */
  readonly at?: string;
  readonly age_s?: number;
  /** Whether the task may be over: the agent is away, or since then its turn has ended or another prompt has come. */
  readonly is_stale: boolean;
}

/** How long a report counts as fresh if nothing contradicts it. */
const freshForMs = 3_600_000;

export function shownTask(record: AgentRecord, axes: Axes, now: Date): ShownTask {
  const report = record.current_task?.trim() ? { text: record.current_task, at: record.task_at } : undefined;
  const order = lastOrder(record);
  const isNewer = report?.at === undefined || (order !== undefined && order.at > report.at);
  if (order !== undefined && (report === undefined || (order.isTaken && isNewer))) {
    const isOld = order.isOver || axes.link.value !== "online";
    return { ...shown(order.text, "order", order.at, isOld, now), from: order.from };
  }
  if (report === undefined) return { text: "", source: "none", is_stale: false };
  return shown(report.text, "agent", report.at, isStale(record, axes, report.at, now), now);
}

function isStale({ session }: AgentRecord, axes: Axes, at: string | undefined, now: Date): boolean {
  if (axes.link.value !== "online") return true;
  if (at === undefined) return false;
  const { since = "", ended_at = "" } = session?.turn ?? {};
  return since > at || ended_at > at || now.getTime() - Date.parse(at) > freshForMs;
}

const takenStates: Readonly<Partial<Record<ReceiptState, true>>> = {
  injected: true,
  seen: true,
  applied: true,
};

interface LastOrder {
  readonly text: string;
  readonly from: string;
  readonly at: string;
  readonly isTaken: boolean;
  readonly isOver: boolean;
}

/** The task that the agent took last or was launched with, whichever is later; if there is none, the last task that is not over. */
function lastOrder({ commands, heartbeat, run_started_at }: AgentRecord): LastOrder | undefined {
  const tasks = commands.filter(({ type, summary }) => type === "task" && summary.trim() !== "");
  const taken = tasks.findLast(
    (task) => isTaken(task) && task.receipts.some(({ state }) => state in takenStates),
  );
  const takenAt = taken && (taken.receipts.find(({ state }) => state === "injected")?.at ?? taken.issued_at);
  const launched = heartbeat?.launch_task;
  if (launched !== undefined && run_started_at !== undefined && (takenAt ?? "") < run_started_at) {
    const from = "its launch";
    return { text: firstLine(launched), from, at: run_started_at, isTaken: true, isOver: false };
  }
  const last = taken ?? tasks.findLast((task) => !isOver(task));
  if (last === undefined) return undefined;
  return {
    text: firstLine(last.summary),
    from: last.from,
    at: takenAt ?? last.issued_at,
    isTaken: taken !== undefined,
    isOver: isOver(last),
  };
}

function isOver({ receipts }: CommandRecord): boolean {
  return receipts.some(({ state }) => isFinal(state));
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}

function shown(
  text: string,
  source: ShownTask["source"],
  at: string | undefined,
  is_stale: boolean,
  now: Date,
): ShownTask {
  if (at === undefined) return { text, source, is_stale };
  const age_s = Math.max(0, Math.round((now.getTime() - Date.parse(at)) / 1_000));
  return { text, source, at, age_s, is_stale };
}
