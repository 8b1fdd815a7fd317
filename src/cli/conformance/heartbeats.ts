// Checks the agent's heartbeats.
import { type Finding, finding } from "./finding.ts";
import type { Stage } from "./stage.ts";

const wanted = [
  ...(["agent_id", "config_name", "project_path", "status", "current_task", "timestamp"] as const),
  ...(["instance_id", "interval_s", "seq"] as const),
];
export const defaultIntervalS = 15;
/** How much later than its interval a heartbeat may come on a busy machine. */
export const lateMs = 3_000;

export async function checkHeartbeats(stage: Stage): Promise<Finding[]> {
  const { hearing, id, fleet } = stage;
  const known = (await fleet.find(id))?.record;
  const longestMs = 1_000 * (known?.heartbeat?.interval_s ?? defaultIntervalS) + lateMs;
  await hearing.until(() => hearing.heartbeats.length > 0, longestMs);
  await hearing.until(() => hearing.heartbeats.length > 1, longestMs);
  const [first, second] = hearing.heartbeats;
  const every = "heartbeats: one every interval_s";
  const hint = `publish agent.${id}.heartbeat every interval_s seconds`;
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  if (first === undefined) return [finding(every, false, `none came in ${seconds(longestMs)}`, hint)];
  const absent = wanted.filter((name) => first.message[name] === undefined);
  const findings = [
    finding(
      "heartbeats: fields",
      absent.length === 0,
      absent.length === 0 ? wanted.join(", ") : `${absent.join(", ")} missing`,
      `add them: see "Heartbeat" in docs/protocol.md`,
    ),
    finding(
      every,
      second !== undefined,
      second === undefined
        ? `one came, and no other in ${seconds(longestMs)}`
        : `two came within ${seconds(second.atMs - first.atMs)}; interval_s is ${first.message.interval_s ?? "absent"}`,
      hint,
    ),
  ];
  if (second !== undefined) findings.push(checkSequence(first.message.seq, second.message.seq));
  return findings;
}

function checkSequence(first: number | undefined, second: number | undefined): Finding {
  const isRising = first !== undefined && second !== undefined && second > first;
  return finding(
    "heartbeats: seq rises",
    isRising,
    `${first ?? "absent"}, then ${second ?? "absent"}`,
    "count seq up with each heartbeat of a run: one that is not above the last is ignored",
  );
}
