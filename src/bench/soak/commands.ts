// The soak's commands: sent all the time, some to agents that are away, some with little time left; and what became of each.
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
  /** The ids of what the store has confirmed. */
  readonly sent: ReadonlySet<string>;
  /** Resolves when the last one is stored. */
  stop(): Promise<void>;
}

const shortExpiryS = 3;
const retryMs = 500;

/** One at a time, each to an agent of the list by chance; asked again under the same id until the store has it. */
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
        await pause(retryMs); // nats-server is being started again
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

/** The final receipts of these commands, as the stream AUDIT holds them: of each command the first. A retry may store a second. */
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
