// What the API tells of the past and of the server: the fields that programs may rely on. There may be more.
import * as v from "valibot";
import type { TimelineLine } from "../../../domain/history/record-line.ts";
import { NodeViewSchema } from "../../../domain/nodes/node-view.ts";
import { groupings, periods } from "../../../domain/spending/spending-report.ts";
import type { CheckRun } from "../../../domain/system/check.ts";
import type { AgentLag } from "../../../domain/system/lag.ts";
import { alertSeverities } from "../../../domain/wire/messages.ts";
import type { Health } from "../../../server/server.ts";
import type { AuditVerdict, HistoryPage, HistoryRecord } from "../../../server/server-readings.ts";
import type { TranscriptPage } from "../../../server/transcripts/transcripts.ts";
import type { ListedCli } from "../reports/clis-report.ts";
import type { CostsReport } from "../reports/costs-report.ts";
import type { MessagesReport } from "../reports/messages-report.ts";
import type { SystemReport } from "../reports/system-report.ts";
import type { TimelineReport } from "../reports/timeline-report.ts";
import { schemaOf } from "./operation.ts";

const text = v.string();

export const HealthSchema = schemaOf<Health>()(
  v.object({
    ready: v.boolean(),
    reason: v.optional(text),
    damage: v.optional(text),
    nats: v.object({ connected: v.boolean(), version: text, restarts: v.number() }),
    malformed: v.number(),
  }),
);

export const RecordSchema = schemaOf<HistoryRecord>()(
  v.object({ seq: v.number(), at: text, subject: text, message: v.unknown() }),
);

const pageFields = {
  older: v.optional(v.number()),
  is_cut: v.boolean(),
  trimmed_before: v.optional(text),
};
export const HistoryPageSchema = schemaOf<HistoryPage>()(
  v.object({ records: v.array(RecordSchema), ...pageFields }),
);

export const TimelineLineSchema = schemaOf<TimelineLine>()(
  v.object({
    seq: v.number(),
    at: text,
    agent_id: v.optional(text),
    kind: text,
    what: v.optional(text),
    from: v.optional(text),
    text,
    is_failure: v.boolean(),
    took_ms: v.optional(v.number()),
    end_seq: v.optional(v.number()),
    is_open: v.optional(v.literal(true)),
  }),
);
export const TimelineSchema = schemaOf<TimelineReport>()(
  v.object({ lines: v.array(TimelineLineSchema), ...pageFields }),
);

export const VerdictSchema = schemaOf<AuditVerdict>()(
  v.object({
    at: text,
    source: text,
    ok: v.boolean(),
    findings: v.number(),
    records: v.number(),
    checkpoints: v.number(),
    signed_to: v.number(),
    unsigned: v.number(),
    filtered: v.boolean(),
    keys: v.array(text),
    head: v.optional(text),
    traces: v.array(
      v.object({
        kind: text,
        seq: v.number(),
        to_seq: v.optional(v.number()),
        subject: v.optional(text),
        at: v.optional(text),
        message: text,
      }),
    ),
  }),
);

export const TranscriptSchema = schemaOf<TranscriptPage & { readonly agent_id: string }>()(
  v.object({
    agent_id: text,
    entries: v.array(
      v.object({
        seq: v.number(),
        at: text,
        entry_id: text,
        kind: text,
        text,
        tool: v.optional(text),
        title: v.optional(text),
        is_error: v.optional(v.boolean()),
      }),
    ),
    has_older: v.boolean(),
    has_newer: v.boolean(),
  }),
);

const lag = { agent_id: text, unread: v.number(), messages: v.number(), oldest_at: text };
export const LagSchema = schemaOf<AgentLag>()(v.object(lag));

export const MessagesSchema = schemaOf<MessagesReport>()(
  v.object({
    conversations: v.array(
      v.object({
        thread: text,
        members: v.array(text),
        messages: v.array(
          v.object({
            message_id: text,
            thread: text,
            seq: v.number(),
            at: text,
            from: text,
            to: v.array(text),
            text,
            reply_to: v.optional(text),
            deliveries: v.array(v.object({ to: text, state: v.optional(text) })),
          }),
        ),
      }),
    ),
    unread: v.array(LagSchema),
    older: v.optional(v.number()),
    trimmed_before: v.optional(text),
  }),
);

const spent = {
  tokens: v.number(),
  /** US dollars; absent if nobody has told a cost. */
  cost: v.optional(v.number()),
  agents: v.number(),
  told: v.number(),
};
const sinceThen = v.object({ from: text, ...spent });
const spans = v.array(v.object({ from: text, label: text, ...spent }));
export const CostsSchema = schemaOf<CostsReport>()(
  v.object({
    at: text,
    zone: text,
    periods: v.object({ today: sinceThen, week: sinceThen, month: sinceThen, all: sinceThen }),
    period: v.picklist(periods),
    by: v.picklist(groupings),
    groups: v.array(v.object({ name: text, ...spent })),
    last_hour: v.object(spent),
    days: spans,
    hours: spans,
    since: v.optional(text),
    is_complete: v.boolean(),
  }),
);

export const ChecksSchema = schemaOf<CheckRun>()(
  v.object({
    at: text,
    checks: v.array(v.object({ check: text, ok: v.boolean(), message: text, remedy: v.optional(text) })),
  }),
);

const abilities = v.record(
  text,
  v.object({ holds: v.picklist(["yes", "partly", "no", "untried"]), how: text }),
);
export const ListedCliSchema = schemaOf<ListedCli>()(
  v.object({
    name: text,
    path: v.nullable(text),
    version: v.nullable(text),
    tried_version: v.nullable(text),
    is_tried: v.nullable(v.boolean()),
    problem: v.optional(text),
    install: text,
    abilities: v.object({ terminal: v.optional(abilities), headless: v.optional(abilities) }),
  }),
);

export const SystemSchema = schemaOf<SystemReport>()(
  v.object({
    at: text,
    version: text,
    started_at: text,
    is_leader: v.boolean(),
    health: HealthSchema,
    facts: v.optional(
      v.object({
        at: text,
        nats: v.optional(v.object({ started_at: text, connections: v.number(), memory_bytes: v.number() })),
        store: v.object({
          bytes: v.number(),
          limit_bytes: v.optional(v.number()),
          streams: v.array(
            v.object({
              name: text,
              messages: v.number(),
              bytes: v.number(),
              max_bytes: v.optional(v.number()),
              max_age_s: v.optional(v.number()),
            }),
          ),
        }),
      }),
    ),
    facts_error: v.optional(text),
    lag: v.array(LagSchema),
    alerts: v.array(
      v.object({
        alert_id: text,
        kind: text,
        severity: v.picklist(alertSeverities),
        agent_id: v.optional(text),
        about: v.optional(text),
        message: text,
        first_seen: text,
        last_seen: text,
        count: v.number(),
        title: text,
        cause: text,
        action: text,
        ends: text,
      }),
    ),
    malformed: v.array(RecordSchema),
    doctor: v.optional(ChecksSchema),
    nodes: v.array(NodeViewSchema),
  }),
);
