// The server's side of the checks: stores orders for the tested agent as serve and `cliai send` do, stores an order once more if a check
// wants that, and reads what became of them.
import { definedOf } from "../../domain/defined.ts";
import { isControl, isFinal } from "../../domain/receipts.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Receipt } from "../../domain/wire/messages.ts";
import type { Command, CommandType } from "../../domain/wire/order-messages.ts";
import { agentSubject, streams } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import { areOrdersAwaited } from "../../nats/jetstream/consumers.ts";
import { removeMessages } from "../../nats/jetstream/stream-messages.ts";
import { commandStoredAs, createOrderToken } from "../../server/order-names.ts";
import { buildCommand } from "../../server/send-command.ts";
import type { FleetReader } from "../fleet/fleet-reading.ts";
import type { Heard, Hearing } from "./hearing.ts";

export interface Sent {
  readonly command: Command & { readonly command_id: string; readonly token: string };
  readonly seq: number;
  readonly storedMs: number;
}

export interface Order {
  readonly type: CommandType;
  readonly text?: string;
  /** The run that a control order is for. Default: the run that sends the heartbeats. */
  readonly run?: string;
  /** Default 300, so that no order of the checks is left for a later run. */
  readonly expiresInS?: number;
}

export interface Stage {
  readonly id: AgentId;
  readonly hearing: Hearing;
  readonly fleet: Pick<FleetReader, "find">;
  /** How long a check waits for the agent to act. */
  readonly timeoutMs: number;
  /** The `instance_id` of the last heartbeat. */
  run(): string | undefined;
  /**
   * Waits until the agent asks its consumer for orders. A program calls check_inbox when it starts, and that call could hand over a task
   * that is stored sooner, before the task is delivered. Then the receipts of a correct program would come in another order.
   */
  untilOrdersAreAwaited(): Promise<void>;
  send(order: Order): Promise<Sent>;
  /**
   * Stores the order once more, with the same id, token and text, as an order comes again if its acknowledgement was lost. Resolves with
   * whether the agent acknowledges the copy in time. The copy is then removed from the stream.
   */
  sendAgain(sent: Sent): Promise<boolean>;
  /** Resolves with the agent's acknowledgement of the order of this sequence to JetStream; undefined if none comes in time. */
  acknowledgement(seq: number): Promise<Heard<unknown> | undefined>;
  receiptsOf(sent: Sent): readonly Heard<Receipt>[];
  /** Resolves with the order's receipt of this state, or with a final one; undefined if neither comes in time. */
  receipt(sent: Sent, state?: Receipt["state"]): Promise<Receipt | undefined>;
}

export interface StageOptions extends Pick<Stage, "id" | "hearing" | "fleet" | "timeoutMs"> {
  readonly bus: Bus;
  readonly from: string;
  readonly now: () => Date;
}

const expiresInS = 300;
/** After this time the checks go on, because a program may fetch orders now and then without waiting, which areOrdersAwaited() never sees. */
const awaitedWithinMs = 10_000;
/** The answers to JetStream by which a client gives an order back, or says that it needs more time. */
const notYet = /^(-NAK|\+WPI)/;

export function createStage({ bus, from, now, ...shared }: StageOptions): Stage {
  const { id, hearing, timeoutMs } = shared;
  const subject = agentSubject(id, "command");
  const run = () => hearing.heartbeats.at(-1)?.message.instance_id;
  const receiptsOf = ({ command }: Sent) =>
    hearing.receipts.filter(({ message }) => message.command_id === command.command_id);
  const acknowledgement = (seq: number) =>
    hearing.until(
      () => hearing.acknowledgements.find(({ message }) => message.seq === seq && !notYet.test(message.word)),
      timeoutMs,
    );

  return {
    ...shared,
    run,
    receiptsOf,
    async untilOrdersAreAwaited() {
      await hearing.until(() => areOrdersAwaited(bus, id), Math.min(awaitedWithinMs, timeoutMs));
    },
    async send({ type, text, run: forRun = run(), ...order }) {
      const command_id = crypto.randomUUID();
      const built = buildCommand(
        { id, type, from, ...definedOf({ text }), expiresInS, ...order },
        command_id,
        now(),
      );
      const token = createOrderToken();
      const command = { ...built, command_id, token, ...(isControl(type) ? definedOf({ run: forRun }) : {}) };
      const storedMs = performance.now();
      const { seq } = await bus.publishStored(subject, command, { id: commandStoredAs(id, command_id) });
      return { command, seq, storedMs };
    },
    async sendAgain({ command }) {
      const { seq } = await bus.publishStored(subject, command);
      const isTaken = (await acknowledgement(seq)) !== undefined;
      // serve removes orders that are over, but not this copy, which it does not know.
      await removeMessages(bus, streams.commands, [seq]);
      return isTaken;
    },
    acknowledgement,
    receipt: async (sent, state) =>
      (
        await hearing.until(
          () => receiptsOf(sent).find(({ message }) => message.state === state || isFinal(message.state)),
          timeoutMs,
        )
      )?.message,
  };
}

/** The states of an order's receipts and how long they took: `delivered, applied (0.3 s)`. */
export function lifeOf(stage: Pick<Stage, "receiptsOf">, sent: Sent): string {
  const receipts = stage.receiptsOf(sent);
  const last = receipts.at(-1);
  if (last === undefined) return "no receipt came";
  const states = receipts.map(({ message }) => message.state).join(", ");
  const { detail } = last.message;
  const seconds = ((last.atMs - sent.storedMs) / 1_000).toFixed(1);
  return `${states} (${seconds} s)${detail == null ? "" : `: ${detail}`}`;
}
