// Types at an agent's terminal for a program that does not watch it: takes the keyboard, types, and leaves it.

import type { KeysAnswer } from "../../domain/screen/screen-messages.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { harmless } from "../../domain/text/harmless.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { atMost } from "../../waiting.ts";
import { watchScreen } from "./screen-viewer.ts";

export interface TypedKeys {
  /** Whose keys they are, for the audit. */
  readonly name: string;
  /** As a terminal sends them: `\r` is Enter. */
  readonly keys: string;
  /** Whether to take the keyboard from somebody else. */
  readonly over?: boolean | undefined;
}

const shownWithinMs = 2_000;
const answerWithinMs = 3_000;

/** @throws CliaiError `no_answer` if no host shows a terminal of the agent; `refused` if somebody else types there, or nobody may */
export async function typeKeys(
  bus: Bus,
  id: AgentId,
  { name, keys, over }: TypedKeys,
  log: Logger,
): Promise<void> {
  const shown = Promise.withResolvers<void>();
  const answers = new Map<number, (answer: KeysAnswer) => void>();
  const viewer = watchScreen(bus, {
    ...{ id, viewer: crypto.randomUUID(), log },
    onScreen: () => shown.resolve(),
    onAnswer: (answer) => answers.get(answer.seq)?.(answer),
  });
  const ask = async (fields: Pick<TypedKeys, "over"> & { act: "take" | "type"; keys?: string }) => {
    const answered = Promise.withResolvers<void>();
    let answer: KeysAnswer | undefined;
    const seq = viewer.send({ name, ...fields });
    answers.set(seq, (each) => {
      answer = each;
      answered.resolve();
    });
    await atMost(answerWithinMs, answered.promise);
    if (answer === undefined) throw noAnswer(id);
    if (answer.taken) return;
    throw new CliaiError(
      "refused",
      `nothing was typed at the terminal of ${id}: ${harmless(answer.why ?? "")}`,
      {
        hint:
          answer.typist === undefined
            ? `see it: cliai attach ${id}`
            : 'to take the keyboard from there, send "over": true',
      },
    );
  };
  try {
    await atMost(shownWithinMs, shown.promise);
    if (viewer.screen() === undefined) throw noAnswer(id);
    await ask({ act: "take", ...(over === true && { over }) });
    await ask({ act: "type", keys });
  } finally {
    viewer.stop();
  }
}

function noAnswer(id: AgentId): CliaiError {
  return new CliaiError("no_answer", `no host shows a terminal of "${id}"`, {
    hint: "an agent without a terminal has none, and neither has one that does not run",
  });
}
