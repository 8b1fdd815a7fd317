// Checks a record that was read from the bucket `agents`, and whether it is at least as new as our own record. By this check several serves
// come to the same record, in whatever order each of them heard the reports.
import * as v from "valibot";
import { definedOf } from "../defined.ts";
import { HoldSchema } from "../holding/hold.ts";
import { AgentIdSchema } from "../wire/agent-id.ts";
import { ReceiptStateSchema } from "../wire/messages.ts";
import type { AgentRecord, HeartbeatEvidence } from "./agent-record.ts";

const sequence = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const time = v.pipe(
  v.string(),
  v.check((text) => !Number.isNaN(Date.parse(text))),
);
const trouble = { detail: v.string(), error: v.string(), remedy: v.optional(v.string()) };
const tool = v.looseObject({ tool: v.string(), since: time });

const heartbeat = v.looseObject({
  at: time,
  interval_s: v.number(),
  model_request: v.optional(
    v.looseObject({ server: v.string(), state: v.string(), since: v.optional(time) }),
  ),
});
const connection = v.looseObject({ isUp: v.boolean(), at: time, started_at: v.string(), client: v.string() });
const said = v.looseObject({ status: v.string(), at: time, since: time });

/** Checks only the fields that the view of a record needs; {@link AgentRecord} has the others. */
const RecordSchema = v.looseObject({
  agent_id: AgentIdSchema,
  first_seen: time,
  last_seen: v.optional(time),
  run_started_at: v.optional(time),
  launch_task: v.optional(v.looseObject({ text: v.string(), at: time })),
  role: v.optional(v.string()),
  profile_tags: v.optional(v.array(v.string())),
  tag_changes: v.optional(v.looseObject({ added: v.array(v.string()), removed: v.array(v.string()) })),
  current_task: v.optional(v.string()),
  task_at: v.optional(time),
  heartbeat: v.optional(heartbeat),
  connection: v.optional(connection),
  said: v.optional(said),
  other_runs: v.optional(
    v.array(
      v.looseObject({
        instance_id: v.string(),
        heartbeat: v.optional(heartbeat),
        connection: v.optional(connection),
        said: v.optional(said),
      }),
    ),
  ),
  session: v.optional(
    v.looseObject({
      started_at: time,
      last_event_at: time,
      last_prompt_at: v.optional(time),
      turn: v.optional(v.looseObject({ since: time, ended_at: v.optional(time) })),
      tools: v.array(tool),
      background: v.optional(v.array(v.looseObject({ type: v.string() }))),
      waits: v.optional(v.array(v.looseObject({ since: time, detail: v.string() }))),
      failure: v.optional(
        v.looseObject({ at: time, tool: v.string(), detail: v.string(), count: v.number() }),
      ),
      denied: v.optional(
        v.looseObject({ at: time, tool: v.string(), detail: v.string(), count: v.number() }),
      ),
      retry: v.optional(
        v.looseObject({ since: time, at: v.optional(time), limit_resets_at: v.optional(time), ...trouble }),
      ),
      limit_passed_at: v.optional(time),
      tools_lost: v.optional(v.looseObject({ at: time, detail: v.string() })),
      turn_error: v.optional(v.looseObject({ at: time, ...trouble, limit_resets_at: v.optional(time) })),
      ended: v.optional(v.looseObject({ at: time, reason: v.string() })),
    }),
  ),
  last_words: v.optional(v.looseObject({ text: v.string(), at: time })),
  progress: v.optional(v.looseObject({ note: v.string(), at: time })),
  usage: v.optional(v.looseObject({ at: time })),
  requests: v.optional(
    v.array(
      v.looseObject({
        request_id: v.string(),
        kind: v.string(),
        asked_at: time,
        summary: v.string(),
        holds_turn: v.optional(v.boolean()),
      }),
    ),
  ),
  holds: v.optional(v.array(HoldSchema)),
  commands: v.array(
    v.looseObject({
      command_id: v.string(),
      token: v.optional(v.string()),
      trace: v.optional(v.looseObject({ trace_id: v.string(), span_id: v.string() })),
      run: v.optional(v.string()),
      type: v.string(),
      from: v.string(),
      summary: v.string(),
      stream_seq: sequence,
      is_lost: v.optional(v.literal(true)),
      issued_at: time,
      taken_by: v.optional(v.looseObject({ run: v.string(), session_id: v.optional(v.string()) })),
      run_ended: v.optional(v.looseObject({ at: time, how: v.string() })),
      receipts: v.array(v.looseObject({ state: ReceiptStateSchema, at: time })),
    }),
  ),
  audit_seq: sequence,
  commands_seq: sequence,
});

/** Whether a value of the bucket `agents` is this agent's record. Another program or a person may have written something else there. */
export function isStoredRecord(value: unknown, id: string): value is AgentRecord {
  return v.is(RecordSchema, value) && value.agent_id === id;
}

/** Whether two records differ only in the time and number of the last heartbeat. */
export function isHeartbeatAlone(before: AgentRecord, after: AgentRecord): boolean {
  const { heartbeat: _beatBefore, last_seen: _seenBefore, said: saidBefore, ...restBefore } = before;
  const { heartbeat: _beatAfter, last_seen: _seenAfter, said: saidAfter, ...restAfter } = after;
  if (before.heartbeat?.instance_id !== after.heartbeat?.instance_id) return false;
  return (
    isShallowSame(restBefore, restAfter) && isShallowSame({ ...saidBefore, at: "" }, { ...saidAfter, at: "" })
  );
}

/** Compares by identity: an event that does not change a list or object of a record keeps the same one. */
function isShallowSame(one: object, other: object): boolean {
  const values = new Map(Object.entries(one));
  const entries = Object.entries(other);
  return entries.length === values.size && entries.every(([name, value]) => values.get(name) === value);
}

/**
 * The stored record with the open requests and the holds of our own record. Every serve reads them from the buckets `requests` and `holds`, and
 * no sequence in the record says up to which of them the stored record is complete.
 */
export function withOwnBuckets(stored: AgentRecord, own: AgentRecord): AgentRecord {
  const bothOf = ({ requests, holds }: AgentRecord) => JSON.stringify([requests, holds]);
  if (bothOf(stored) === bothOf(own)) return stored;
  const { requests: _requests, holds: _holds, ...rest } = stored;
  return { ...rest, ...definedOf({ requests: own.requests, holds: own.holds }) };
}

/** Heartbeats without numbers are compared by their times, which may come from the clocks of two machines. */
const clocksDifferByMs = 1_000;

/** Whether the stored record lacks an event that our own record includes. */
export function isBehind(stored: AgentRecord, own: AgentRecord): boolean {
  return (
    stored.audit_seq < own.audit_seq ||
    stored.commands_seq < own.commands_seq ||
    isOlderHeartbeat(stored.heartbeat, own.heartbeat)
  );
}

function isOlderHeartbeat(
  stored: HeartbeatEvidence | undefined,
  own: HeartbeatEvidence | undefined,
): boolean {
  if (own === undefined) return false;
  if (stored === undefined) return true;
  const isSameRun = own.instance_id !== undefined && own.instance_id === stored.instance_id;
  if (isSameRun && own.seq !== undefined && stored.seq !== undefined) return stored.seq < own.seq;
  return Date.parse(own.at) - Date.parse(stored.at) > clocksDifferByMs;
}
