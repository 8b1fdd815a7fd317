// This room derives each axis of an agent's status from its record: one file an axis. `status.ts` puts them together.
//
// The axis `link`: whether the agent is heard, by its goodbye, its heartbeats and its connection. Pure.
import { spanText } from "../../text/moment.ts";
import type { AgentRecord, ConnectionEvidence, HeartbeatEvidence, SaidStatus } from "../agent-record.ts";
import type { Link, Reading } from "../axes.ts";
import { isOlderInstance } from "../evidence-that-counts.ts";
import { read } from "./read.ts";

/** How many heartbeats an agent may miss before it counts as silent. */
const missedHeartbeats = 3;
/** See {@link isGone}. A host or bridge that has lost its connection waits longer than this before it reconnects. */
const lastBeatMayBeLateMs = 500;

/** After how many ms without a heartbeat the agent counts as silent. */
export function silentAfterMs({ interval_s }: HeartbeatEvidence): number {
  return interval_s * missedHeartbeats * 1000;
}

export function deriveLink(record: AgentRecord, now: Date, listeningSince = ""): Reading<Link> {
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
  const span = spanText(age / 1000);
  const silence =
    heartbeat.at < listeningSince
      ? `the last known heartbeat is ${span} old, and none came since ${listeningSince}, when listening began`
      : `no heartbeat for ${span}`;
  return age > silentAfterMs(heartbeat)
    ? read("silent", "heartbeat", heartbeat.at, now, silence)
    : read("online", "heartbeat", heartbeat.at, now, "heartbeat in time");
}

const goodbyes: readonly string[] = ["stopped", "disconnected", "failed_to_start", "crashed", "ended"];

/** Whether the word says that the agent does not run. */
export function isGoodbye(word: string): boolean {
  return goodbyes.includes(word);
}

/** Whether a status of `statusWordOf` means that the agent is not heard now. */
export function isAwayWord(word: string): boolean {
  return isGoodbye(word) || word === "silent";
}

/** Whether the word says that the agent's CLI has ended by itself, normally (`ended`) or not (`crashed`). */
export function isOwnEnd(word: string): boolean {
  return word === "crashed" || word === "ended";
}

/** The reason for the end of a host that was killed, if nobody has seen how it ended. */
export const hostEndedWords = "its host has ended without a word";

function goodbyeText({ status, message, ended_with }: SaidStatus): string {
  if (ended_with === "host") return message ?? hostEndedWords;
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
