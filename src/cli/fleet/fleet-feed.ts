// Follows the fleet for a command that keeps showing it: the messages on `dashboard.state`, and a look at serve from time to time, because
// nothing tells that a message was lost or that serve has gone.
import * as v from "valibot";
import type { AgentView } from "../../domain/fleet/agent-view.ts";
import { byAgentId } from "../../domain/fleet/agent-view.ts";
import { needKinds } from "../../domain/fleet/needs/need.ts";
import { needsOf } from "../../domain/fleet/needs/needs-of.ts";
import { tagsOf } from "../../domain/fleet/shown/tags.ts";
import { isStoredRecord } from "../../domain/fleet/stored-record.ts";
import type { SpentToday } from "../../domain/spending/spent-today.ts";
import { messageOf } from "../../domain/text/errors.ts";
import { isAgentId } from "../../domain/wire/agent-id.ts";
import { decodeMessage } from "../../domain/wire/decode.ts";
import { dashboardStateSubject } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import type { CliContext } from "../frame/context.ts";
import { createFleetReader, type FleetReading, viewsOf } from "./fleet-reading.ts";

const lookEveryMs = 5_000;

/** The fleet at a time. */
export interface FedFleet {
  /** By id. */
  readonly views: readonly AgentView[];
  /** When this was so, by serve's clock, which the times in the views are of too. */
  readonly at: Date;
  /** By how many ms serve's clock is ahead of this machine's. */
  readonly aheadMs: number;
  /** Why this may be over: nothing answers, in words for a person. Undefined as long as serve answers. */
  readonly lost?: string;
  /** What was spent today, when serve was last asked; undefined if it has not told. */
  readonly spentToday?: SpentToday | undefined;
}

const ReadingSchema = v.looseObject({ value: v.string(), reason: v.string() });
/** What serve adds to a record; the record itself is tested by `isStoredRecord`. */
const ShownSchema = v.looseObject({
  status: v.string(),
  queued: v.number(),
  config_name: v.string(),
  project_path: v.string(),
  task: v.looseObject({ text: v.string(), is_stale: v.boolean() }),
  axes: v.looseObject({
    ...{ link: ReadingSchema, activity: ReadingSchema, control: ReadingSchema, attention: ReadingSchema },
  }),
});
const NeedsSchema = v.array(
  v.looseObject({ kind: v.picklist(needKinds), since: v.string(), reason: v.string() }),
);
const StateSchema = v.looseObject({
  at: v.pipe(v.string(), v.isoTimestamp()),
  agents: v.array(v.unknown()),
});

/**
 * Calls `onFleet` with the present fleet before it resolves, and then at each change. Returns the function that ends it.
 * @throws CliaiError `server_unreachable` if no serve has ever used this NATS server, and what else the first look throws
 */
export async function followFleet(
  bus: Bus,
  context: Pick<CliContext, "now">,
  onFleet: (fleet: FedFleet) => void,
): Promise<() => void> {
  let last: FedFleet | undefined;
  let isOver = false;
  const give = (fleet: FedFleet) => {
    last = fleet;
    if (!isOver) onFleet(fleet);
  };
  const lose = (lost: string) => {
    if (last !== undefined && last.lost !== lost) give({ ...last, lost });
  };
  const look = async () => {
    if (!bus.isConnected()) return lose(bus.refusal()?.message ?? "the connection to NATS is lost");
    // A reader asks serve no more once it has not answered, so each look has one of its own.
    const reading = await createFleetReader(bus, { ...context, note: () => undefined }).all();
    if (reading.listeningSince === undefined && last !== undefined) return lose("no serve answers");
    // Older than what a message has told meanwhile.
    if (last !== undefined && last.lost === undefined && reading.now < last.at) return;
    give(fedFleet(reading, context.now()));
  };
  const lookAgain = () => void look().catch((error: unknown) => lose(messageOf(error)));
  const ends = [
    bus.onConnection(lookAgain),
    bus.subscribe(dashboardStateSubject, ({ data }) => {
      const read = readState(data);
      if (read !== undefined)
        give({
          ...read,
          aheadMs: read.at.getTime() - context.now().getTime(),
          // The messages do not have it; the next look does.
          spentToday: last?.spentToday,
        });
    }),
  ];
  const timer = setInterval(lookAgain, lookEveryMs);
  const stop = () => {
    isOver = true;
    clearInterval(timer);
    for (const end of ends) end();
  };
  try {
    await look();
  } catch (error) {
    stop();
    throw error;
  }
  return stop;
}

function fedFleet(reading: FleetReading, here: Date): FedFleet {
  return {
    views: viewsOf(reading),
    at: reading.now,
    aheadMs: reading.now.getTime() - here.getTime(),
    spentToday: reading.spentToday,
    ...(reading.listeningSince === undefined && { lost: "no serve answers" }),
  };
}

/** Undefined if it cannot be decoded: the next look reads the same state. What is no agent is left out. */
export function readState(data: Uint8Array): Pick<FedFleet, "views" | "at"> | undefined {
  try {
    const { at, agents } = decodeMessage(StateSchema, data);
    const now = new Date(at);
    return {
      at: now,
      views: agents
        .filter(isView)
        .map((view) => withAll(view, now))
        .sort(byAgentId),
    };
  } catch {
    return undefined;
  }
}

/** An older serve sends no needs and no tags. */
function withAll(view: AgentView, now: Date): AgentView {
  const needs = v.is(NeedsSchema, view.needs) ? view.needs : needsOf(view, view.axes, now);
  return { ...view, needs, tags: tagsOf(view) };
}

function isView(value: unknown): value is AgentView {
  const id = (value as { readonly agent_id?: unknown } | null)?.agent_id;
  return isAgentId(id) && isStoredRecord(value, id) && v.is(ShownSchema, value);
}
