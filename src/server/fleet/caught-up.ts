// Waits until all that is stored for an agent has been read, before a decision that cannot be taken back, such as handing out an order.
import { CliaiError } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Projector } from "./projector.ts";

/** How often `catchUp` is tried. Each try takes up to 2 s; a tool call waits 30 s. */
export const mostReadingTries = 8;

/**
 * Like `catchUp`, but does not resolve before all has been applied.
 * @throws CliaiError `no_answer` if that takes too long
 */
export async function requireCaughtUp({ catchUp }: Pick<Projector, "catchUp">, id: AgentId): Promise<number> {
  for (let tries = 1; tries <= mostReadingTries; tries += 1) {
    const lastSeq = await catchUp(id);
    if (lastSeq !== undefined) return lastSeq;
  }
  throw notRead(id);
}

/** The error for an agent that was not read in time. Nothing may be decided then, because an unread receipt may have ended the order. */
export function notRead(id: AgentId): CliaiError {
  const message = `what is stored for ${id} could not be read in time: the server is too slow`;
  return new CliaiError("no_answer", message, { hint: "try again in a moment" });
}
