// Sends commands during the whole soak: some to agents that are away, some that expire soon. Counts their outcomes.
import { isFinal } from "../../domain/receipts.ts";
import { parseAgentId } from "../../domain/wire/agent-id.ts";
import { decodeMessage } from "../../domain/wire/decode.ts";
import { ReceiptSchema, type ReceiptState } from "../../domain/wire/messages.ts";
import { streams } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import { readStream } from "../../nats/jetstream/read-stream.ts";
import { storeCommand } from "../../server/send-command.ts";
import { pause } from "../../waiting.ts";

export interface CommandSender {
  /** The ids of the commands that the store has confirmed. */
  readonly sent: ReadonlySet<string>;
  /** Resolves when the last one is stored. */
  stop(): Promise<void>;
}

const shortExpiryS = 3;
const retryMs = 500;

/** Sends one command at a time to a random agent of the list, and repeats it with the same id until it is stored. */
export function startSending(bus: () => Bus, agents: readonly string[], everyMs: number): CommandSender {
  const sent = new Set<string>();
  let isOver = false;
  const sendOne = async (n: number) => {
    const id = parseAgentId(agents[Math.floor(Math.random() * agents.length)] ?? "");
    const command_id = `soak-${n}`;
    const expiry = n % 4 === 0 ? { expiresInS: shortExpiryS } : {};
    for (;;) {
      try {
        const order = { id, type: "task", text: `task ${n}`, from: "soak", command_id, ...expiry } as const;
        await storeCommand(bus(), order, new Date());
        sent.add(command_id);
        return;
      } catch {
        await pause(retryMs); // nats-server is being restarted
      }
    }
  };
  const run = async () => {
    for (let n = 1; !isOver; n += 1) {
      await sendOne(n);
      await pause(everyMs);
    }
  };
  const done = run();
  return {
    sent,
    stop: async () => {
      isOver = true;
      await done;
    },
  };
}

export type Outcomes = Readonly<Record<"applied" | "refused" | "expired" | "failed", number>>;

/** Counts the final receipts of these commands in AUDIT. Only the first of each command counts, because a retry may store a second. */
export async function countOutcomes(bus: Bus, sent: ReadonlySet<string>): Promise<Outcomes> {
  const outcomes = { applied: 0, refused: 0, expired: 0, failed: 0 };
  const counted = new Set<string>();
  for await (const { data } of readStream(bus, { stream: streams.audit, subjects: ["agent.*.receipt"] })) {
    const { command_id, state } = decodeMessage(ReceiptSchema, data);
    if (!sent.has(command_id) || !isFinal(state) || counted.has(command_id)) continue;
    counted.add(command_id);
    outcomes[state as keyof Outcomes & ReceiptState] += 1;
  }
  return outcomes;
}
