// Counts receipts of orders that were never sent as malformed messages, one for each such order: an agent can invent the id of one. A receipt can be
// read before its order, because two streams have no common order; and the record of an agent forgets old orders. So each is looked at again once
// all orders have been read, and is not counted if AUDIT has an earlier receipt of its order.
import type { MalformedMessage } from "../../audit/records.ts";
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import type { FleetEvent } from "../../domain/fleet/reduce-agent.ts";
import { isUnknownOrder } from "../../domain/receipts.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { summaryOf } from "../../domain/text/summary.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { parseJson } from "../../domain/wire/decode.ts";
import { agentSubject, streams } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { readLastMessages } from "../../nats/jetstream/read-back.ts";
import type { Projector } from "../fleet/projector.ts";

const lookEveryMs = 1_000;
/** Beyond so many at once, none is kept until it is looked at. They are then not counted one by one. */
const mostWaiting = 200;
/** So many earlier receipts of the agent are looked through. */
const earlierReceipts = 500;

type ReceiptEvent = Extract<FleetEvent, { type: "receipt" }>;

export interface UnsentOrdersOptions {
  readonly bus: Bus;
  readonly recordOf: (id: AgentId) => AgentRecord | undefined;
  /** Resolves when the streams are being read: nothing is looked at before. */
  readonly projector: Promise<Pick<Projector, "catchUp">>;
  readonly onMalformed: (message: MalformedMessage) => void;
  readonly log: Logger;
}

export interface UnsentOrders {
  /** Call it for each event once, after it was applied. */
  take(event: FleetEvent): void;
  stop(): void;
}

export function countUnsentOrders({
  bus,
  recordOf,
  projector,
  onMalformed,
  log,
}: UnsentOrdersOptions): UnsentOrders {
  let waiting: ReceiptEvent[] = [];
  let isLooking = false;
  const isUnsent = ({ id, message: { command_id, token } }: ReceiptEvent) => {
    const order = recordOf(id)?.commands.find((each) =>
      token === undefined ? each.command_id === command_id : each.token === token,
    );
    return order !== undefined && isUnknownOrder(order);
  };
  const look = async () => {
    const taken = waiting;
    waiting = [];
    for (const [id, events] of Map.groupBy(taken, (event) => event.id)) {
      // Later, if not all of the agent's orders could be read in time.
      if ((await (await projector).catchUp(id)) === undefined) waiting.push(...events);
      else await count(id, events.filter(isUnsent));
    }
  };
  const count = async (id: AgentId, events: readonly ReceiptEvent[]) => {
    const [first] = events;
    if (first === undefined) return;
    const known = await receiptsBefore(bus, id, first.audit_seq);
    for (const { message } of events) {
      const { command_id } = message;
      if (known.has(command_id)) continue;
      known.add(command_id);
      onMalformed({
        subject: agentSubject(id, "receipt"),
        // Without the token, which is a secret of an order.
        data: new TextEncoder().encode(JSON.stringify({ ...message, token: undefined })),
        error: new CliaiError(
          "message_invalid",
          `it is a receipt of the order "${summaryOf(command_id)}", which ${id} was never sent`,
        ),
        id,
      });
    }
  };
  const timer = setInterval(() => {
    if (isLooking || waiting.length === 0 || !bus.isConnected()) return;
    isLooking = true;
    look()
      .catch((error: unknown) => log.debug(`receipts of unknown orders are not counted: ${messageOf(error)}`))
      .finally(() => {
        isLooking = false;
      });
  }, lookEveryMs);
  return {
    take(event) {
      if (event.type === "receipt" && waiting.length < mostWaiting && isUnsent(event)) waiting.push(event);
    },
    stop: () => clearInterval(timer),
  };
}

/** The ids of the orders of which the agent has sent receipts before this sequence of AUDIT. */
async function receiptsBefore(bus: Bus, id: AgentId, before: number): Promise<Set<string>> {
  const place = { stream: streams.audit, subject: agentSubject(id, "receipt") };
  const messages = await readLastMessages(bus, { ...place, before, count: earlierReceipts });
  return new Set(messages.flatMap(({ data }) => commandIdOf(data) ?? []));
}

function commandIdOf(data: Uint8Array): string | undefined {
  try {
    const { command_id } = parseJson(data) as { readonly command_id?: unknown };
    return typeof command_id === "string" ? command_id : undefined;
  } catch {
    return undefined; // no receipt
  }
}
