// Reads the fleet for the commands. It asks serve, because only serve knows the present state of the agents. If no serve answers,
// it reads the bucket `agents` and says so on stderr, because that bucket may be minutes behind.
import type { LastKnownFleet } from "../../data-dir/fleet-file.ts";
import type { AgentBudget } from "../../domain/budgets/budget-view.ts";
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import { type AgentView, viewAgent, viewFleet } from "../../domain/fleet/agent-view.ts";
import { isStoredRecord } from "../../domain/fleet/stored-record.ts";
import type { SpentToday } from "../../domain/spending/spent-today.ts";
import { CliaiError, type ErrorCode } from "../../domain/text/errors.ts";
import { type AgentId, isAgentId, parseAgentId } from "../../domain/wire/agent-id.ts";
import { buckets } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import { isNotFound } from "../../nats/errors.ts";
import { type BucketEntry, openExistingBucket } from "../../nats/jetstream/bucket.ts";
import { askFleet } from "../../server/fleet/fleet-desk.ts";
import { unknownAgent } from "../../server/fleet/fleet-state.ts";
import type { FleetAsk } from "../../server/server-readings.ts";
import type { CliContext } from "../frame/context.ts";

export type FleetRecords = ReadonlyMap<AgentId, AgentRecord>;

/** Records, and the time at which they are judged: `viewAgent` derives ages and the link from it. */
export interface FleetReading {
  readonly records: FleetRecords;
  /** The time on serve's clock if a serve has answered, else on this machine's. */
  readonly now: Date;
  /** Since when serve has been listening for heartbeats; undefined if no serve has answered. */
  readonly listeningSince?: string;
  /** Set if nothing has answered: then this is the last known state, of this time. */
  readonly asOf?: Date;
  /** What was spent today, by this machine's time zone; undefined if no serve has answered that, for only serve knows. */
  readonly spentToday?: SpentToday | undefined;
}

export interface FleetReader {
  /** @throws CliaiError `server_unreachable` if no `cliai serve` has ever used this NATS server */
  all(): Promise<FleetReading>;
  /** @throws CliaiError as {@link FleetReader.all}; `agent_id_invalid`; `agent_unknown` with the nearest ids */
  require(text: string): Promise<AgentReading>;
  find(id: AgentId): Promise<AgentReading | undefined>;
}

export interface AgentReading extends FleetReading {
  readonly record: AgentRecord;
  /** The budgets that count for it; undefined if no serve has answered, for only serve knows them. */
  readonly budgets?: readonly AgentBudget[] | undefined;
}

type ReaderContext = Pick<CliContext, "now" | "note" | "serve" | "attempt">;

/** A second try asks again after this time: the next serve knows the receipts that came while none ran. */
const askAgainAfterMs = 2_000;

const noServe: readonly ErrorCode[] = ["server_unreachable", "no_answer"];

export function createFleetReader(bus: Bus, { now, note, serve, attempt }: ReaderContext): FleetReader {
  let askedFrom = 0;
  /** Undefined if no serve answers. From then on serve is not asked again, so that no later call waits for it; except for a second try. */
  const ask = async (part: FleetAsk) => {
    if (serve !== undefined) return serve.readFleet(part);
    if (performance.now() < askedFrom) return undefined;
    try {
      return await askFleet(bus, part);
    } catch (error) {
      if (!(error instanceof CliaiError) || !noServe.includes(error.code)) throw error;
      askedFrom = attempt?.isSecond === true ? performance.now() + askAgainAfterMs : Number.POSITIVE_INFINITY;
      return undefined;
    }
  };
  let isNoted = false;
  const fromStore = async <Read>(read: (bus: Bus) => Promise<Read>): Promise<Read> => {
    const found = await read(bus);
    if (!isNoted) note("no serve answers: this is read from the store, which may be minutes behind");
    isNoted = true;
    return found;
  };
  const readAll = async (): Promise<FleetReading> => {
    const records = new Map<AgentId, AgentRecord>();
    let after: string | undefined;
    let spentToday: SpentToday | undefined;
    for (;;) {
      const part = await ask(after === undefined ? { zone: ownZone() } : { after });
      if (part === undefined) return { records: await fromStore(readStoredFleet), now: now() };
      spentToday ??= part.spentToday;
      for (const [id, record] of part.records) records.set(id, record);
      after = part.next;
      if (after === undefined)
        return { records, now: part.at, listeningSince: part.listeningSince, spentToday };
    }
  };
  const readOne = async (id: AgentId, readStored: (bus: Bus) => Promise<FleetRecords>) => {
    const answer = await ask({ agent_id: id });
    if (answer === undefined) {
      const records = await fromStore(readStored);
      return { record: records.get(id), records, now: now(), near: [...records.keys()] };
    }
    const { records, at, listeningSince, near, budgets } = answer;
    return { record: records.get(id), records, now: at, listeningSince, near, budgets };
  };
  return {
    all: readAll,
    async require(text) {
      const id = parseAgentId(text);
      const { near, record, ...reading } = await readOne(id, readStoredFleet);
      if (record === undefined) throw unknownAgent(text, near);
      return { ...reading, record };
    },
    async find(id) {
      const { record, ...reading } = await readOne(id, (each) => readStoredAgent(each, id));
      return record && { ...reading, record };
    },
  };
}

/** This machine's time zone. */
function ownZone(): string {
  return new Intl.DateTimeFormat("en").resolvedOptions().timeZone;
}

/** A reader of the last state that serve knew. */
export function readerOfLastKnown({ records, asOf }: LastKnownFleet): FleetReader {
  const reading = { records, now: asOf, asOf };
  return {
    all: async () => reading,
    async require(text) {
      const record = records.get(parseAgentId(text));
      if (record === undefined) throw unknownAgent(text, [...records.keys()]);
      return { ...reading, record };
    },
    async find(id) {
      const record = records.get(id);
      return record && { ...reading, record };
    },
  };
}

/** The fleet as the commands show it, by id. */
export function viewsOf({ records, now, listeningSince }: FleetReading): AgentView[] {
  return viewFleet(records.values(), now, listeningSince);
}

export function viewOf({ record, now, listeningSince }: AgentReading): AgentView {
  return viewAgent(record, now, listeningSince);
}

async function readStoredFleet(bus: Bus): Promise<FleetRecords> {
  const entries = await readEntries(bus);
  const records = new Map<AgentId, AgentRecord>();
  for (const [id, { value }] of entries) {
    if (isAgentId(id) && isStoredRecord(value, id)) records.set(id, value);
  }
  return records;
}

async function readStoredAgent(bus: Bus, id: AgentId): Promise<FleetRecords> {
  const value = await (await openExistingBucket(bus, buckets.agents)).get(id);
  return new Map(isStoredRecord(value, id) ? [[id, value]] : []);
}

async function readEntries(bus: Bus): Promise<Map<string, BucketEntry>> {
  try {
    return await (await openExistingBucket(bus, buckets.agents)).entries();
  } catch (cause) {
    if (!(cause instanceof CliaiError) || !isNotFound(cause.cause)) throw cause;
    throw new CliaiError(
      "server_unreachable",
      `no cliai serve has run on this NATS server: no bucket "agents"`,
      {
        hint: "start it: cliai serve",
        cause,
      },
    );
  }
}
