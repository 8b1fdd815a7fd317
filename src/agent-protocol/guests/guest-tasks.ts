// The tasks of a guest: they wait in its record, and are carried out one after another, each once.
import { type CommandRecord, isFinal, isTaken, isWaiting } from "../../domain/receipts.ts";
import { messageOf } from "../../domain/text/errors.ts";
import { commandText } from "../../domain/text/order-text.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { decodeMessage } from "../../domain/wire/decode.ts";
import { CommandSchema } from "../../domain/wire/order-messages.ts";
import { streams } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { readStreamMessage } from "../../nats/jetstream/stream-messages.ts";
import type { Server } from "../../server/server.ts";

export interface GuestTask {
  readonly command_id: string;
  /** For its receipts; undefined if another program has published the order. */
  readonly token: string | undefined;
  readonly text: string;
}

export interface GuestTasks {
  /** Begins the next one, if there is one and nothing hinders it. */
  look(): void;
  /** Resolves when none is carried out. */
  settled(): Promise<void>;
}

export interface GuestTasksOptions {
  readonly id: AgentId;
  /** The connection of the fleet's account. */
  readonly bus: Bus;
  readonly fleet: Pick<Server["fleet"], "get">;
  /** Whether the guest can be given one now. Asked again when the task is read, because that may take long. */
  readonly isOpen: () => boolean;
  /** Resolves with false if nobody has heard it: then it waits on. Sends it before it waits for anything. */
  readonly carryOut: (task: GuestTask) => Promise<boolean>;
  readonly now: () => Date;
  readonly log: Logger;
}

/** How many orders are remembered whose end may not be in the record yet. */
const mostDone = 1_000;

export function createGuestTasks({
  id,
  bus,
  fleet,
  isOpen,
  carryOut,
  now,
  log,
}: GuestTasksOptions): GuestTasks {
  const done = new Set<number>();
  let working: Promise<void> | undefined;

  const workOn = async (command: CommandRecord) => {
    const task = await readTask(bus, command);
    if (!isOpen()) return false;
    if (task !== undefined && !(await carryOut(task))) return false;
    done.add(command.stream_seq);
    const [oldest] = done;
    if (done.size > mostDone && oldest !== undefined) done.delete(oldest);
    return true;
  };
  const look = () => {
    if (working !== undefined || !isOpen()) return;
    const isNext = (command: CommandRecord) => waits(command, now()) && !done.has(command.stream_seq);
    const next = fleet.get(id)?.commands.find(isNext);
    if (next === undefined) return;
    let goesOn = false;
    working = workOn(next)
      .then((isOver) => {
        goesOn = isOver;
      })
      .catch((error: unknown) =>
        log.warn(`${next.command_id} is not given to ${id} yet: ${messageOf(error)}`),
      )
      .finally(() => {
        working = undefined;
        // If nobody has heard it, the next sign of life has it tried again.
        if (goesOn) look();
      });
  };
  return {
    look,
    async settled() {
      await working;
    },
  };
}

/** The tasks that it was given, and that have no end yet. */
export function tasksInHand(commands: readonly CommandRecord[]): readonly CommandRecord[] {
  return commands.filter(
    (command) =>
      command.type === "task" && isTaken(command) && !command.receipts.some(({ state }) => isFinal(state)),
  );
}

function waits(command: CommandRecord, now: Date): boolean {
  const { type, stream_seq, expires_at } = command;
  const isExpired = expires_at !== undefined && Date.parse(expires_at) <= now.getTime();
  return type === "task" && stream_seq > 0 && isWaiting(command) && !isExpired;
}

/** Undefined if the stream has lost the order: then others end it. */
async function readTask(bus: Bus, { command_id, stream_seq }: CommandRecord): Promise<GuestTask | undefined> {
  const data = await readStreamMessage(bus, streams.commands, stream_seq);
  if (data === undefined) return undefined;
  const command = decodeMessage(CommandSchema, data);
  return { command_id, token: command.token, text: commandText(command) };
}
