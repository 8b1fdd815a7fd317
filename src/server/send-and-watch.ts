// Stores a command and follows its receipts, for the commands that wait for one of them.
import type { AgentRecord } from "../domain/fleet/agent-record.ts";
import {
  addReceipt,
  type CommandRecord,
  endsWait,
  isFinal,
  type ReceiptEntry,
  receiptEntry,
  type WaitState,
} from "../domain/receipts.ts";
import { CliaiError } from "../domain/text/errors.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { decodeFromAgent } from "../domain/wire/decode.ts";
import { type Receipt, ReceiptSchema } from "../domain/wire/messages.ts";
import { agentSubject } from "../domain/wire/subjects.ts";
import type { Bus } from "../nats/bus.ts";
import { type NoMoreReceipts, whereItIs } from "./order-outlook.ts";
import { type OrderRequest, type StoredCommand, storeCommand } from "./send-command.ts";

const lookEveryMs = 1_000;

/**
 * What the server knows about a command. It includes receipts that this process did not hear: those from before the command was sent
 * again with the same id, and those that came while the connection was lost.
 */
export interface KnownOrder extends Pick<CommandRecord, "receipts"> {
  /** Why no further receipt will come; undefined while one may. */
  readonly over?: NoMoreReceipts | undefined;
}

export interface WatchOptions {
  readonly wait: WaitState;
  readonly timeoutMs: number;
  /** What is left of `timeoutMs`, if an earlier try has waited already. */
  readonly leftMs?: number | undefined;
  /** The agent's record: see {@link storeCommand}. */
  readonly target?: AgentRecord | undefined;
  /** Reads what the server knows about the command; called at once, and then every second. */
  readonly readKnown?: () => Promise<KnownOrder | undefined>;
  readonly now: () => Date;
  /** Ends the waiting: nobody wants to know any more. */
  readonly signal?: AbortSignal | undefined;
  readonly onReceipt: (receipt: ReceiptEntry) => void;
}

/**
 * Stores a command and reports each receipt as it comes, until one is as far as `wait` or final.
 * @returns the last receipt; its state is `failed`, `refused` or `expired` if the command ended like that
 * @throws CliaiError `no_answer`, naming the last state, if `wait` was not reached in time or cannot be reached any more; the reason of the signal
 */
export async function sendAndWatch(
  bus: Bus,
  order: OrderRequest,
  options: WatchOptions,
): Promise<ReceiptEntry> {
  const command_id = order.command_id ?? crypto.randomUUID();
  const reached = Promise.withResolvers<ReceiptEntry>();
  let record: CommandRecord = {
    command_id,
    type: order.type,
    from: order.from,
    summary: order.text ?? "",
    stream_seq: 0,
    issued_at: options.now().toISOString(),
    receipts: [],
  };
  let isOver = false;
  const take = (entry: ReceiptEntry) => {
    const after = addReceipt(record, entry);
    if (isOver || after === record) return;
    record = after;
    options.onReceipt(entry);
    isOver = endsWait(entry.state, options.wait) || isFinal(entry.state);
    if (isOver) reached.resolve(entry);
  };
  // Subscribe before the command is sent, because its first receipt can come before its acknowledgement. No flush is needed in between:
  // nats-server handles what comes on one connection in order.
  const early: Receipt[] = [];
  let stored: StoredCommand | undefined;
  const takeReceipt = (receipt: Receipt) => {
    const { token = stored?.token } = receipt;
    // The receipt belongs to an earlier order with the same id.
    if (stored?.token !== undefined && token !== stored.token) return;
    take(receiptEntry(receipt, receipt.timestamp ?? options.now().toISOString()));
  };
  const unsubscribe = bus.subscribe(agentSubject(order.id, "receipt"), ({ data }) => {
    const receipt = readReceipt(data, order.id);
    if (receipt?.command_id !== command_id) return;
    if (stored === undefined) early.push(receipt);
    else takeReceipt(receipt);
  });
  const giveUp = (why: string, hint?: string) => {
    const furthest = record.receipts.at(-1)?.state;
    const message = `${order.type} to ${order.id} is ${furthest ?? "not stored"}, not ${options.wait}`;
    const place = hint ?? whereItIs(order.id, order.type, furthest, order.force);
    reached.reject(new CliaiError("no_answer", message + why, { hint: place }));
  };
  const endWaiting = () => reached.reject(options.signal?.reason);
  options.signal?.addEventListener("abort", endWaiting);
  const { timeoutMs, leftMs = timeoutMs } = options;
  const timer = setTimeout(() => giveUp(`, after ${timeoutMs / 1000} s`), leftMs);
  reached.promise.catch(() => undefined);
  let looking: ReturnType<typeof setInterval> | undefined;
  const takeKnown = ({ receipts, over }: KnownOrder) => {
    // Skip the receipts that were heard directly: a second `injected` would count as a second handing over.
    const isNew = ({ state, run }: ReceiptEntry) =>
      !record.receipts.some((each) => each.state === state && each.run === run);
    for (const entry of receipts.filter(isNew)) take(entry);
    if (over !== undefined) giveUp(`: ${over.why}`, over.hint);
  };
  const look = () => {
    options.readKnown?.().then(
      (known) => known && takeKnown(known),
      () => undefined, // the connection is lost; the next look or the timeout follows
    );
  };
  try {
    options.signal?.throwIfAborted();
    const outcome = await storeCommand(bus, { ...order, command_id }, options.now(), options.target);
    const storedAt = options.now().toISOString();
    const known = await options.readKnown?.();
    take(known?.receipts.find(({ state }) => state === "stored") ?? { state: "stored", at: storedAt });
    stored = outcome;
    for (const receipt of early) takeReceipt(receipt);
    if (known !== undefined) takeKnown(known);
    looking = setInterval(look, lookEveryMs);
    return await reached.promise;
  } finally {
    clearTimeout(timer);
    clearInterval(looking);
    options.signal?.removeEventListener("abort", endWaiting);
    unsubscribe();
  }
}

/** Ignores a receipt that cannot be decoded; the server counts it and raises the alert. */
function readReceipt(data: Uint8Array, id: AgentId): Receipt | undefined {
  try {
    return decodeFromAgent(ReceiptSchema, data, id);
  } catch {
    return undefined;
  }
}
