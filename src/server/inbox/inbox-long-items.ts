// Cuts a long inbox item to what a model can take at once, and reads the rest piece by piece. If the item has left the stream COMMANDS,
// the rest comes from its copy in AUDIT.
import { CliaiError } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Bus } from "../../nats/bus.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import { readStoredOrder } from "../stored-order.ts";
import { type Evidence, type InboxItem, readItem } from "./inbox-item.ts";

/** How many characters of one item are handed to the model at once. */
export const charactersPerItem = 50_000;
export interface CutText {
  readonly text: string;
  /** Present if this is not the whole text. */
  readonly truncated?: true;
  /** Characters of the whole text. */
  readonly full_length?: number;
  /** Where the rest begins; absent if there is no rest. */
  readonly next_offset?: number;
}

/** A piece of the text, from the offset on. Never cut inside a surrogate pair. */
export function cutText(whole: string, offset = 0): CutText {
  const isInside = (at: number) => /^[\udc00-\udfff]/.test(whole.slice(at, at + 1)) && at > offset;
  const limit = offset + charactersPerItem;
  const end = isInside(limit) ? limit - 1 : limit;
  const text = whole.slice(offset, end);
  if (text.length === whole.length) return { text };
  const rest = end < whole.length ? { next_offset: end } : {};
  return { text, truncated: true, full_length: whole.length, ...rest };
}

export interface LongItemOptions extends Evidence {
  readonly bus: Bus;
  readonly fleet: FleetState;
}

/** Reads a further piece of an item. @throws CliaiError `usage` for an item that is not among the agent's last ones */
export async function readRest(
  id: AgentId,
  item: string,
  offset: number,
  { bus, fleet, ...evidence }: LongItemOptions,
): Promise<CutText & { readonly item: string }> {
  const command = fleet.record(id)?.commands.find(({ command_id }) => command_id === item);
  const data = command && (await readStoredOrder(bus, id, command));
  if (command === undefined || data === undefined) {
    throw new CliaiError("usage", `no item "${item}" among the last items of your inbox`, {
      hint: "give its command_id or message_id",
    });
  }
  return { item, ...cutText(readItem(id, command, data, evidence).text, offset) };
}

/** Cuts the text of a long item, and marks the item as cut. */
export function cutItem(item: InboxItem): InboxItem & CutText {
  return { ...item, ...cutText(item.text) };
}
