// Types at an agent's terminal for a program that does not watch it: takes the keyboard, types, and leaves it.

import type { Keys } from "../../domain/screen/screen-messages.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { harmless } from "../../domain/text/harmless.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { atMost } from "../../waiting.ts";
import { noTerminal, takeSeat } from "./seat.ts";

export interface TypedKeys {
  /** Whose keys they are, for the audit. */
  readonly name: string;
  /** As a terminal sends them: `\r` is Enter. */
  readonly keys: string;
  /** Whether to take the keyboard from somebody else. */
  readonly over?: boolean | undefined;
}

const shownWithinMs = 2_000;

/** @throws CliaiError `no_terminal` if no host shows a terminal of the agent; `refused` if somebody else types there, or nobody may */
export async function typeKeys(
  bus: Bus,
  id: AgentId,
  { name, keys, over }: TypedKeys,
  log: Logger,
): Promise<void> {
  const shown = Promise.withResolvers<void>();
  const seat = takeSeat(bus, id, { onScreen: () => shown.resolve() }, log);
  const ask = async (fields: Pick<Keys, "act" | "over" | "keys">) => {
    const { taken, why = "", typist } = await seat.ask({ name, ...fields });
    if (taken) return;
    throw new CliaiError("refused", `nothing was typed at the terminal of ${id}: ${harmless(why)}`, {
      hint:
        typist === undefined
          ? `see it: cliai attach ${id}`
          : 'to take the keyboard from there, send "over": true',
    });
  };
  try {
    await atMost(shownWithinMs, shown.promise);
    if (seat.screen() === undefined) throw noTerminal(id);
    await ask({ act: "take", ...(over === true && { over }) });
    await ask({ act: "type", keys });
  } finally {
    seat.stop();
  }
}
