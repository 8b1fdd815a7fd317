// What the audit says became of each command: read from the stream itself, beside `serve` and not through it.
import { isFinal } from "../../src/domain/receipts.ts";
import { parseJson } from "../../src/domain/wire/decode.ts";
import type { Receipt, ReceiptState } from "../../src/domain/wire/messages.ts";
import { everyAgentSubject, parseAgentSubject, streams } from "../../src/domain/wire/subjects.ts";
import { silentLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { followStream } from "../../src/nats/jetstream/follow.ts";

export interface Ledger extends AsyncDisposable {
  /** The states of its final receipts in the audit, each once: a retry may store a receipt twice. There must be one. */
  finals(agentId: string, commandId: string): readonly ReceiptState[];
  /** What the first of them says besides; "" where it says nothing. */
  endOf(agentId: string, commandId: string): string;
  /** Calls back with each receipt as it is stored. */
  onReceipt(listener: ((agentId: string, receipt: Receipt) => void) | undefined): void;
}

export async function openLedger(bus: Bus): Promise<Ledger> {
  const finals = new Map<string, Receipt[]>();
  let listener: Parameters<Ledger["onReceipt"]>[0];
  const following = followStream(bus, {
    stream: streams.audit,
    subjects: [everyAgentSubject("receipt")],
    from: 1,
    log: silentLogger,
    onMessage({ subject, data }) {
      const id = parseAgentSubject(subject)?.id ?? "";
      const receipt = parseJson(data) as Receipt;
      if (isFinal(receipt.state)) {
        const key = `${id} ${receipt.command_id}`;
        finals.set(key, [...(finals.get(key) ?? []), receipt]);
      }
      listener?.(id, receipt);
    },
  });
  await following.caughtUp;
  return {
    finals: (agentId, commandId) => [
      ...new Set(finals.get(`${agentId} ${commandId}`)?.map(({ state }) => state)),
    ],
    endOf: (agentId, commandId) => finals.get(`${agentId} ${commandId}`)?.[0]?.detail ?? "",
    onReceipt: (next) => {
      listener = next;
    },
    [Symbol.asyncDispose]: () => following.stop(),
  };
}
