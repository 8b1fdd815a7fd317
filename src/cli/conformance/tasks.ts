// Checks what the agent does with a new task, a repeated task, and an expired task.
import type { ToolRecord } from "../../domain/audit/audit.ts";
import { isFinal } from "../../domain/receipts.ts";
import { type ReceiptState, receiptStates } from "../../domain/wire/messages.ts";
import { graceMs } from "../../server/inbox/overdue-orders.ts";
import { pause } from "../../waiting.ts";
import { type Finding, finding } from "./finding.ts";
import { lifeOf, type Sent, type Stage } from "./stage.ts";

/** The text of a task. It does no harm if a model reads it. */
export const taskText = (number: number) =>
  `cliai conformance, check ${number}: change nothing, and report this task as done.`;

/** How long to watch whether the agent acts on a repeated order. */
const settleMs = 1_500;
/**
 * How long ago the expired task has expired when it is sent. Much less than `graceMs`: after that time serve ends the task and removes it from
 * the stream, perhaps before a program on a busy machine has taken it.
 */
const expiredForS = graceMs / 3_000;
const acknowledgeHint = "acknowledge each order to JetStream, or it comes again and again";

export async function checkTask(
  stage: Stage,
): Promise<{ readonly findings: Finding[]; readonly task: Sent }> {
  const task = await stage.send({ type: "task", text: taskText(1) });
  await stage.receipt(task);
  const acknowledged = await stage.acknowledgement(task.seq);
  const delivered = stage.receiptsOf(task).find(({ message }) => message.state === "delivered");
  const receipts = stage.receiptsOf(task).map(({ message }) => message);
  const states = receipts.map(({ state }) => state);
  const absent = (["delivered", "injected", "seen"] as const).filter((state) => !states.includes(state));
  const isEnded = states.some(isFinal);
  const run = stage.run();
  const handed = receipts.filter(({ state }) => state === "injected" || state === "seen");
  const token = task.command.token;
  const foreign = receipts.filter((receipt) => receipt.token !== token).map(({ state }) => state);
  const told = [...stage.hearing.heartbeats, ...stage.hearing.statuses].find(
    ({ message, atMs }) => atMs >= task.storedMs && message.status === "working",
  );
  const findings = [
    finding(
      "task: its receipts",
      absent.length === 0 && isEnded && isInOrder(states),
      lifeOf(stage, task),
      absent[0] === undefined && isEnded
        ? `store them in this order: ${receiptStates.slice(1, 5).join(", ")}`
        : hintFor(absent[0]),
    ),
    finding(
      "task: its token in each receipt",
      receipts.length > 0 && foreign.length === 0,
      foreign.length === 0 ? `${receipts.length} receipts name it` : `not in: ${foreign.join(", ")}`,
      "copy the token of the order (for an item of check_inbox: from `tokens`) into its receipts",
    ),
    finding(
      "task: the run that has it",
      run !== undefined && handed.length > 0 && handed.every((receipt) => receipt.run === run),
      handed.map(({ state, run: named }) => `${state}: ${named ?? "no run"}`).join(", ") || "no run",
      "name the run (instance_id) in injected and seen, so that the next run gets the task if this one is lost",
    ),
    finding(
      "task: acknowledged to JetStream",
      acknowledged !== undefined,
      acknowledged === undefined ? `not in ${stage.timeoutMs / 1_000} s` : `sequence ${task.seq}`,
      acknowledgeHint,
    ),
    finding(
      "task: delivered is stored before the acknowledgement",
      delivered !== undefined && acknowledged !== undefined && delivered.atMs <= acknowledged.atMs,
      orderOf(delivered?.atMs, acknowledged?.atMs),
      "first store delivered and wait for the answer, then acknowledge: otherwise the order is lost if the program dies in between",
    ),
    finding(
      "task: the status says working",
      told !== undefined,
      told === undefined
        ? "neither a heartbeat nor a status said working"
        : `working: ${told.message.current_task ?? ""}`,
      "report working with current_task when the work begins",
    ),
  ];
  return { findings, task };
}

function orderOf(deliveredMs: number | undefined, acknowledgedMs: number | undefined): string {
  if (deliveredMs === undefined || acknowledgedMs === undefined) return "one of the two is missing";
  return deliveredMs <= acknowledgedMs ? "delivered, acknowledged" : "acknowledged, delivered";
}

/** Whether no state comes after a later one. A receipt may come twice. */
function isInOrder(states: readonly ReceiptState[]): boolean {
  const ranks = states.map((state) =>
    Math.min(receiptStates.indexOf(state), receiptStates.indexOf("applied")),
  );
  return ranks.every((rank, index) => index === 0 || rank >= (ranks[index - 1] ?? 0));
}

function hintFor(absent: "delivered" | "injected" | "seen" | undefined): string {
  if (absent === "delivered") return "store delivered when you have the order, before you acknowledge it";
  if (absent === "injected") return "call check_inbox, and store injected for each item that it hands over";
  if (absent === "seen") return "store seen when the work on the task begins";
  return "call acknowledge with applied, failed or refused when the task is over";
}

/** Checks that the agent acknowledges a task that is stored once more, and does not do it again. */
export async function checkRepetition(stage: Stage, sent: Sent): Promise<Finding> {
  const { command_id } = sent.command;
  const before = stage.receiptsOf(sent).length;
  const isTaken = await stage.sendAgain(sent);
  await pause(settleMs);
  const states = stage
    .receiptsOf(sent)
    .slice(before)
    .map(({ message }) => message.state);
  // Count only successful calls, because the program repeats a failed one. Count request ids, because a call that was sent again because
  // its answer was lost has the same one.
  const acknowledged = stage.hearing.calls.filter(
    ({ message }) => message.success && isAcknowledgeOf(message, command_id),
  );
  const isReportedAgain = new Set(acknowledged.map(({ message }) => message.request_id)).size > 1;
  const again = states.filter((state) => state !== "delivered");
  const acted = [...again, ...(isReportedAgain ? ["acknowledge"] : [])].join(", ");
  const evidence = acted === "" ? "nothing was done again" : `done again: ${acted}`;
  return finding(
    "task: a repeated task is not done again",
    isTaken && acted === "",
    isTaken ? evidence : "the repeated task is not acknowledged",
    isTaken ? "remember the token of each order that you have taken (without one, its id)" : acknowledgeHint,
  );
}

function isAcknowledgeOf({ tool, arguments: given }: ToolRecord, commandId: string): boolean {
  return tool === "acknowledge" && (given as { command_id?: unknown }).command_id === commandId;
}

export async function checkExpired(stage: Stage): Promise<Finding> {
  const task = await stage.send({ type: "task", text: taskText(2), expiresInS: -expiredForS });
  const acknowledged = await stage.acknowledgement(task.seq);
  await pause(settleMs);
  const receipts = stage.receiptsOf(task);
  const isBegun = receipts.some(({ message: { state } }) => ["injected", "seen", "applied"].includes(state));
  const expired = receipts.find(({ message }) => message.state === "expired");
  // serve itself stores `expired` for an order without a final receipt. So only an `expired` before the acknowledgement is the program's.
  const isTold = expired !== undefined && acknowledged !== undefined && expired.atMs <= acknowledged.atMs;
  return finding(
    "task: an expired task is not begun",
    isTold && !isBegun,
    acknowledged === undefined
      ? "the task is not acknowledged"
      : isTold || isBegun
        ? lifeOf(stage, task)
        : "no receipt expired came before the acknowledgement",
    "if expires_at has passed, store the receipt expired, acknowledge the order, and do nothing else",
  );
}
