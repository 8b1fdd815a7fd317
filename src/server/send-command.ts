// Stores a command for an agent, for `cliai send`, the API and the page.
import { definedOf } from "../domain/defined.ts";
import type { AgentRecord } from "../domain/fleet/agent-record.ts";
import { CliaiError } from "../domain/text/errors.ts";
import type { TraceContext } from "../domain/trace/trace-context.ts";
import type { AgentId } from "../domain/wire/agent-id.ts";
import { decodeMessage } from "../domain/wire/decode.ts";
import { type Command, CommandSchema, type CommandType } from "../domain/wire/order-messages.ts";
import { agentSubject } from "../domain/wire/subjects.ts";
import type { Bus } from "../nats/bus.ts";
import { commandStoredAs, createOrderToken } from "./order-names.ts";
import { requireTaker, runOf } from "./order-target.ts";
import { storeOnce } from "./removed-agents.ts";
import { readStoredOrder, type StoredName } from "./stored-order.ts";

export interface OrderRequest {
  readonly id: AgentId;
  readonly type: CommandType;
  /** The text of a task. */
  readonly text?: string | undefined;
  readonly reason?: string | undefined;
  readonly force?: boolean | undefined;
  /** With a pause: texts for the agent wait as well, until it is resumed. */
  readonly holdsTexts?: boolean | undefined;
  /** Who gives the order: a person's name, or a captain's id. */
  readonly from: string;
  /** The idempotency key: an order that is sent twice with the same key takes effect once. Default: a new one. */
  readonly command_id?: string | undefined;
  /** The span of whoever gives the order, for its trace. */
  readonly trace?: TraceContext | undefined;
  /**
   * Seconds after which an order that was not taken expires; the stream keeps orders for 7 days at most. Default: 6 days for a task, 5
   * minutes for the others, because a stop of yesterday must not end the agent of today.
   */
  readonly expiresInS?: number | undefined;
}

const taskExpiresInS = 6 * 86_400;
const controlExpiresInS = 300;
/** @throws CliaiError `usage` for a task without a text, and for a text with any other command */
export function buildCommand(order: OrderRequest, commandId: string, now: Date): Command {
  const { type, text, reason, force, from } = order;
  if (type === "task" && (text === undefined || text.trim() === "")) {
    throw new CliaiError("usage", "a task needs its text", {
      hint: `cliai send task ${order.id} "what to do"`,
    });
  }
  if (type !== "task" && text !== undefined) {
    throw new CliaiError("usage", `${type} takes no text: "${text}"`, {
      hint: `give a reason with --reason, or send a task: cliai send task ${order.id} "…"`,
    });
  }
  const payload = {
    ...definedOf({ text, reason }),
    ...(force === true ? { force } : {}),
    ...(order.holdsTexts === true ? { holds_texts: true } : {}),
  };
  const expiresInS = order.expiresInS ?? (type === "task" ? taskExpiresInS : controlExpiresInS);
  return {
    type,
    ...(Object.keys(payload).length === 0 ? {} : { payload }),
    command_id: commandId,
    from,
    issued_at: now.toISOString(),
    expires_at: new Date(now.getTime() + expiresInS * 1000).toISOString(),
  };
}

export interface StoredCommand {
  readonly command_id: string;
  /** Undefined if the command was stored before; then the token of the first one counts. */
  readonly token: string | undefined;
  /** Whether a command with the same id and words was stored before. Then this one has no effect. */
  readonly duplicate: boolean;
}

/**
 * Stores a command in the stream. It is `stored` when this resolves.
 * @param target the agent's record, from which a control order gets its run; without it nothing is checked
 * @throws CliaiError `refused` if the target takes no such order now; `stored_before` if another order has that id
 */
export async function storeCommand(
  bus: Bus,
  order: OrderRequest,
  now: Date,
  target?: AgentRecord,
): Promise<StoredCommand> {
  const { id, type, command_id = crypto.randomUUID() } = order;
  const built = buildCommand(order, command_id, now);
  const known = target?.commands.find((each) => each.command_id === command_id && each.stream_seq > 0);
  if (known !== undefined) {
    await requireSame(bus, id, { ...built, ...runOf(type, target, now) }, known);
    return { command_id, token: undefined, duplicate: true };
  }
  if (target !== undefined) requireTaker(type, target, now);
  const token = createOrderToken();
  const command = { ...built, token, ...runOf(type, target, now) };
  const storedAs = commandStoredAs(id, command_id);
  const place = { id, subject: agentSubject(id, "command"), storedAs, trace: order.trace };
  const { duplicate, seq } = await storeOnce(bus, place, command);
  if (duplicate) await requireSame(bus, id, command, { command_id, type, stream_seq: seq });
  return { command_id, token: duplicate ? undefined : token, duplicate };
}

/**
 * Throws unless the stored order says the same. If the stored order is gone, its id alone counts, because nothing can be compared.
 * @throws CliaiError `stored_before`
 */
async function requireSame(bus: Bus, id: AgentId, command: Command, stored: StoredName): Promise<void> {
  const data = await readStoredOrder(bus, id, stored);
  const before = data && decodeMessage(CommandSchema, data);
  const what = `${stored.type} "${stored.command_id}" to ${id} was stored before`;
  const differs = (how: string) =>
    new CliaiError("stored_before", `${what}, ${how}`, { hint: "use another --id for another order" });
  if (stored.type !== command.type) throw differs(`and is not a ${command.type}`);
  // After damage to the store, another order may have that sequence.
  if (before?.command_id !== stored.command_id) return;
  if (before.type !== command.type) throw differs(`as a ${before.type}`);
  if (wordsOf(before) !== wordsOf(command)) {
    throw differs(command.type === "task" ? "with another text" : "with another reason, or force");
  }
  if (command.run !== undefined && before.run !== undefined && before.run !== command.run) {
    throw differs("for a run that has ended");
  }
}

/** Everything that a command says to its agent, as one text, for comparison. */
function wordsOf({ type, payload }: Command): string {
  if (typeof payload === "string") return JSON.stringify([payload, "", false]);
  const { text = "", reason = "", force = false } = payload ?? {};
  return JSON.stringify(type === "task" ? [text, reason, force] : [reason, "", force]);
}
