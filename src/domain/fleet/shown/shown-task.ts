// This room decides what is shown of an agent beside its status: its task, and how to start it again.
//
// Decides what is shown as an agent's task: the task that the agent reported, or a later order.
import { type CommandRecord, isFinal } from "../../receipts.ts";
import { firstLineOf } from "../../text/summary.ts";
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
  const isNewer = report?.at === undefined || (order !== undefined && order.reportsFrom > report.at);
  if (order !== undefined && (report === undefined || (order.isSeen && isNewer))) {
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

/** How late the evidence may come that the model has seen an order. */
const evidenceLateMs = 5_000;

/** The states that show that the model has the order. An order that is only `injected` may wait for the end of a tool or of a turn. */
const seenStates: Readonly<Partial<Record<ReceiptState, true>>> = { seen: true, applied: true };

interface LastOrder {
  readonly text: string;
  readonly from: string;
  readonly at: string;
  /** Since when the agent can report about this task. An earlier report is about another task. */
  readonly reportsFrom: string;
  /** Whether the model has it. */
  readonly isSeen: boolean;
  readonly isOver: boolean;
}

/**
 * The last task that the model has seen, or the task that it was launched with, whichever is later. If that task is over: the last task that is
 * not over. If all are over: the last seen task or, if the model has seen none, the last task.
 */
function lastOrder({ commands, launch_task, session }: AgentRecord): LastOrder | undefined {
  const tasks = commands.filter(({ type, summary }) => type === "task" && summary.trim() !== "");
  const seen = tasks.findLast((task) => seenAt(task) !== undefined);
  if (launch_task !== undefined && ((seen && seenAt(seen)) ?? "") < launch_task.at) {
    const { text, at } = launch_task;
    // No receipt tells when the launch's task is over. A turn that has ended since then may have been the turn with it.
    const isOver = (session?.turn?.ended_at ?? "") > at;
    return { text: firstLineOf(text), from: "its launch", at, reportsFrom: at, isSeen: true, isOver };
  }
  const isWorkedOn = seen !== undefined && !isOver(seen);
  const last = isWorkedOn ? seen : (tasks.findLast((task) => !isOver(task)) ?? seen ?? tasks.at(-1));
  if (last === undefined) return undefined;
  const at = seenAt(last);
  return {
    text: firstLineOf(last.summary),
    from: last.from,
    at: at ?? last.issued_at,
    reportsFrom: at === undefined ? last.issued_at : reportsFrom(last, at),
    isSeen: at !== undefined,
    isOver: isOver(last),
  };
}

function seenAt({ receipts }: CommandRecord): string | undefined {
  return receipts.find(({ state }) => state in seenStates)?.at;
}

/**
 * The time since when a report may be about the order. The receipt `seen` can be up to `evidenceLateMs` late, because the host reads its
 * evidence from a record now and then. The model may report about the order before that.
 */
function reportsFrom({ receipts }: CommandRecord, seenAtTime: string): string {
  const handedOver = receipts.find(({ state }) => state === "injected")?.at ?? seenAtTime;
  const earliest = new Date(Date.parse(seenAtTime) - evidenceLateMs).toISOString();
  return handedOver > earliest ? handedOver : earliest;
}

function isOver({ receipts }: CommandRecord): boolean {
  return receipts.some(({ state }) => isFinal(state));
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
