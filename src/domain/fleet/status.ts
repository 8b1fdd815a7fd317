// Derives the four axes of an agent's status from its record and the time, for the terminal, the API and the page. Each value
// has its source, time and reason; without evidence it is `unknown`.
import { definedOf } from "../defined.ts";
import { type CommandRecord, isControl } from "../receipts.ts";
import { isApproval } from "../requests.ts";
import type { AgentRecord, ConnectionEvidence, HeartbeatEvidence, SaidStatus } from "./agent-record.ts";
import type { Activity, Attention, Axes, Control, Link, Reading } from "./axes.ts";
import { countingWord, decidingSession, isOlderInstance } from "./evidence-that-counts.ts";
import type { SessionEvidence } from "./session-evidence.ts";
import { sessionActivity, sessionAttention } from "./session-reading.ts";

/** How many heartbeats an agent may miss before it counts as silent. */
const missedHeartbeats = 3;
/** See `isGone`. A host or bridge that has lost its connection waits longer than this before it reconnects. */
const lastBeatMayBeLateMs = 500;
/** After this time, an order that was delivered but not taken up needs attention. */
const unseenAfterMs = 60_000;

/** After how many ms without a heartbeat the agent counts as silent. */
export function silentAfterMs({ interval_s }: HeartbeatEvidence): number {
  return interval_s * missedHeartbeats * 1000;
}

/** @param listeningSince since when the caller can hear heartbeats, RFC 3339; it may have missed earlier ones */
export function deriveAxes(record: AgentRecord, now: Date, listeningSince?: string): Axes {
  const link = deriveLink(record, now, listeningSince);
  const activity = deriveActivity(record, link, now);
  const control = deriveControl(record, now);
  const isWorking = activity.value === "working" && control.value !== "paused";
  return { link, activity, control, attention: deriveAttention(record, link, isWorking, now) };
}

/** The status as one word, the same in the terminal, the page and JSON. `docs/words.md` says what each word means. */
export function statusWordOf(axes: Axes): string {
  const isStuck = axes.attention.value === "stuck" && axes.activity.value !== "retrying";
  return isStuck ? "stuck" : wordOf(axes);
}

function wordOf({ link, activity, control }: Axes): string {
  if (control.value === "stopped") return "stopped";
  if (link.value === "never") return "starting";
  if (activity.value === "failed_to_start" || activity.value === "crashed") return activity.value;
  if (link.value === "offline" && activity.value === "done") return "ended";
  if (link.value === "silent") return "silent";
  if (link.value === "offline") return "disconnected";
  if (control.value === "paused") return "paused";
  if (control.value === "stop_requested") return "stopping";
  switch (activity.value) {
    case "starting":
    case "working":
    case "retrying":
    case "idle":
    case "waiting":
      return activity.value;
    case "done":
      return "idle";
    case "failed":
      return "error";
    case "unknown":
      return activity.source === "none" ? "connected" : "unknown";
  }
}

function deriveLink(record: AgentRecord, now: Date, listeningSince = ""): Reading<Link> {
  const { heartbeat, connection, said } = record;
  if (said !== undefined && isGoodbye(said.status) && !isOlderInstance(record)) {
    return read("offline", said.source, said.at, now, goodbyeText(said));
  }
  if (heartbeat === undefined) {
    return said === undefined
      ? { value: "never", source: "none", reason: "never connected" }
      : read("silent", said.source, said.at, now, "reported a status, sends no heartbeat");
  }
  if (connection !== undefined && isGone(connection, heartbeat)) {
    const why = connection.reason ?? "no reason";
    return read("offline", "connection", connection.at, now, `its connection is gone (${why})`);
  }
  const age = now.getTime() - Date.parse(heartbeat.at);
  const seconds = `${Math.floor(age / 1000)} s`;
  const silence =
    heartbeat.at < listeningSince
      ? `the last known heartbeat is ${seconds} old, and none came since ${listeningSince}, when listening began`
      : `no heartbeat for ${seconds}`;
  return age > silentAfterMs(heartbeat)
    ? read("silent", "heartbeat", heartbeat.at, now, silence)
    : read("online", "heartbeat", heartbeat.at, now, "heartbeat in time");
}

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

