// The task with which an agent goes on after a usage limit: what it says, and how it is recognised. Pure.
import { holderName } from "../holding/hold.ts";
import type { CommandRecord } from "../receipts.ts";
import { beginningOf } from "../text/summary.ts";
import type { LimitFailure } from "./account-limit.ts";

const idPrefix = "limit-";

/** The id of that task: one for each failed turn, so that it is given once. */
export function goOnId({ at }: Pick<LimitFailure, "at">): string {
  return idPrefix + Date.parse(at);
}

/** Whether an order is such a task. */
export function isGoOn({ id, from }: { readonly id: string; readonly from: string }): boolean {
  return from === holderName && id.startsWith(idPrefix);
}

const longestTask = 500;
const about = " It was about: ";
const lead = "Your last turn was cut off by a usage limit, which has ended. Go on where you were.";

/**
 * @param failed the tasks that have failed at the limit, oldest first
 * @param task what the agent was working on, if those are none or unknown; "" if that is not known
 */
export function goOnTask(failed: readonly string[], task: string): string {
  const [only = task, ...others] = failed;
  if (others.length > 0) {
    const list = failed.map((each, index) => `${index + 1}. ${beginningOf(each, longestTask)}`);
    return `Your last turns were cut off by a usage limit, which has ended. These tasks have failed at it. Go on with each, in this order, as far as it is not done:\n${list.join("\n")}`;
  }
  // What was cut off may have been the task to go on itself.
  const words = only.startsWith(lead) ? only.slice(lead.length + about.length) : only;
  return words === "" ? lead : `${lead}${about}${beginningOf(words, longestTask)}`;
}

/** A receipt may be stored a little before the event that tells the same end of a turn. */
const earlierMs = 5_000;

/**
 * The tasks that have failed with their turn since then, and since the agent has done a task: the oldest first. One that was done later shows that
 * the agent has gone on, or has had another prompt.
 * @param since when the first turn has failed at the limit, RFC 3339
 */
export function failedSince(commands: readonly CommandRecord[], since: string): readonly string[] {
  const tasks = commands.filter(({ type }) => type === "task");
  const doneMs = tasks.flatMap((task) => timesOf(task, "applied"));
  const fromMs = Math.max(Date.parse(since) - earlierMs, ...doneMs);
  return tasks
    .filter((task) => !isGoOnOrder(task) && timesOf(task, "failed").some((atMs) => atMs >= fromMs))
    .map(({ summary }) => summary);
}

function isGoOnOrder({ command_id, from }: CommandRecord): boolean {
  return isGoOn({ id: command_id, from });
}

/** When a turn of the agent has ended the task so, in ms since 1970. */
function timesOf({ receipts }: CommandRecord, end: "applied" | "failed"): readonly number[] {
  const isByTurn = (route?: string) => route === "turn" || route === "result";
  return receipts.flatMap(({ state, route, at }) =>
    state === end && (end === "applied" || isByTurn(route)) ? [Date.parse(at)] : [],
  );
}
