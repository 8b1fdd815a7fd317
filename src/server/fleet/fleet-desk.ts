// Answers the operator's commands on `serve.fleet` with this serve's records as they are now: the bucket `agents` may be minutes
// behind (fleet-store.ts). Any serve of the queue group answers. No agent's account reaches the subject.
import * as v from "valibot";
import { AgentBudgetSchema } from "../../domain/budgets/budget-view.ts";
import { definedOf } from "../../domain/defined.ts";
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import { byAgentId } from "../../domain/fleet/agent-view.ts";
import { isStoredRecord } from "../../domain/fleet/stored-record.ts";
import { zoneOf } from "../../domain/spending/days.ts";
import { spentTodayOf } from "../../domain/spending/spent-today.ts";
import { messageOf } from "../../domain/text/errors.ts";
import { nearest } from "../../domain/text/nearest.ts";
import { type AgentId, isAgentId } from "../../domain/wire/agent-id.ts";
import { decodeMessage } from "../../domain/wire/decode.ts";
import { serveFleetSubject, serveQueueGroup } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import type { BudgetDesk } from "../server-desks.ts";
import type { FleetAnswer, FleetAsk, SpendingReading } from "../server-readings.ts";
import type { FleetState } from "./fleet-state.ts";

const answerWithinMs = 3_000;
/** An answer ends with the record that exceeds this size, so that it stays below the 8 MB of one message. */
const partBytes = 2 * 1_024 ** 2;

const AskSchema = v.object({
  agent_id: v.optional(v.string()),
  after: v.optional(v.string()),
  zone: v.optional(v.string()),
});

const AnswerSchema = v.object({
  at: v.pipe(v.string(), v.isoTimestamp()),
  listening_since: v.string(),
  records: v.array(v.unknown()),
  next: v.optional(v.string()),
  near: v.optional(v.array(v.string()), []),
  budgets: v.optional(v.array(AgentBudgetSchema)),
  spent_today: v.optional(
    v.object({
      is_complete: v.boolean(),
      agents: v.array(v.object({ agent_id: v.string(), tokens: v.number(), cost: v.optional(v.number()) })),
    }),
  ),
});

export interface FleetDeskOptions {
  readonly fleet: Pick<FleetState, "record" | "records">;
  readonly spending: Pick<SpendingReading, "sessions" | "isComplete">;
  readonly budgets: Pick<BudgetDesk, "of">;
  readonly listeningSince: () => string;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Returns a function that ends it. */
export function openFleetDesk(bus: Bus, options: FleetDeskOptions): () => void {
  const { fleet, budgets, listeningSince, now, log } = options;
  const answer = (ask: FleetAsk): v.InferInput<typeof AnswerSchema> => {
    const frame = { at: now().toISOString(), listening_since: listeningSince() };
    if (ask.agent_id === undefined) {
      const spent_today = ask.after === undefined ? spentIn(ask.zone, options) : undefined;
      return { ...frame, ...partAfter(ask.after ?? "", fleet), ...definedOf({ spent_today }) };
    }
    const { record, near } = oneOf(ask.agent_id, fleet);
    if (record !== undefined)
      return { ...frame, records: [record], budgets: [...budgets.of(record.agent_id)] };
    return { ...frame, records: [], near: [...near] };
  };
  return bus.subscribe(
    serveFleetSubject,
    (message) => {
      try {
        message.reply(answer(decodeMessage(AskSchema, message.data)));
      } catch (error) {
        log.warn(`${serveFleetSubject}: ${messageOf(error)}`);
      }
    },
    { queue: serveQueueGroup },
  );
}

/** Answers inside serve, where no message limits the size: the first part is the whole fleet. */
export function createFleetAnswers(options: FleetDeskOptions): (ask: FleetAsk) => FleetAnswer {
  const { fleet, budgets, listeningSince, now } = options;
  return ({ agent_id, after = "", zone }) => {
    const frame = { at: now(), listeningSince: listeningSince(), next: undefined };
    if (agent_id !== undefined) {
      const { record, near } = oneOf(agent_id, fleet);
      const records = new Map(record === undefined ? [] : [[record.agent_id, record] as const]);
      const known = record && budgets.of(record.agent_id);
      return { ...frame, records, near, spentToday: undefined, budgets: known };
    }
    const rest = [...fleet.records()].filter((record) => record.agent_id > after).sort(byAgentId);
    const records = new Map(rest.map((record) => [record.agent_id, record] as const));
    const spentToday = after === "" ? spentIn(zone, options) : undefined;
    return { ...frame, records, near: [], spentToday, budgets: undefined };
  };
}

function oneOf(
  id: string,
  fleet: FleetDeskOptions["fleet"],
): { readonly record: AgentRecord | undefined; readonly near: readonly string[] } {
  const record = isAgentId(id) ? fleet.record(id) : undefined;
  if (record !== undefined) return { record, near: [] };
  const known = [...fleet.records()].map(({ agent_id }) => agent_id);
  return { record, near: nearest(id, known) };
}

function spentIn(zone: string | undefined, { spending, now }: FleetDeskOptions) {
  if (zone === undefined) return undefined;
  const agents = [...spentTodayOf(spending.sessions(), now(), zoneOf(zone))];
  return { is_complete: spending.isComplete(), agents };
}

function partAfter(
  after: string,
  fleet: FleetDeskOptions["fleet"],
): { records: AgentRecord[]; next?: string } {
  const rest = [...fleet.records()].filter(({ agent_id }) => agent_id > after).sort(byAgentId);
  let bytes = 0;
  for (const [index, record] of rest.entries()) {
    bytes += Buffer.byteLength(JSON.stringify(record));
    if (bytes <= partBytes || index === rest.length - 1) continue;
    return { records: rest.slice(0, index + 1), next: record.agent_id };
  }
  return { records: rest };
}

/**
 * Asks any serve, and resolves with one part of the answer.
 * @throws CliaiError `server_unreachable` if no serve listens, `no_answer`, `message_invalid`
 */
export async function askFleet(bus: Bus, ask: FleetAsk): Promise<FleetAnswer> {
  const data = await bus.request(serveFleetSubject, ask, { timeoutMs: answerWithinMs });
  const { at, listening_since, records, next, near, spent_today, budgets } = decodeMessage(
    AnswerSchema,
    data,
  );
  const read = new Map<AgentId, AgentRecord>();
  for (const record of records) {
    const id = (record as { readonly agent_id?: unknown } | null)?.agent_id;
    if (isAgentId(id) && isStoredRecord(record, id)) read.set(id, record);
  }
  return {
    ...{ at: new Date(at), listeningSince: listening_since, records: read, next, near },
    spentToday: spent_today,
    budgets,
  };
}