/** What counts, in this order: the goodbye, the session's events, the status that the agent reported. */
function deriveActivity(record: AgentRecord, link: Reading<Link>, now: Date): Reading<Activity> {
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

/** Whether the session has just begun, and a task waits for it: then it is not `idle`, but about to take the task. At most for `unseenAfterMs`. */
function isBeginning({ turn, ended, started_at }: SessionEvidence, record: AgentRecord, now: Date): boolean {
  if (turn !== undefined || ended !== undefined) return false;
  if (now.getTime() - Date.parse(started_at) > unseenAfterMs) return false;
  return record.heartbeat?.has_launch_task === true || record.commands.some(isUntakenTask);
}

function isUntakenTask({ type, stream_seq, receipts }: CommandRecord): boolean {
  const state = receipts.at(-1)?.state ?? "";
  return type === "task" && stream_seq > 0 && ["stored", "delivered", "injected"].includes(state);
}

function deriveControl(record: AgentRecord, now: Date): Reading<Control> {
  const { said } = record;
  if (said?.status === "stopped") return read("stopped", said.source, said.at, now, "said it stopped");
  const order = lastControlOrder(record);
  const word = countingWord(record);
  // A reported `paused` counts only without session events: with them, the receipts of the pause show whether it holds.
  if (word?.status === "paused" && decidingSession(record) === undefined)
    return read("paused", word.source, word.since, now, "says it is paused");
  const unheld = record.heartbeat?.unheld;
  const cannotHold = `nothing can hold this agent: ${unheld}`;
  if (order === undefined) {
    const reason = unheld === undefined ? "nothing else was asked" : cannotHold;
    return { value: "running", source: "none", reason };
  }
  const applied = order.receipts.find(({ state }) => state === "applied");
  const declined = order.receipts.some(
    ({ state }) => state === "refused" || state === "failed" || state === "expired",
  );
  const at = applied?.at ?? order.issued_at;
  const reason = `${order.type} by ${order.from}`;
  if (order.type === "resume" || declined) {
    return read("running", "command", at, now, declined ? `${reason} was not carried out` : reason);
  }
  if (order.type === "pause") {
    if (applied) return read("paused", "command", at, now, reason);
    const asked = unheld === undefined ? reason : `${reason}; ${cannotHold}`;
    return read("pause_requested", "command", at, now, asked);
  }
  return read(applied ? "stopped" : "stop_requested", "command", at, now, reason);
}

function deriveAttention(
  record: AgentRecord,
  link: Reading<Link>,
  isWorking: boolean,
  now: Date,
): Reading<Attention> {
  const { requests = [] } = record;
  const said = countingWord(record);
  const isOnline = link.value === "online";
  if (isOnline && said?.status === "error") {
    return read("error", said.source, said.since, now, said.message ?? "reports an error");
  }
  // Show the requests of an agent that is away too, because it gets the answer when it returns.
  const request = requests.find(isApproval) ?? requests[0];
  if (request !== undefined) {
    const [value, words] = isApproval(request)
      ? (["approval", "asks to be allowed"] as const)
      : (["question", "asks"] as const);
    return read(value, "request", request.asked_at, now, `${words}: ${request.summary}`);
  }
  if (isOnline && said?.status === "blocked") {
    return read("stuck", said.source, said.since, now, said.message ?? "reports blocked");
  }
  const { waits_at_terminal } = record.heartbeat ?? {};
  if (isOnline && waits_at_terminal !== undefined) {
    return read("terminal", "heartbeat", record.run_started_at ?? record.first_seen, now, waits_at_terminal);
  }
  const session = isOnline ? decidingSession(record) : undefined;
  const found = session === undefined ? undefined : sessionAttention(session, isWorking, now);
  if (found !== undefined) {
    const { hint } = found;
    return { ...read(found.value, "session", found.at, now, found.reason), ...definedOf({ hint }) };
  }
  const unseen = record.commands.find((command) => isUnseen(command, now));
  if (unseen !== undefined && isOnline) {
    const at = unseen.receipts.at(-1)?.at ?? unseen.issued_at;
    const { waits_because } = record.heartbeat ?? {};
    const why = waits_because === undefined || isControl(unseen.type) ? "" : `: ${waits_because}`;
    return read(
      "unseen",
      "command",
      at,
      now,
      `${unseen.type} by ${unseen.from} is ${unseen.receipts.at(-1)?.state}, not taken up${why}`,
    );
  }
  return { value: "none", source: "none", reason: "nothing waits" };
}

/** The last control order for the agent's present run. One that was for, or was delivered to, an earlier run does not count any more. */
function lastControlOrder({ commands, run_started_at, heartbeat }: AgentRecord): CommandRecord | undefined {
  return commands.findLast(({ type, stream_seq, receipts, run }) => {
    if (stream_seq === 0 || !isControl(type)) return false;
    if (run !== undefined && heartbeat?.instance_id !== undefined && run !== heartbeat.instance_id)
      return false;
    const delivered = receipts.find(({ state }) => state === "delivered");
    return delivered === undefined || run_started_at === undefined || delivered.at >= run_started_at;
  });
}

function isUnseen(command: CommandRecord, now: Date): boolean {
  const last = command.receipts.at(-1);
  if (last?.state !== "delivered" || command.type === "message") return false;
  return now.getTime() - Date.parse(last.at) > unseenAfterMs;
}

const goodbyes: readonly string[] = ["stopped", "disconnected", "failed_to_start", "crashed", "ended"];

/** Whether the word says that the agent does not run. */
export function isGoodbye(word: string): boolean {
  return goodbyes.includes(word);
}

/** Whether a status of {@link statusWordOf} means that the agent is not heard now. */
export function isAwayWord(word: string): boolean {
  return isGoodbye(word) || word === "silent";
}

/** Whether the word says that the agent's CLI has ended by itself, normally (`ended`) or not (`crashed`). */
function isOwnEnd(word: string): boolean {
  return word === "crashed" || word === "ended";
}

function goodbyeText({ status, message }: SaidStatus): string {
  if (!isOwnEnd(status)) return `said goodbye (${status})`;
  return `its CLI ${status === "crashed" ? "crashed" : "has ended"}${message === undefined ? "" : `: ${message}`}`;
}

/**
 * Whether the connection that sent the heartbeats is gone, and no heartbeat has come since over another one. A heartbeat up to 500 ms later
 * does not count, because the last one of the gone connection may be read after the news of its end.
 */
export function isGone(connection: ConnectionEvidence, heartbeat: HeartbeatEvidence): boolean {
  if (connection.isUp || connection.instance_id !== heartbeat.instance_id) return false;
  return Date.parse(heartbeat.at) - Date.parse(connection.at) <= lastBeatMayBeLateMs;
}

function read<Value extends string>(
  value: Value,
  source: Reading<Value>["source"],
  at: string,
  now: Date,
  reason: string,
): Reading<Value> {
  return {
    value,
    source,
    at,
    age_s: Math.max(0, Math.round((now.getTime() - Date.parse(at)) / 1000)),
    reason,
  };
}
