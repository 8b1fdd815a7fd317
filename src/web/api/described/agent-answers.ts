// What the API tells of agents: the fields that programs may rely on. There may be more.
import * as v from "valibot";
import { type AgentBudget, AgentBudgetSchema } from "../../../domain/budgets/budget-view.ts";
import type { AgentView } from "../../../domain/fleet/agent-view.ts";
import type { FleetNeed } from "../../../domain/fleet/needs/fleet-needs.ts";
import { type Need, needKinds } from "../../../domain/fleet/needs/need.ts";
import type { ModelServer } from "../../../domain/fleet/shown/model-servers.ts";
import { HoldSchema } from "../../../domain/holding/hold.ts";
import type { CommandRecord } from "../../../domain/receipts.ts";
import { receiptStates } from "../../../domain/wire/messages.ts";
import { commandTypes } from "../../../domain/wire/order-messages.ts";
import type { TimelineEntry } from "../../../server/server.ts";
import { schemaOf } from "./operation.ts";

const text = v.string();

const orderTypes = [...commandTypes, "shutdown", "message"] as const;

const reading = <Word extends string>(...words: readonly Word[]) =>
  v.object({
    value: v.picklist(words),
    source: v.picklist(["heartbeat", "connection", "status", "session", "command", "request", "none"]),
    at: v.optional(text),
    age_s: v.optional(v.number()),
    reason: text,
    hint: v.optional(text),
    cause: v.optional(text),
    until: v.optional(text),
  });

export const AxesSchema = schemaOf<AgentView["axes"]>()(
  v.object({
    link: reading("online", "silent", "offline", "never"),
    activity: reading(
      ...(["starting", "working", "retrying", "waiting", "idle", "done"] as const),
      ...(["failed", "failed_to_start", "crashed", "unknown"] as const),
    ),
    control: reading(
      ...(["running", "pause_requested", "paused", "held", "stop_requested", "stopped", "unknown"] as const),
    ),
    attention: reading(
      ...([
        "none",
        "unseen",
        "question",
        "budget",
        "approval",
        "terminal",
        "refused",
        "stuck",
        "error",
      ] as const),
    ),
  }),
);

const needFields = {
  kind: v.picklist(needKinds),
  since: text,
  reason: text,
  hint: v.optional(text),
  cause: v.optional(text),
  request_id: v.optional(text),
  at_terminal: v.optional(v.literal(true)),
};
export const NeedSchema = schemaOf<Need>()(v.object(needFields));
export const FleetNeedSchema = schemaOf<FleetNeed>()(
  v.object({
    agent_id: text,
    ...needFields,
    blocks: v.object({
      task: v.optional(text),
      orders: v.number(),
      agents: v.array(text),
      captains: v.array(text),
    }),
  }),
);

export const OrderSchema = schemaOf<CommandRecord>()(
  v.object({
    command_id: text,
    type: v.picklist(orderTypes),
    from: text,
    summary: text,
    stream_seq: v.number(),
    issued_at: text,
    expires_at: v.optional(text),
    thread: v.optional(text),
    receipts: v.array(
      v.object({
        state: v.picklist(receiptStates),
        at: text,
        route: v.optional(text),
        detail: v.optional(text),
      }),
    ),
  }),
);

const agentFields = {
  agent_id: text,
  config_name: text,
  project_path: text,
  status: text,
  axes: AxesSchema,
  current_task: text,
  task: v.object({
    text,
    source: v.picklist(["agent", "order", "none"]),
    from: v.optional(text),
    at: v.optional(text),
    age_s: v.optional(v.number()),
    is_stale: v.boolean(),
  }),
  needs: v.array(NeedSchema),
  queued: v.number(),
  tags: v.array(text),
  first_seen: text,
  last_seen: v.optional(text),
  cli: v.optional(text),
  cli_version: v.optional(text),
  host: v.optional(text),
  pid: v.optional(v.number()),
  session_id: v.optional(text),
  holds: v.optional(v.array(HoldSchema)),
  progress: v.optional(v.object({ note: text, percent: v.optional(v.number()), at: text })),
  last_words: v.optional(v.object({ text, at: text })),
  usage: v.optional(
    v.object({
      tokens_used: v.optional(v.number()),
      estimated_cost: v.optional(v.number()),
      model: v.optional(text),
      at: text,
    }),
  ),
  commands: v.array(OrderSchema),
};
export const AgentSchema = schemaOf<AgentView>()(v.object(agentFields));

export const AgentWithTimelineSchema = schemaOf<
  AgentView & { readonly budgets: readonly AgentBudget[]; readonly timeline: readonly TimelineEntry[] }
>()(
  v.object({
    ...agentFields,
    budgets: v.array(AgentBudgetSchema),
    timeline: v.array(v.object({ at: text, kind: text, text })),
  }),
);

const atServer = v.object({
  agent_id: text,
  requests: v.optional(v.number()),
  state: v.picklist(["working", "unqueued", "cancelled", "waiting"]),
  since: v.optional(text),
  place: v.optional(v.number()),
  prompt_read: v.optional(v.number()),
  prompt_tokens: v.optional(v.number()),
});
export const ModelServerSchema = schemaOf<ModelServer>()(
  v.object({
    server: text,
    slots: v.optional(v.number()),
    models: v.array(text),
    running: v.array(atServer),
    waiting: v.array(atServer),
    idle: v.array(text),
  }),
);
