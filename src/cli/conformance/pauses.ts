// Checks pause and resume: a pause holds the work and nothing else, and a control order takes effect once, and in its own run only.
import { isFinal } from "../../domain/receipts.ts";
import { pause as waitFor } from "../../waiting.ts";
import { type Finding, finding, untried } from "./finding.ts";
import { defaultIntervalS, lateMs } from "./heartbeats.ts";
import { lifeOf, type Sent, type Stage } from "./stage.ts";
import { taskText } from "./tasks.ts";

/** How long to watch whether a paused agent begins a task. */
const heldForMs = 2_000;
/** How long a call of check_inbox may take that began before the pause. It would hand over a task that is stored sooner. */
const settleMs = 1_000;
/** How long after the receipt the status may say `paused`. */
const toldWithinMs = 3_000;

/** @param onPaused called with true before the agent is paused and with false after it is resumed */
export async function checkPause(stage: Stage, onPaused: (isPaused: boolean) => void): Promise<Finding[]> {
  onPaused(true);
  const pause = await stage.send({ type: "pause" });
  await stage.receipt(pause, "applied");
  const findings = [controlReceipts(stage, pause, "store applied when no step of the work runs any more")];
  findings.push(await checkTold(stage, pause));
  const task = await stage.send({ type: "task", text: taskText(3) });
  await stage.receipt(task, "delivered");
  await waitFor(heldForMs);
  const begun = stage.receiptsOf(task).filter(({ message }) => message.state !== "delivered");
  findings.push(
    finding(
      "pause: holds the work",
      begun.length === 0 && stage.receiptsOf(task).length > 0,
      lifeOf(stage, task),
      "take orders (delivered) while paused, but call check_inbox only when you are let go",
    ),
  );
  findings.push(await checkBeats(stage));
  const resume = await stage.send({ type: "resume" });
  await stage.receipt(resume, "applied");
  findings.push(controlReceipts(stage, resume, "go on, and store applied; also if nothing was paused"));
  await stage.receipt(task);
  findings.push(
    finding(
      "resume: the task that waited is done",
      stage.receiptsOf(task).some(({ message }) => isFinal(message.state)),
      lifeOf(stage, task),
      "call check_inbox when a resume lets you go",
    ),
  );
  const repeated = await checkRepeatedPause(stage, pause, task);
  onPaused(false);
  return [...findings, repeated];
}

function controlReceipts(stage: Stage, sent: Sent, hint: string): Finding {
  const states = stage.receiptsOf(sent).map(({ message }) => message.state);
  const isWhole = states[0] === "delivered" && states.includes("applied");
  const first = "store delivered when you have the order, before anything else";
  const words = states[0] === "delivered" ? hint : first;
  return finding(`${sent.command.type}: its receipts`, isWhole, lifeOf(stage, sent), words);
}

async function checkTold({ hearing }: Stage, { storedMs }: Sent): Promise<Finding> {
  const told = await hearing.until(
    () =>
      [...hearing.heartbeats, ...hearing.statuses].find(
        ({ message, atMs }) => atMs >= storedMs && message.status === "paused",
      ),
    toldWithinMs,
  );
  return finding(
    "pause: the status says paused",
    told !== undefined,
    told === undefined ? "neither a heartbeat nor a status said paused" : "it said paused",
    "send a heartbeat with the status paused at once",
  );
}

async function checkBeats({ hearing, run }: Stage): Promise<Finding> {
  const last = hearing.heartbeats.at(-1);
  const count = hearing.heartbeats.length;
  const withinMs = 1_000 * (last?.message.interval_s ?? defaultIntervalS) + lateMs;
  const next = await hearing.until(() => hearing.heartbeats.length > count, withinMs);
  return finding(
    "pause: heartbeats go on",
    next !== undefined,
    next === undefined ? `none in ${withinMs / 1_000} s` : `of the run ${run() ?? "without instance_id"}`,
    "send heartbeats from a task or thread of their own, which no pause holds",
  );
}

/**
 * Checks that a pause does not hold the agent if it is stored once more after the resume.
 * @param before the task that was done after the resume
 */
async function checkRepeatedPause(stage: Stage, pause: Sent, before: Sent): Promise<Finding> {
  const check = "pause: a repeated pause is not obeyed again";
  const hint = "remember the token of each order that you have taken (without one, its id)";
  const isApplied = stage.receiptsOf(pause).some(({ message }) => message.state === "applied");
  const isLetGo = stage.receiptsOf(before).some(({ message }) => isFinal(message.state));
  if (!isApplied || !isLetGo) return untried(check, "the agent was not paused and let go", hint);
  const isTaken = await stage.sendAgain(pause);
  await waitFor(settleMs);
  const task = await stage.send({ type: "task", text: taskText(4) });
  await stage.receipt(task);
  const isDone = stage.receiptsOf(task).some(({ message }) => isFinal(message.state));
  if (!isDone) await letGo(stage);
  const evidence = isDone ? "a task after it is done" : `a task after it: ${lifeOf(stage, task)}`;
  return finding(
    check,
    isTaken && isDone,
    isTaken ? evidence : "the repeated pause is not acknowledged",
    isTaken ? hint : "acknowledge each order to JetStream, or it comes again and again",
  );
}

/** Checks that the agent does not obey a pause for another run. @param onPaused as for {@link checkPause} */
export async function checkForeignRun(stage: Stage, onPaused: (isPaused: boolean) => void): Promise<Finding> {
  onPaused(true);
  const pause = await stage.send({ type: "pause", run: `conformance-${crypto.randomUUID()}` });
  await stage.receipt(pause, "applied");
  const states = stage.receiptsOf(pause).map(({ message }) => message.state);
  // Every receipt must be `failed`. If the program stores another one, serve adds `failed`, because the pause's run does not exist.
  const isLeft = states.length > 0 && states.every((state) => state === "failed");
  if (!isLeft) await letGo(stage);
  onPaused(false);
  const isAcknowledged = (await stage.acknowledgement(pause.seq)) !== undefined;
  return finding(
    "pause: a pause for another run is not obeyed",
    isAcknowledged && isLeft,
    isAcknowledged ? lifeOf(stage, pause) : "the pause is not acknowledged",
    "give back (NAK) an order whose run is not yours while it is younger than 3 s; then store failed, and acknowledge",
  );
}

export async function letGo(stage: Pick<Stage, "send" | "receipt">): Promise<void> {
  await stage.receipt(await stage.send({ type: "resume" }), "applied");
}
