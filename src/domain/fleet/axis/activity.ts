// The axis `activity`: what the agent does, by its goodbye, its session's events and its own reports. Pure.
import type { CommandRecord } from "../../receipts.ts";
import { isApproval } from "../../requests.ts";
import { isAskingTool } from "../../wire/tools/shown-tool.ts";
import type { AgentRecord } from "../agent-record.ts";
import type { Activity, Link, Reading } from "../axes.ts";
import { countingWord, decidingSession, isOlderInstance } from "../evidence-that-counts.ts";
import { isTurnOpen, type SessionEvidence } from "../session-evidence.ts";
import { sessionActivity } from "../session-reading.ts";
import { isOwnEnd } from "./link.ts";
import { read } from "./read.ts";

/** After this time, an order that was delivered but not taken up needs attention. */
export const unseenAfterMs = 60_000;

const activityOfWord = new Map<string, Activity>([
  ["starting", "starting"],
  ["working", "working"],
  ["idle", "idle"],
  ["waiting", "waiting"],
  ["blocked", "waiting"],
  ["paused", "waiting"],
  ["stopping", "working"],
  ["stopped", "done"],
  ["error", "failed"],
]);

/** The first evidence that exists decides, in this order: the goodbye, the session's events, the status that the agent reported. */
export function deriveActivity(record: AgentRecord, link: Reading<Link>, now: Date): Reading<Activity> {
  const { said } = record;
  if (said?.status === "failed_to_start" && !isOlderInstance(record)) {
    return read(
      "failed_to_start",
      said.source,
      said.since,
      now,
      said.message ?? "its CLI could not be started",
    );
  }
  if (said !== undefined && isOwnEnd(said.status) && !isOlderInstance(record)) {
    const reason = said.message ?? "it is not known how";
    const value = said.status === "crashed" ? "crashed" : "done";
    return read(value, said.source, said.since, now, value === "done" ? `ended: ${reason}` : reason);
  }
  const session =
    said?.status === "stopped" && !isOlderInstance(record) ? undefined : decidingSession(record);
  const { unheld, waits_at_terminal } = record.heartbeat ?? {};
  if (waits_at_terminal !== undefined && link.value === "online" && session?.turn === undefined) {
    const since = record.run_started_at ?? record.first_seen;
    return read("waiting", "heartbeat", since, now, `waits at its terminal: ${waits_at_terminal}`);
  }
  // Without hooks, the session's events carry usage only, and nothing about turns.
  const isBlind = unheld !== undefined && session?.turn === undefined && session?.ended === undefined;
  if (session !== undefined && !isBlind) return deriveSessionActivity(session, record, link, now);
  if (said === undefined || said.status === "connected") {
    const reason = isBlind ? `no hook tells it: ${unheld}` : "the agent has not said what it does";
    return { value: "unknown", source: "none", reason };
  }
  if (link.value !== "online" && said.status !== "stopped") {
    return read("unknown", said.source, said.at, now, `was ${said.status} when last heard of`);
  }
  const activity = activityOfWord.get(said.status) ?? "unknown";
  return read(activity, said.source, said.since, now, `says ${said.message ?? said.status}`);
}

function deriveSessionActivity(
  session: SessionEvidence,
  record: AgentRecord,
  link: Reading<Link>,
  now: Date,
): Reading<Activity> {
  const { value, at, reason } = isBeginning(session, record, now)
    ? ({ value: "starting", at: session.started_at, reason: "a task waits to be taken" } as const)
    : sessionActivity(session);
  if (link.value !== "online") {
    return read("unknown", "session", session.last_event_at, now, `was ${value} when last heard of`);
  }
  const wait = value === "working" ? waitForRequest(session, record) : undefined;
  if (wait !== undefined) return read("waiting", "session", wait.at, now, wait.reason);
  const word = countingWord(record);
  const activity = word === undefined ? undefined : activityOfWord.get(word.status);
  if (
    word === undefined ||
    activity === undefined ||
    value === "done" ||
    value === "waiting" ||
    value === "retrying"
  ) {
    return read(value, "session", at, now, reason);
  }
  return read(activity, word.source, word.since, now, `says ${word.message ?? word.status}`);
}

/**
 * The request that the session waits for: an approval of the end of its turn, or the answer to a call of a tool of cliai that still runs. If
 * another tool runs as well, the session works. After the call has returned, the agent works on without the answer, even if the request is open.
 */
function waitForRequest(
  session: SessionEvidence,
  { requests = [] }: AgentRecord,
): { readonly at: string; readonly reason: string } | undefined {
  const isAtEnd = session.tools.length === 0;
  const request = requests.find(({ kind, holds_turn }) =>
    isAtEnd ? holds_turn === true : kind !== "permission",
  );
  if (request === undefined || !isTurnOpen(session)) return undefined;
  if (!session.tools.every(({ tool }) => isAskingTool(tool))) return undefined;
  const what = isApproval(request) ? "an approval" : "an answer";
  return { at: request.asked_at, reason: `waits for ${what}: ${request.summary}` };
}

/** Whether the session has begun less than `unseenAfterMs` ago, and a task waits for it: then it is about to take the task, and not `idle`. */
function isBeginning({ turn, ended, started_at }: SessionEvidence, record: AgentRecord, now: Date): boolean {
  if (turn !== undefined || ended !== undefined) return false;
  if (now.getTime() - Date.parse(started_at) > unseenAfterMs) return false;
  return record.heartbeat?.has_launch_task === true || record.commands.some(isUntakenTask);
}

function isUntakenTask({ type, stream_seq, receipts }: CommandRecord): boolean {
  const state = receipts.at(-1)?.state ?? "";
  return type === "task" && stream_seq > 0 && ["stored", "delivered", "injected"].includes(state);
}
