// Sends a command to one agent, and prints its receipts, for `cliai send` and for the keys of `cliai top`.
import type { AgentRecord } from "../../domain/fleet/agent-record.ts";
import { isControl, type ReceiptEntry } from "../../domain/receipts.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Bus } from "../../nats/bus.ts";
import { whileAway } from "../../server/order-outlook.ts";
import { takes } from "../../server/order-target.ts";
import { sendAndWatch } from "../../server/send-and-watch.ts";
import { pause } from "../../waiting.ts";
import type { AgentReading, FleetReader } from "../fleet/fleet-reading.ts";
import { orderReader } from "../fleet/order-reading.ts";
import { type Attempt, type CliContext, leftToWait } from "../frame/context.ts";
import { clockText, plain } from "../frame/terminal.ts";
import type { Sending } from "./send-args.ts";

/** An agent that was just launched is known to serve from its first heartbeat on. Wait this long for it before refusing an order. */
const runWithinMs = 2_000;
const lookEveryMs = 50;

export interface SendingParts {
  readonly bus: Bus;
  readonly fleet: FleetReader;
  readonly context: Pick<CliContext, "now" | "json" | "print" | "note" | "attempt"> &
    Partial<Pick<CliContext, "outputEnded">>;
}

/** Waits up to `runWithinMs` for a run that takes the order, because the agent may have been launched a moment ago. */
export async function awaitTaker(
  fleet: FleetReader,
  first: AgentReading,
  { order, key }: Pick<Sending, "order" | "key">,
  attempt: Attempt | undefined,
): Promise<AgentRecord> {
  const id = key ?? (await orderIdOf(attempt, first.record.agent_id));
  const isKnown = first.record.commands.some(({ command_id }) => command_id === id);
  const deadline = performance.now() + runWithinMs;
  let latest = first;
  while (!isKnown && !takes(order.type, latest.record, latest.now) && performance.now() < deadline) {
    await pause(lookEveryMs);
    latest = (await fleet.find(first.record.agent_id)) ?? latest;
  }
  return latest.record;
}

/** @throws CliaiError `failed`, `refused` or `no_answer` if the command ended before it had the receipt of `--wait` */
export async function sendToOne(
  { bus, fleet, context }: SendingParts,
  { order, wait, timeoutMs }: Sending,
  record: AgentRecord,
  key: string | undefined,
  prefix: string,
): Promise<void> {
  const { agent_id } = record;
  const command_id = key ?? (await orderIdOf(context.attempt, agent_id));
  const nameOf = createNames(command_id);
  const last = await sendAndWatch(
    bus,
    { ...order, id: agent_id, command_id },
    {
      wait,
      timeoutMs,
      leftMs: leftToWait(timeoutMs, context.attempt),
      target: record,
      readKnown: orderReader(fleet, { agent_id, command_id, type: order.type }),
      now: context.now,
      signal: context.outputEnded,
      onReceipt: (entry) => {
        const line = context.json
          ? JSON.stringify({ command_id, agent_id, ...entry })
          : prefix + receiptLine(entry);
        context.print(line, nameOf(entry));
      },
    },
  );
  const away = isControl(order.type) ? undefined : whileAway(record, context.now());
  if (last.state === "stored" && away !== undefined) context.note(`${away.why}; ${away.hint}`);
  const why = last.detail === undefined ? "" : `: ${plain(last.detail)}`;
  const hint = `see its receipts: cliai show ${agent_id}`;
  switch (last.state) {
    case "failed":
      throw new CliaiError("failed", `${agent_id} could not carry out ${order.type}${why}`, { hint });
    case "refused":
      throw new CliaiError("refused", `${agent_id} refused ${order.type}${why}`, { hint });
    case "expired":
      throw new CliaiError("no_answer", `${order.type} expired before ${agent_id} took it${why}`, { hint });
  }
}

/** An id that another try of the same attempt makes again; a new one without an attempt. */
export async function orderIdOf(attempt: Attempt | undefined, id: AgentId): Promise<string> {
  if (attempt === undefined) return crypto.randomUUID();
  const bytes = new TextEncoder().encode(`${attempt.id} ${id}`);
  const hex = Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");
  // In the form of a UUID of version 8, whose bits are free (RFC 9562).
  const [third, fourth] = [`8${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`];
  return [hex.slice(0, 8), hex.slice(8, 12), third, fourth, hex.slice(20, 32)].join("-");
}

/** Names each receipt of an order for {@link CliContext.print}: an order that is handed over twice has two receipts of one state. */
function createNames(commandId: string): (entry: ReceiptEntry) => string {
  const counts = new Map<string, number>();
  return ({ state, run = "" }) => {
    const name = `${commandId} ${state} ${run}`;
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return `${name} ${count}`;
  };
}

function receiptLine({ at, state, route, detail }: ReceiptEntry): string {
  const more = [route, detail].flatMap((part) => (part === undefined ? [] : [plain(part)]));
  return [clockText(at), state.padEnd("delivered".length), more.join(": ")].join("  ").trimEnd();
}
